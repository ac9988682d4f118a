-- What every entity has, whatever its segmentation: a country and a revenue.

with customers as (

    select
        'customer' as grain,
        customer_features.dataset,
        customer_features.customer_id as entity_id,
        customers.country,
        customer_features.spend as revenue
    from {{ ref('customer_features') }} as customer_features
    inner join {{ ref('customers') }} as customers
        on
            customer_features.dataset = customers.dataset
            and customer_features.customer_id = customers.customer_id

),

sales as (

    select
        'sale' as grain,
        dataset,
        transaction_line_id as entity_id,
        country,
        net_amount as revenue
    from {{ ref('transactions') }}
    where not is_return

),

final as (

    select * from customers
    union all
    select * from sales

)

select * from final
