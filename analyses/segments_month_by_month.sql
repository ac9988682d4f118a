-- How did the segments grow and shrink, what were they worth, and how far did
-- they wander? Wandered: the distance of their middle from the model's centroid.
select
    sizes.as_of_date,
    sizes.segment_name,
    sizes.customers,
    sizes.inactive_customers,
    sizes.share,
    sizes.revenue,
    sizes.revenue_share,
    sqrt(sum(power(centroids.shift, 2))) as wandered
from {{ ref('monthly_segment_sizes') }} as sizes
left join {{ ref('monthly_segment_centroids') }} as centroids
    on
        sizes.segmentation = centroids.segmentation
        and sizes.as_of_date = centroids.as_of_date
        and sizes.segment_id = centroids.segment_id
where sizes.segmentation = 'online_retail_customers'
group by
    sizes.as_of_date, sizes.segment_name, sizes.customers,
    sizes.inactive_customers, sizes.share, sizes.revenue, sizes.revenue_share
order by sizes.as_of_date asc, sizes.segment_name asc
