with source as (

    {{ source_lines('complete_journey', 'campaigns') }}

),

typed as (

    select
        source_file,
        line_number,
        raw_row,
        {{ to_text('campaign_id') }} as campaign_id,
        {{ to_text('household_id') }} as household_id,
        is_duplicate
    from source

),

final as (

    select
        *,
        {{ rejection_reasons({
            'campaign is missing': 'campaign_id is null',
            'household is missing': 'household_id is null',
            'exact duplicate of an earlier line': 'is_duplicate',
        }) }} as rejection_reasons
    from typed

)

select * from final
