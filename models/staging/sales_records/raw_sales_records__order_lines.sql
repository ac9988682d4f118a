{{ config(
    post_hook="{{ keep_skipped_lines('sales_records', 'order_lines') }}"
) }}

{{ read_source('sales_records', 'order_lines') }}
