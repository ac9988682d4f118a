{{ config(
    post_hook="{{ keep_skipped_lines('mall_customers', 'customers') }}"
) }}

{{ read_source('mall_customers', 'customers') }}
