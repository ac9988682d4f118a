{{ config(
    post_hook="{{ keep_skipped_lines('complete_journey', 'transactions') }}"
) }}

{{ read_source('complete_journey', 'transactions') }}
