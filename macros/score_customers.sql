{#
    The segment of every row of a relation, in SQL alone: any relation with the
    feature columns of a segmentation will do, such as new customers. The model is
    read while dbt compiles, so that the query holds it as literals and runs anywhere.

    Input:  select customer_id, segment_name
            from ({{ score_customers(ref('customer_features'), 'own_customers') }})
                as scored
    Output: every column of the relation, segment_id, segment_name,
            second_segment_id, distance, second_distance, confidence, is_outlier and
            model_version. A row has no segment where a feature is missing that
            must not be, is infinite or beyond 1e100.

    A relation that has one of these columns, or one of those in between, is refused:
    what has been scored would keep its old segments.
#}
{% macro score_customers(relation, segmentation) %}
    {%- set model = current_model(segmentation) -%}
    {%- if not execute -%}
        {{ return('select * from ' ~ relation) }}
    {%- endif -%}
    {%- set columns = adapter.get_columns_in_relation(relation) -%}
    {%- set taken = '((raw|second)_)?segment_id|segment_name|(second_)?distance'
        ~ '|confidence|is_outlier|model_version|is_usable'
        ~ '|(second_)?squared_distance.*|(filled|scaled)_[0-9]+' -%}
    {%- for column in columns
        if modules.re.fullmatch(taken, column.name | lower) -%}
        {%- do exceptions.raise_compiler_error(
            relation ~ ' has a column ' ~ column.name ~ ', which score_customers'
            ~ ' would make. Score a relation without it.'
        ) -%}
    {%- endfor %}
    select
        {%- for column in columns %}
        {{ adapter.quote(column.name) }},
        {%- endfor %}
        segment_id,
        segment_name,
        second_segment_id,
        distance,
        second_distance,
        confidence,
        is_outlier,
        {{ model.version }} as model_version
    from (
        {{- placed_in_segments(relation, model) }}
    ) as scored
{% endmacro %}
