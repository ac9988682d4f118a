{{ config(
    post_hook="{{ keep_skipped_lines('complete_journey', 'demographics') }}"
) }}

{{ read_source('complete_journey', 'demographics') }}
