-- A campaign is answered when one of its coupons is redeemed.

with campaigns as (

    select
        campaign_id,
        household_id
    from {{ ref('stg_complete_journey__campaigns') }}
    where rejection_reasons is null

),

redemptions as (

    select
        campaign_id,
        household_id,
        count(*) as coupons
    from {{ ref('stg_complete_journey__coupon_redemptions') }}
    where rejection_reasons is null
    group by campaign_id, household_id

),

final as (

    select
        'complete_journey' as dataset,
        campaigns.household_id as customer_id,
        count(*) as campaigns_received,
        count(redemptions.campaign_id) as campaigns_answered,
        cast(coalesce(sum(redemptions.coupons), 0) as bigint)
            as coupons_redeemed
    from campaigns
    left join redemptions
        on
            campaigns.campaign_id = redemptions.campaign_id
            and campaigns.household_id = redemptions.household_id
    group by campaigns.household_id

)

select * from final
