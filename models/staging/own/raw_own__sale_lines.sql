{{ config(
    post_hook="{{ keep_skipped_lines('own', 'sale_lines') }}"
) }}

{{ read_source('own', 'sale_lines') }}
