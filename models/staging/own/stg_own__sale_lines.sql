{% set formats = formats_of('own', 'sale_lines') %}
{% set texts = [
    'order_id', 'customer_id', 'product', 'category', 'country', 'channel',
] %}
{% set counts = ['quantity', 'returned_quantity'] %}
{% set mapped = (input_of('own', 'sale_lines') or {}).columns or {} %}
{# Read with up to 6 decimals, and kept with these. #}
{% set money = {
    'unit_price': 4, 'unit_cost': 4, 'gross_amount': 2, 'discount_amount': 2,
    'net_amount': 2,
} %}

with source as (

    {{ source_lines('own', 'sale_lines') }}

),

typed as (

    select
        source_file,
        line_number,
        raw_row,
        is_duplicate,
        {% for column in texts %}
            {{ to_text(column) }} as {{ column }},
        {% endfor %}
        {% for column in counts %}
            {{ to_whole_number(column, formats.decimal_sign) }} as {{ column }},
        {% endfor %}
        {% for column, scale in money.items() %}
            cast(
                {{ to_decimal(column, 6, formats.decimal_sign) }}
                as decimal(18, {{ scale }})
            ) as {{ column }},
        {% endfor %}
        {# What is written, but cannot be read. #}
        {% for column in counts %}
            {{ to_text(column) }} is not null
            and {{ to_whole_number(column, formats.decimal_sign) }} is null
                as is_wrong_{{ column }},
        {% endfor %}
        {% for column in money %}
            {{ to_text(column) }} is not null
            and {{ to_decimal(column, 6, formats.decimal_sign) }} is null
                as is_wrong_{{ column }},
        {% endfor %}
        {{ to_timestamp('sold_at', formats.date) }} as sold_at
    from source

),

-- Signs differ from shop to shop: a return is whatever takes back.
signed as (

    select
        *,
        case
            when quantity is not null then greatest(quantity, 0)
            when returned_quantity <> 0 then 0
            when coalesce(net_amount, gross_amount) < 0 then 0
            else 1
        end as sold_quantity,
        case
            when returned_quantity <> 0 then abs(returned_quantity)
            when quantity is not null then greatest(-quantity, 0)
            when coalesce(net_amount, gross_amount) < 0 then 1
            else 0
        end as sent_back_quantity,
        abs(
            coalesce(
                discount_amount,
                case
                    when net_amount >= 0 and coalesce(returned_quantity, 0) = 0
                        then gross_amount - net_amount
                end,
                0
            )
        ) as discount
    from typed

),

priced as (

    select
        *,
        coalesce(
            -- Some shops keep the money of returns out of the gross amount.
            case
                when sent_back_quantity = 0 then gross_amount
                when net_amount < 0 then net_amount - discount
                else net_amount + discount
            end,
            gross_amount,
            net_amount + discount,
            cast(
                unit_price * (sold_quantity - sent_back_quantity)
                as decimal(18, 2)
            )
        ) as line_gross_amount
    from signed

),

final as (

    select
        *,
        {{ rejection_reasons({
            'date is missing or not of the form ' ~ formats.date_example:
                'sold_at is null',
            'order id is missing':
                'order_id is null and ' ~ ('order_id' in mapped),
            'quantity is missing or no whole number':
                'quantity is null and ' ~ ('quantity' in mapped),
            'returned quantity is no whole number': 'is_wrong_returned_quantity',
            'unit price is no number': 'is_wrong_unit_price',
            'unit cost is no number': 'is_wrong_unit_cost',
            'gross amount is no number': 'is_wrong_gross_amount',
            'discount amount is no number': 'is_wrong_discount_amount',
            'net amount is no number': 'is_wrong_net_amount',
            'line has no amount': 'line_gross_amount is null',
            'gross, discount and net amount do not add up':
                'abs(abs(net_amount) - abs(line_gross_amount) + discount) > 0.01',
            'unit price is below zero': 'unit_price < 0',
            'nothing is sold or sent back':
                'sold_quantity = 0 and sent_back_quantity = 0',
            'amount is below zero, but nothing is sent back':
                'line_gross_amount < 0 and sent_back_quantity = 0',
            'amount is above zero, but all is sent back':
                'line_gross_amount > 0 and sold_quantity = 0',
            'exact duplicate of an earlier line': 'is_duplicate',
        }) }} as rejection_reasons
    from priced

)

select * from final
