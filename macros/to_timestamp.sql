{#
    A timestamp from text in ONE explicit format (strftime's letters), NULL for
    anything else and for dates that do not exist. The text must be what the
    format writes: "4-Jan-22" and "04-JAN-22" are not "04-Jan-22".

    Input:  {{ to_timestamp('sale_date', '%d-%b-%y') }}
    Output: 2022-01-04 00:00:00
#}
{% macro to_timestamp(column, format) -%}
    {{ return(adapter.dispatch('to_timestamp')(column, format)) }}
{%- endmacro %}

{% macro duckdb__to_timestamp(column, format) -%}
    {%- set pattern = text_literal(format) -%}
    case
        when
            strftime(try_strptime({{ trimmed(column) }}, {{ pattern }}), {{ pattern }})
            = {{ trimmed(column) }}
            then try_strptime({{ trimmed(column) }}, {{ pattern }})
    end
{%- endmacro %}

{% macro spark__to_timestamp(column, format) -%}
    {%- set pattern = text_literal(date_pattern(format)) -%}
    {%- set parsed -%}
        cast(try_to_timestamp({{ trimmed(column) }}, {{ pattern }}) as timestamp_ntz)
    {%- endset -%}
    case
        when date_format({{ parsed }}, {{ pattern }}) <> {{ trimmed(column) }} then null
        {%- if '%y' in format and '%Y' not in format %}
        {#- Of two digits DuckDB makes 1969 to 2068, Java 2000 to 2099. #}
        when year({{ parsed }}) > 2068 then {{ parsed }} - interval '100' year
        {%- endif %}
        else {{ parsed }}
    end
{%- endmacro %}
