{% set formats = formats_of('complete_journey', 'campaign_descriptions') %}

with source as (

    {{ source_lines('complete_journey', 'campaign_descriptions') }}

),

typed as (

    select
        source_file,
        line_number,
        raw_row,
        {{ to_text('campaign_id') }} as campaign_id,
        {{ to_text('campaign_type') }} as campaign_type,
        {{ to_timestamp('start_date', formats.date) }} as started_at,
        {{ to_timestamp('end_date', formats.date) }} as ended_at,
        is_duplicate
    from source

),

final as (

    select
        *,
        {{ rejection_reasons({
            'campaign is missing': 'campaign_id is null',
            'a date is no day of the form ' ~ formats.date_example:
                'started_at is null or ended_at is null',
            'campaign ends before it starts': 'ended_at < started_at',
            'exact duplicate of an earlier line': 'is_duplicate',
        }) }} as rejection_reasons
    from typed

)

select * from final
