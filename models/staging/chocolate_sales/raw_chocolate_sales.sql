{{ config(post_hook="{{ keep_unreadable_lines('chocolate_sales') }}") }}

{{ read_source(
    dataset='chocolate_sales',
    demo=ref('demo_chocolate_sales'),
    columns={
        'Sales Person': 'sales_person',
        'Country': 'country',
        'Product': 'product',
        'Date': 'sale_date',
        'Amount': 'amount',
        'Boxes Shipped': 'boxes_shipped',
    },
) }}
