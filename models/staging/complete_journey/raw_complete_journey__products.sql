{{ config(
    post_hook="{{ keep_skipped_lines('complete_journey', 'products') }}"
) }}

{{ read_source('complete_journey', 'products') }}
