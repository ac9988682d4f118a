{{ config(
    post_hook="{{ keep_skipped_lines('complete_journey', 'coupon_redemptions') }}"
) }}

{{ read_source('complete_journey', 'coupon_redemptions') }}
