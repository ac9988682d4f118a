-- Every number that the published work on the sales records gives, beside the
-- one that the tables here hold on the same file.
--
-- Faults of the published work that it shows: four of the eight features follow
-- from units, price and cost, so the price counts many times over; the days to
-- the shipping have nothing to do with the others; and its own silhouette is
-- best for k = 2, not for the 4 that were taken. `sales_records_lines` segments
-- by value and margin instead.

with published_measures (measure, k, digits, published) as (

    values
    ('inertia', 2, 2, 4466.74), ('inertia', 3, 2, 3490.60),
    ('inertia', 4, 2, 2852.50), ('inertia', 5, 2, 2545.08),
    ('inertia', 6, 2, 2280.12), ('inertia', 7, 2, 2042.25),
    ('inertia', 8, 2, 1825.72), ('inertia', 9, 2, 1676.85),
    ('inertia', 10, 2, 1531.31),
    ('silhouette', 2, 4, 0.4401), ('silhouette', 3, 4, 0.3824),
    ('silhouette', 4, 4, 0.2806), ('silhouette', 5, 4, 0.2646),
    ('silhouette', 6, 4, 0.2689)

),

published_sizes (place, published) as (

    values (1, 365), (2, 319), (3, 165), (4, 151)

),

published_axes (axis, published) as (

    values (1, 60.4), (2, 18.4)

),

measures as (

    select
        published_measures.measure || ' for k = ' || published_measures.k
            as measure,
        published_measures.published,
        round(
            case
                when published_measures.measure = 'inertia'
                    then k_selection.inertia
                else k_selection.silhouette_euclidean
            end * power(10, published_measures.digits)
        ) / power(10, published_measures.digits) as found
    from published_measures
    left join {{ ref('k_selection') }} as k_selection
        on
            published_measures.k = k_selection.k
            and k_selection.segmentation = 'sales_records_as_published'

),

found_sizes as (

    select
        entities,
        row_number() over (order by entities desc) as place
    from {{ ref('segment_summary') }}
    where segmentation = 'sales_records_as_published'

),

sizes as (

    select
        'size of segment ' || published_sizes.place as measure,
        published_sizes.published,
        found_sizes.entities as found
    from published_sizes
    left join found_sizes
        on published_sizes.place = found_sizes.place

),

variances as (

    select
        var_pop(pca_1) as first_axis,
        var_pop(pca_2) as second_axis
    from {{ ref('customer_segments') }}
    where segmentation = 'sales_records_as_published'

),

-- Eight standardised features have a variance of eight.
axes as (

    select
        'percent of the variance on axis ' || published_axes.axis as measure,
        published_axes.published,
        round(
            100 * case
                when published_axes.axis = 1 then variances.first_axis
                else variances.second_axis
            end / 8,
            1
        ) as found
    from published_axes
    cross join variances

),

compared as (

    select * from measures
    union all
    select * from sizes
    union all
    select * from axes

)

select
    measure,
    published,
    found,
    coalesce(abs(published - found) < 1e-9, false) as is_reproduced
from compared
