{#
    A number of months in words.

    Input:  {{ months_text('lag_months') }}
    Output: cast(lag_months as string) || case when lag_months = 1 then ' month' …
#}
{% macro months_text(months) -%}
    cast({{ months }} as string)
    || case when {{ months }} = 1 then ' month' else ' months' end
{%- endmacro %}
