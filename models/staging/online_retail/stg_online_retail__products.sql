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
        -- The description used most often; ties go by the alphabet.
        row_number() over (
            partition by stock_code order by count(*) desc, description asc
        ) as place
    from accepted_sales
    group by stock_code, description

),

final as (

    select
        stock_code,
        stock_code || ' ' || description as product
    from described
    where place = 1

)

select * from final
