{{ config(
    post_hook="{{ keep_skipped_lines('complete_journey', 'campaign_descriptions') }}"
) }}

{{ read_source('complete_journey', 'campaign_descriptions') }}
