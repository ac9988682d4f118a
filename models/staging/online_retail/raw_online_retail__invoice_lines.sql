{{ config(
    post_hook="{{ keep_skipped_lines('online_retail', 'invoice_lines') }}"
) }}

{{ read_source('online_retail', 'invoice_lines') }}
