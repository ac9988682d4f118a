{{ config(
    post_hook="{{ keep_skipped_lines('own', 'customers') }}"
) }}

{{ read_source('own', 'customers') }}
