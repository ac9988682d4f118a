with monthly_product_sales as (

    select * from {{ ref('monthly_product_sales') }}

),

products as (

    select distinct
        dataset,
        product
    from monthly_product_sales

),

months as (

    select distinct
        dataset,
        sales_month,
        extract(year from sales_month) * 12 + extract(month from sales_month)
            as month_index
    from monthly_product_sales

),

-- A month without a sale is a total of 0, and no average at all.
product_months as (

    select
        products.dataset,
        products.product,
        months.sales_month,
        months.month_index,
        monthly_product_sales.average_amount,
        cast(coalesce(monthly_product_sales.total_amount, 0) as double)
            as total_amount
    from products
    inner join months
        on products.dataset = months.dataset
    left join monthly_product_sales
        on
            products.dataset = monthly_product_sales.dataset
            and products.product = monthly_product_sales.product
            and months.sales_month = monthly_product_sales.sales_month

),

measured as (

    {% for measure in ['average_amount', 'total_amount'] %}
        select
            dataset,
            product,
            '{{ measure }}' as measure,
            sales_month,
            month_index,
            cast({{ measure }} as decimal(28, 10)) as measure_value
        from product_months
        where {{ measure }} is not null
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

compared as (

    select
        *,
        cast(
            sum(measure_value) over (partition by dataset, measure, sales_month)
            as double
        ) / count(*) over (partition by dataset, measure, sales_month)
            as mean_of_products
    from measured

),

-- Consecutive months share the difference of month and rank: one island each.
islands as (

    select
        *,
        month_index - row_number() over (
            partition by dataset, product, measure order by month_index
        ) as island
    from compared
    where cast(measure_value as double) < mean_of_products

),

final as (

    select
        dataset,
        product,
        measure,
        min(sales_month) as first_month,
        max(sales_month) as last_month,
        count(*) as months
    from islands
    group by dataset, product, measure, island
    having count(*) >= {{ var('below_average_months') }}

)

select * from final
