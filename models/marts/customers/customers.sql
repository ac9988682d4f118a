with transactions as (

    select *
    from {{ ref('transactions') }}
    where customer_id is not null

),

spend_by_country as (

    select
        dataset,
        customer_id,
        country,
        sum(net_amount) as spend
    from transactions
    group by dataset, customer_id, country

),

-- The country with the most spend; ties go by the alphabet, NULL comes last.
main_country as (

    select
        dataset,
        customer_id,
        country
    from spend_by_country
    qualify
        row_number() over (
            partition by dataset, customer_id
            order by
                case when country is null then 1 else 0 end,
                spend desc,
                country asc
        ) = 1

),

final as (

    select
        -- ids
        dataset,
        customer_id,
        -- strings
        country,
        cast(null as string) as gender,
        cast(null as string) as education,
        cast(null as string) as occupation,
        -- numerics
        cast(null as bigint) as age,
        cast(null as decimal(18, 2)) as income
    from main_country

)

select * from final
