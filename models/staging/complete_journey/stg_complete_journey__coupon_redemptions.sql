{% set formats = formats_of('complete_journey', 'coupon_redemptions') %}

with source as (

    {{ source_lines('complete_journey', 'coupon_redemptions') }}

),

typed as (

    select
        source_file,
        line_number,
        raw_row,
        {{ to_text('household_id') }} as household_id,
        {{ to_text('coupon_upc') }} as coupon_upc,
        {{ to_text('campaign_id') }} as campaign_id,
        {{ to_timestamp('redemption_date', formats.date) }} as redeemed_at,
        is_duplicate
    from source

),

final as (

    select
        *,
        {{ rejection_reasons({
            'household is missing': 'household_id is null',
            'coupon is missing': 'coupon_upc is null',
            'campaign is missing': 'campaign_id is null',
            'date is no day of the form ' ~ formats.date_example:
                'redeemed_at is null',
            'exact duplicate of an earlier line': 'is_duplicate',
        }) }} as rejection_reasons
    from typed

)

select * from final
