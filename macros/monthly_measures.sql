{#
    What every monthly aggregate of `transactions` measures. Amounts are net of
    discounts; the total is net of returns too, the average is that of a sale
    line. The average is a quotient of exact sums: avg() of doubles depends on
    the order in which threads add them up.

    Input:  select product, {{ monthly_measures() }} from … group by product
    Output: sale_lines, orders, quantity, returned_quantity, total_amount and
            average_amount (NULL in a month with returns only)
#}
{% macro monthly_measures() %}
        count(case when not is_return then 1 end) as sale_lines,
        count(distinct case when not is_return then order_id end) as orders,
        cast(sum(quantity) as bigint) as quantity,
        cast(sum(returned_quantity) as bigint) as returned_quantity,
        cast(sum(net_amount) as decimal(18, 2)) as total_amount,
        cast(sum(case when not is_return then net_amount end) as double)
        / nullif(count(case when not is_return then 1 end), 0) as average_amount
{%- endmacro %}
