{{ config(
    post_hook="{{ keep_skipped_lines('ecommerce_orders', 'order_lines') }}"
) }}

{{ read_source('ecommerce_orders', 'order_lines') }}
