{#
    Where a customer stayed or went at each month end, one after the other: an
    aggregate over rows with place (of the month, from 1; 0 is where he was before),
    raw_segment_id, held_by (what nearest_in_months gives) and segment_id (known for
    place 0 alone). Who was not there the month before goes to the nearest segment.

    Input:  select entity_id, {{ walked_months() }} as stays from … group by entity_id
    Output: ',1:3,2:3,3:4,': segment 3 in the first two months, 4 in the third
#}
{% macro walked_months() -%}
    {%- set month = {
        'place': 'place',
        'raw': 'raw_segment_id',
        'held_by': 'held_by',
        'segment': 'coalesce(segment_id, raw_segment_id)',
        'stays': "',' || cast(place as string) || ':'"
            ~ " || cast(raw_segment_id as string) || ','",
    } -%}
    {%- set segment -%}
        case
            when month.place = walked.place + 1
                and month.raw <> walked.raw
                and month.held_by
                like '%,' || cast(walked.segment as string) || ',%'
                then walked.segment
            else month.raw
        end
    {%- endset -%}
    {%- set step = {
        'place': 'month.place',
        'raw': 'month.raw',
        'held_by': 'month.held_by',
        'segment': segment,
        'stays': "walked.stays || cast(month.place as string) || ':' || cast("
            ~ segment ~ " as string) || ','",
    } -%}
    {{ return(adapter.dispatch('walked_months')(month, step)) }}
{%- endmacro %}

{% macro duckdb__walked_months(month, step) -%}
    struct_extract(
        list_reduce(
            array_agg(
                struct_pack(
                    {%- for name, value in month.items() %}
                    {{ name }} := {{ value }} {{- ',' if not loop.last }}
                    {%- endfor %}
                )
                order by place
            ),
            (walked, month) -> struct_pack(
                {%- for name, value in step.items() %}
                {{ name }} := {{ value }} {{- ',' if not loop.last }}
                {%- endfor %}
            )
        ),
        'stays'
    )
{%- endmacro %}

{% macro spark__walked_months(month, step) -%}
    {%- set months -%}
        array_sort(
            collect_list(
                named_struct(
                    {%- for name, value in month.items() %}
                    '{{ name }}', {{ value }} {{- ',' if not loop.last }}
                    {%- endfor %}
                )
            )
        )
    {%- endset -%}
    aggregate(
        slice({{ months }}, 2, greatest(count(*) - 1, 0)),
        element_at({{ months }}, 1),
        (walked, month) -> named_struct(
            {%- for name, value in step.items() %}
            '{{ name }}', {{ value }} {{- ',' if not loop.last }}
            {%- endfor %}
        )
    ).stays
{%- endmacro %}
