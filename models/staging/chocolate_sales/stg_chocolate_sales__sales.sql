{% set raw_columns = [
    'sales_person', 'country', 'product', 'sale_date', 'amount',
    'boxes_shipped',
] %}

with source as (

    {{ source_lines(
        ref('raw_chocolate_sales'), 'chocolate_sales', raw_columns
    ) }}

),

typed as (

    select
        line_number,
        raw_row,
        {{ to_text('sales_person') }} as sales_person,
        {{ to_text('country') }} as country,
        {{ to_text('product') }} as product,
        {{ to_timestamp('sale_date', '%d-%b-%y') }} as sold_at,
        {{ to_decimal('amount', 2) }} as amount,
        {{ to_whole_number('boxes_shipped') }} as boxes_shipped,
        row_number() over (partition by raw_row order by line_number) > 1
            as is_duplicate
    from source

),

final as (

    select
        *,
        {{ rejection_reasons({
            'sales person is missing': 'sales_person is null',
            'country is missing': 'country is null',
            'product is missing': 'product is null',
            'date is no day of the form 04-Jan-22': 'sold_at is null',
            'amount is no number': 'amount is null',
            'amount is below zero': 'amount < 0',
            'boxes shipped is no whole number': 'boxes_shipped is null',
            'boxes shipped is below one': 'boxes_shipped < 1',
            'exact duplicate of an earlier line': 'is_duplicate',
        }) }} as rejection_reasons
    from typed

)

select * from final
