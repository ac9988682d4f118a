with transactions as (

    select
        *,
        sales_value + retail_disc + coupon_match_disc as shelf_amount
    from {{ ref('stg_complete_journey__transactions') }}

),

products as (

    select *
    from {{ ref('stg_complete_journey__products') }}
    where rejection_reasons is null

),

-- Fuel is measured in thousandths of a gallon: a filling is one unit.
counted as (

    select
        transactions.*,
        products.product_type,
        products.product_category,
        case
            when
                products.department = 'FUEL'
                or products.product_type like 'GASOLINE%'
                then 1
            else transactions.quantity
        end as units
    from transactions
    left join products
        on transactions.product_id = products.product_id

),

final as (

    select
        'complete_journey' as dataset,
        source_file,
        line_number,
        raw_row,
        rejection_reasons,
        -- ids
        {{ dbt.hash('raw_row') }} as transaction_line_id,
        basket_id as order_id,
        household_id as customer_id,
        -- strings
        product_id || coalesce(' ' || product_type, '') as product,
        product_category as category,
        cast(null as string) as country,
        cast(null as string) as channel,
        -- numerics
        cast(units as bigint) as quantity,
        cast(0 as bigint) as returned_quantity,
        cast(
            {{ rounded('cast(shelf_amount as double) / nullif(units, 0)', 4) }}
            as decimal(18, 4)
        ) as unit_price,
        cast(null as decimal(18, 4)) as unit_cost,
        cast(shelf_amount as decimal(18, 2)) as gross_amount,
        cast(retail_disc + coupon_match_disc as decimal(18, 2))
            as discount_amount,
        -- timestamps
        sold_at,
        cast(null as timestamp) as shipped_at
    from counted

)

select * from final
