with transactions as (

    select *
    from {{ ref('transactions') }}
    where customer_id is not null

),

described as (

    select * from {{ ref('int_customers__unioned') }}

),

main_country as (

    {{ main_countries('transactions', ['dataset', 'customer_id']) }}

),

every_customer as (

    select
        dataset,
        customer_id
    from main_country
    union distinct
    select
        dataset,
        customer_id
    from described

),

final as (

    select
        -- ids
        every_customer.dataset,
        every_customer.customer_id,
        -- strings
        coalesce(described.country, main_country.country) as country,
        described.gender,
        described.age_band,
        described.income_band,
        described.education,
        described.occupation,
        described.marital_status,
        described.home_ownership,
        described.household_composition,
        -- numerics
        described.age,
        coalesce(described.age, {{ band_start('described.age_band') }})
            as age_from,
        described.income,
        coalesce(
            described.income,
            cast(
                {{ band_start('described.income_band') }} as decimal(18, 2)
            )
        ) as income_from,
        described.household_size,
        described.children,
        described.spending_score,
        -- booleans
        main_country.customer_id is not null as has_transactions
    from every_customer
    left join described
        on
            every_customer.dataset = described.dataset
            and every_customer.customer_id = described.customer_id
    left join main_country
        on
            every_customer.dataset = main_country.dataset
            and every_customer.customer_id = main_country.customer_id

)

select * from final
