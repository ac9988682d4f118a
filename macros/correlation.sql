{#
    Pearson's correlation of two columns that lie between 0 and 1 and are NULL in the
    same rows, the same to the last digit in any order of the rows: sums are taken of
    decimals. NULL where a column does not vary, which is where its variance is below
    1e-9: of n values that go from 0 to 1 it is 1 / 2n at least.

    Input:  select {{ correlation('x', 'y') }} as correlation from pairs
    Output: case when … then greatest(least((n * sum(x * y) - sum(x) * sum(y)) / …
#}
{% macro correlation(x, y) -%}
    {%- set sums = {} -%}
    {%- for name, term in {
        'x': x, 'y': y, 'xx': x ~ ' * ' ~ x, 'yy': y ~ ' * ' ~ y, 'xy': x ~ ' * ' ~ y,
    }.items() -%}
        {%- do sums.update({
            name: 'cast(sum(cast(' ~ term ~ ' as decimal(18, 16))) as double)'
        }) -%}
    {%- endfor -%}
    {%- set n = 'cast(count(' ~ x ~ ') as double)' -%}
    {%- set spread_x =
        '(' ~ n ~ ' * ' ~ sums.xx ~ ' - ' ~ sums.x ~ ' * ' ~ sums.x ~ ')' -%}
    {%- set spread_y =
        '(' ~ n ~ ' * ' ~ sums.yy ~ ' - ' ~ sums.y ~ ' * ' ~ sums.y ~ ')' -%}
    case
        when
            {{ spread_x }} > 1e-9 * {{ n }} * {{ n }}
            and {{ spread_y }} > 1e-9 * {{ n }} * {{ n }}
            then
                greatest(
                    least(
                        ({{ n }} * {{ sums.xy }} - {{ sums.x }} * {{ sums.y }})
                        / sqrt({{ spread_x }} * {{ spread_y }}),
                        cast(1 as double)
                    ),
                    cast(-1 as double)
                )
    end
{%- endmacro %}
