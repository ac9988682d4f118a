{{ config(post_hook="{{ keep_unreadable_lines('online_retail') }}") }}

{{ read_source(
    dataset='online_retail',
    demo=ref('demo_online_retail'),
    columns={
        'InvoiceNo': 'invoice_number',
        'StockCode': 'stock_code',
        'Description': 'description',
        'Quantity': 'quantity',
        'InvoiceDate': 'invoice_date',
        'UnitPrice': 'unit_price',
        'CustomerID': 'customer_id',
        'Country': 'country',
    },
) }}
