with accepted_sales as (

    select
        stock_code,
        description
    from {{ ref('stg_online_retail__invoice_lines') }}
    where
        rejection_reasons is null
        and description is not null

),

described as (

    select
        stock_code,
        description,
        count(*) as lines
    from accepted_sales
    group by stock_code, description

),

final as (

    select
        stock_code,
        stock_code || ' ' || description as product
    from described
    -- The description used most often; ties go by the alphabet.
    qualify
        row_number() over (
            partition by stock_code order by lines desc, description asc
        ) = 1

)

select * from final
