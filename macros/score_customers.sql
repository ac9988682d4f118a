{#
    The segment of every row of a relation, in SQL alone: any relation with the
    feature columns of a segmentation will do, such as new customers. The labels are
    those that the Python model gives the same rows. The model is read while dbt
    compiles, so that the query holds it as literals and runs anywhere.

    Input:  select customer_id, segment_name
            from ({{ score_customers(ref('customer_features'), 'own_customers') }})
                as scored
    Output: every column of the relation, segment_id, segment_name,
            second_segment_id, distance, second_distance, confidence, is_outlier and
            model_version. A row has no segment where a feature is missing that
            must not be, is infinite or beyond 1e100, which Python refuses.

    A relation that has one of these columns, or one of those in between, is refused:
    what has been scored would keep its old segments.
#}
{% macro score_customers(relation, segmentation) %}
    {%- set model = current_model(segmentation) -%}
    {%- if not execute -%}
        {{ return('select * from ' ~ relation) }}
    {%- endif -%}
    {%- set columns = adapter.get_columns_in_relation(relation) -%}
    {%- set taken = '(second_)?segment_id|segment_name|(second_)?distance|confidence'
        ~ '|is_outlier|model_version|is_usable|(second_)?squared_distance.*'
        ~ '|(filled|scaled|squared)_[0-9_]+' -%}
    {%- for column in columns
        if modules.re.fullmatch(taken, column.name | lower) -%}
        {%- do exceptions.raise_compiler_error(
            relation ~ ' has a column ' ~ column.name ~ ', which score_customers'
            ~ ' would make. Score a relation without it.'
        ) -%}
    {%- endfor -%}
    {%- set features = model.features -%}
    {%- set segments = model.segments.keys() | list -%}
    {%- set squares = [] -%}
    {%- for segment in segments -%}
        {%- do squares.append('squared_distance_' ~ segment) -%}
    {%- endfor %}
    select
        {%- for column in columns %}
        {{ adapter.quote(column.name) }},
        {%- endfor %}
        segment_id,
        case segment_id
            {%- for segment, name in model.segments.items() %}
            when {{ segment }} then {{ text_literal(name) }}
            {%- endfor %}
        end as segment_name,
        {%- if segments | length > 1 %}
        {#- Equal distances go to the lowest number, as in Python. #}
        case
            {%- for segment in segments %}
            when segment_id <> {{ segment }}
                and squared_distance_{{ segment }} = second_squared_distance
                then {{ segment }}
            {%- endfor %}
        end as second_segment_id,
        {%- else %}
        cast(null as bigint) as second_segment_id,
        {%- endif %}
        sqrt(squared_distance) as distance,
        sqrt(second_squared_distance) as second_distance,
        {#- Of the only segment, or of two centroids in one place. #}
        coalesce(
            1 - sqrt(squared_distance) / nullif(sqrt(second_squared_distance), 0),
            case when segment_id is not null then 1 end
        ) as confidence,
        is_outlier,
        {{ model.version }} as model_version
    from (
        select
            *,
            case segment_id
                {%- for segment in segments %}
                when {{ segment }} then squared_distance_{{ segment }}
                {%- endfor %}
            end as squared_distance,
            {%- if segments | length > 1 %}
            case segment_id
                {%- for segment in segments %}
                {%- set others = squares | reject('equalto',
                    'squared_distance_' ~ segment) | list %}
                when {{ segment }} then {{ smallest_of(others) }}
                {%- endfor %}
            end as second_squared_distance
            {%- else %}
            cast(null as double) as second_squared_distance
            {%- endif %}
        from (
            select
                *,
                case
                    {%- for square in squares %}
                    when is_usable and {{ square }} = {{ smallest_of(squares) }}
                        then {{ segments[loop.index0] }}
                    {%- endfor %}
                end as segment_id
            from (
                select
                    *,
                    {%- for segment in segments %}
                    {% for feature in features -%}
                        squared_{{ segment }}_{{ loop.index }}
                        {{- ' + ' if not loop.last }}
                    {%- endfor %} as squared_distance_{{ segment }}
                    {{- ',' if not loop.last }}
                    {%- endfor %}
                {#- The squares stand in columns: within sums DuckDB compares all
                    of them with each other, which takes 25 s for 200 features. #}
                from (
                    select
                        *,
                        {%- for feature, learnt in features.items() %}
                        {%- set position = loop.index %}
                        {%- for segment in segments %}
                        {%- set difference = '(scaled_' ~ position ~ ' - '
                            ~ double_literal(learnt.centroids[segment]) ~ ')' %}
                        {{ difference }} * {{ difference }}
                            as squared_{{ segment }}_{{ position }},
                        {%- endfor %}
                        {%- endfor %}
                        {%- for feature in features %}
                        abs(filled_{{ loop.index }}) <= 1e100
                        and abs(scaled_{{ loop.index }}) <= 1e100
                        {{- ' and' if not loop.last }}
                        {%- endfor %} as is_usable
                    from (
                        select
                            *,
                            {%- set filled = {} %}
                            {%- for feature, learnt in features.items() %}
                            {%- do filled.update({'filled_' ~ loop.index: learnt}) %}
                            {{ scaled_feature('filled_' ~ loop.index, learnt) }}
                                as scaled_{{ loop.index }},
                            {%- endfor %}
                            {{ is_outlier(filled) }} as is_outlier
                        from (
                            select
                                *,
                                {%- for learnt in features.values() %}
                                {{ filled_feature(learnt) }}
                                    as filled_{{ loop.index }}
                                {{- ',' if not loop.last }}
                                {%- endfor %}
                            from {{ relation }}
                        ) as filled
                    ) as scaled
                ) as checked
            ) as measured
        ) as nearest
    ) as placed
{% endmacro %}
