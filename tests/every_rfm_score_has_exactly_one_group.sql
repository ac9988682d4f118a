-- A returned row is a pair of scores to which seeds/segments/rfm_groups.csv
-- gives no group, or several. A build with --empty reads no groups.
with scores as (

    {% for score in range(1, 6) %}
        select {{ score }} as score
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select
    recency.score as recency_score,
    frequency_monetary.score as frequency_monetary_score,
    count(rfm_groups.rfm_group) as groups_found
from scores as recency
cross join scores as frequency_monetary
left join {{ ref('rfm_groups') }} as rfm_groups
    on
        recency.score
        between rfm_groups.recency_low and rfm_groups.recency_high
        and frequency_monetary.score
        between rfm_groups.frequency_monetary_low
        and rfm_groups.frequency_monetary_high
group by recency.score, frequency_monetary.score
having
    count(rfm_groups.rfm_group) <> 1
    and not {{ flags.EMPTY or false }}
