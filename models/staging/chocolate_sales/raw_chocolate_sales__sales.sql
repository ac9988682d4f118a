{{ config(
    post_hook="{{ keep_skipped_lines('chocolate_sales', 'sales') }}"
) }}

{{ read_source('chocolate_sales', 'sales') }}
