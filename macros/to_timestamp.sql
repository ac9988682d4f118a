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
    case
        when
            strftime(try_strptime(trim({{ column }}), '{{ format }}'), '{{ format }}')
            = trim({{ column }})
            then try_strptime(trim({{ column }}), '{{ format }}')
    end
{%- endmacro %}
