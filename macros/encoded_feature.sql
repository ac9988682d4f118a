{#
    A dimension as a double, in its own unit: a number as it stands, the place of an
    ordered category, 1 or 0 for one category or for being missing. NULL where the
    column is missing, which NaN and a text outside the categories are too.

    Input:  {{ encoded_feature({'source_column': 'gender', 'encoding': 'one_hot',
                                'category': 'F', 'categories': ['F', 'M']}) }}
    Output: cast(case when gender = 'F' then 1 when gender in ('F', 'M') then 0 end
            as double)
#}
{% macro encoded_feature(dimension) -%}
    {%- set column = dimension.source_column -%}
    {%- set encoding = dimension.encoding -%}
    {%- set number -%}
        nullif(cast({{ column }} as double), cast('nan' as double))
    {%- endset -%}
    {%- set texts = [] -%}
    {%- for category in dimension.categories -%}
        {%- do texts.append(text_literal(category)) -%}
    {%- endfor -%}
    {%- set is_known -%}
        {%- if texts -%}
            {{ column }} in ({{ texts | join(', ') }})
        {%- else -%}
            {{ number }} is not null
        {%- endif -%}
    {%- endset -%}
    {%- if encoding == 'number' -%}
        {{ number }}
    {%- elif encoding == 'is_missing' -%}
        cast(case when {{ is_known }} then 0 else 1 end as double)
    {%- elif encoding == 'one_hot' -%}
        cast(
            case
                when {{ column }} = {{ text_literal(dimension.category) }} then 1
                when {{ is_known }} then 0
            end as double
        )
    {%- else -%}
        cast(
            case {{ column }}
                {%- for text in texts %}
                when {{ text }} then {{ loop.index0 }}
                {%- endfor %}
            end as double
        )
    {%- endif -%}
{%- endmacro %}
