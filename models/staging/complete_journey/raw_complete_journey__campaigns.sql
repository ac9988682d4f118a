{{ config(
    post_hook="{{ keep_skipped_lines('complete_journey', 'campaigns') }}"
) }}

{{ read_source('complete_journey', 'campaigns') }}
