{#
    The rows of a raw table with `line_number`, the line of the source file that
    each stood on; the header is line 1. A raw table keeps the file's order, but
    not the lines that could not be read: those before a row are added.

    Input:  with numbered as (
                {{ with_line_numbers(ref('raw_own'), 'own') }}
            )
    Output: every column of raw_own, and line_number
#}
{% macro with_line_numbers(relation, dataset) -%}
    {{ return(adapter.dispatch('with_line_numbers')(relation, dataset)) }}
{%- endmacro %}

{% macro duckdb__with_line_numbers(relation, dataset) %}
    select
        positioned.*,
        positioned.position + 1 + (
            select count(*)
            from (
                select
                    line_number - 1 - row_number() over (order by line_number)
                        as rows_before
                from {{ source('loading', 'unreadable_lines') }}
                where dataset = '{{ dataset }}'
            )
            where rows_before < positioned.position
        ) as line_number
    from (
        select
            *,
            row_number() over () as position
        from {{ relation }}
    ) as positioned
{% endmacro %}
