{#
    The number that a band begins with: what puts bands in order. A K stands for
    thousands, and "Under …" begins with 0.

    Input:  {{ band_start('income_band') }}
    Output: 35000 for 35-49K, 0 for Under 15K
#}
{% macro band_start(column) -%}
    case
        when lower({{ column }}) like 'under%' or {{ column }} like '<%' then 0
        else
            cast(
                nullif(
                    regexp_extract({{ column }}, '([0-9]+)', 1), ''
                ) as bigint
            )
            * case when upper({{ column }}) like '%K%' then 1000 else 1 end
    end
{%- endmacro %}
