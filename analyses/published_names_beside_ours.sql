-- The four segments that were published for the chocolate sales: the name, what
-- it claims, what the published centre says, and the name that the same segment
-- has here, where it has the same centre: so on the published file alone.
--
-- Which segment was called "Mass Buyers" is known, of the other three names
-- (Low Volume Explorers, Premium Loyalists, Price-Sensitive Testers) it is not.
-- Wherever they stood, "Premium Loyalists" was not the segment of the highest
-- price, nor "Low Volume Explorers" that of the fewest boxes: both are the one
-- that was called "Mass Buyers".

with published (cluster, name, claim, amount, boxes, unit_price) as (

    values
    (1, 'not known', 'not known', 4020.66, 308.31, 13.18),
    (2, 'Mass Buyers', 'most boxes', 8401.93, 49.06, 183.55),
    (3, 'not known', 'not known', 2732.83, 109.29, 31.79),
    (4, 'not known', 'not known', 9536.59, 174.50, 61.10)

),

ranked as (

    select
        *,
        case row_number() over (order by amount)
            when 1 then 'lowest amount'
            when 4 then 'highest amount'
        end as amount_says,
        case row_number() over (order by boxes)
            when 1 then 'fewest boxes'
            when 4 then 'most boxes'
        end as boxes_say,
        case row_number() over (order by unit_price)
            when 1 then 'lowest unit price'
            when 4 then 'highest unit price'
        end as unit_price_says
    from published

),

centres as (

    select
        segment_id,
        segment_name,
        max(case when feature = 'net_amount' then centroid_original end)
            as amount,
        max(case when feature = 'quantity' then centroid_original end)
            as boxes,
        max(case when feature = 'unit_price' then centroid_original end)
            as unit_price
    from {{ ref('segmentation_models') }}
    where
        is_current
        and segmentation = 'chocolate_sales_as_published'
    group by segment_id, segment_name

),

described as (

    select
        *,
        coalesce(
            nullif(
                substr(
                    coalesce(', ' || amount_says, '')
                    || coalesce(', ' || boxes_say, '')
                    || coalesce(', ' || unit_price_says, ''),
                    3
                ),
                ''
            ),
            'neither most nor least in anything'
        ) as centre_says
    from ranked

)

select
    described.cluster,
    described.amount as published_amount,
    described.boxes as published_boxes,
    described.unit_price as published_unit_price,
    described.name as published_name,
    described.claim as published_name_claims,
    described.centre_says,
    case
        when described.name <> 'not known'
            then ', ' || described.centre_says
                like '%, ' || described.claim || '%'
    end as does_the_centre_agree,
    centres.segment_name as our_name
from described
left join centres
    on
        described.amount = round(centres.amount, 2)
        and described.boxes = round(centres.boxes, 2)
        and described.unit_price = round(centres.unit_price, 2)
order by described.cluster
