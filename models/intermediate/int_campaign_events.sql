-- A campaign is received on the day it begins, and answered when the first of
-- its coupons is redeemed.

with campaigns as (

    select
        campaign_id,
        household_id
    from {{ ref('stg_complete_journey__campaigns') }}
    where rejection_reasons is null

),

descriptions as (

    select
        campaign_id,
        min(cast(started_at as date)) as started_on
    from {{ ref('stg_complete_journey__campaign_descriptions') }}
    where rejection_reasons is null
    group by campaign_id

),

redemptions as (

    select
        redemptions.campaign_id,
        redemptions.household_id,
        cast(redemptions.redeemed_at as date) as redeemed_on,
        row_number() over (
            partition by redemptions.campaign_id, redemptions.household_id
            order by redemptions.redeemed_at
        ) as place
    from {{ ref('stg_complete_journey__coupon_redemptions') }} as redemptions
    inner join campaigns
        on
            redemptions.campaign_id = campaigns.campaign_id
            and redemptions.household_id = campaigns.household_id
    where redemptions.rejection_reasons is null

),

received as (

    select
        campaigns.household_id,
        -- Of a campaign that nobody describes the first answer is known.
        coalesce(descriptions.started_on, redemptions.redeemed_on) as event_date
    from campaigns
    left join descriptions
        on campaigns.campaign_id = descriptions.campaign_id
    left join redemptions
        on
            campaigns.campaign_id = redemptions.campaign_id
            and campaigns.household_id = redemptions.household_id
            and redemptions.place = 1

),

final as (

    select
        'complete_journey' as dataset,
        household_id as customer_id,
        event_date,
        1 as campaigns_received,
        0 as campaigns_answered,
        0 as coupons_redeemed
    from received
    union all
    select
        'complete_journey' as dataset,
        household_id as customer_id,
        redeemed_on as event_date,
        0 as campaigns_received,
        case when place = 1 then 1 else 0 end as campaigns_answered,
        1 as coupons_redeemed
    from redemptions

)

select * from final
