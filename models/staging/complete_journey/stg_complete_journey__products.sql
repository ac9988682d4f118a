with source as (

    {{ source_lines('complete_journey', 'products') }}

),

typed as (

    select
        source_file,
        line_number,
        raw_row,
        {{ to_text('product_id') }} as product_id,
        {{ to_text('department') }} as department,
        {{ to_text('brand') }} as brand,
        {{ to_text('product_category') }} as product_category,
        {{ to_text('product_type') }} as product_type,
        {{ to_text('package_size') }} as package_size,
        is_duplicate
    from source

),

keyed as (

    select
        *,
        row_number() over (
            partition by product_id, is_duplicate
            order by source_file, line_number
        ) > 1 as is_repeated
    from typed

),

final as (

    select
        *,
        {{ rejection_reasons({
            'product is missing': 'product_id is null',
            'exact duplicate of an earlier line': 'is_duplicate',
            'product stands on an earlier line':
                'is_repeated and not is_duplicate',
        }) }} as rejection_reasons
    from keyed

)

select * from final
