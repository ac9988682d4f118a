{#
    A whole number of at most 9 digits from text, NULL for anything else: a cast
    alone would round "12.9" to 13, and sums of larger numbers could overflow.

    Input:  {{ to_whole_number('boxes_shipped') }}
    Output: 180
#}
{% macro to_whole_number(column) -%}
    case
        when {{ matches('trim(' ~ column ~ ')', '-?[0-9]{1,9}') }}
            then try_cast(trim({{ column }}) as bigint)
    end
{%- endmacro %}
