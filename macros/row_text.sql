{#
    Columns of a row as one text, in which no two different rows are alike.

    Input:  {{ row_text(['order_id', 'quantity']) }}
    Output: coalesce(replace(cast(order_id as string), '|', '||'), '') || ' | ' || …
#}
{% macro row_text(columns) -%}
    {%- for column in columns -%}
        coalesce(replace(cast({{ column }} as string), '|', '||'), '|')
        {%- if not loop.last %} || ' | ' || {% endif %}
    {%- endfor -%}
{%- endmacro %}
