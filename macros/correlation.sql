{#
    Pearson's correlation from sums over the pairs of two columns that lie between 0
    and 1: x, y, their squares and their product. NULL where one of them does not vary,
    which is where its variance is below 1e-9: over all the pairs of n entities one that
    goes from 0 to 1 has at least 0.5 / n.

    Input:  {{ correlation('scaled') }}
    Output: (scaled_count * scaled_xy - scaled_x * scaled_y) / sqrt(…), -1 to 1
#}
{% macro correlation(name) -%}
    {%- set count = 'cast(' ~ name ~ '_count as double)' -%}
    {%- set spreads = [] -%}
    {%- for x in ['x', 'y'] -%}
        {%- do spreads.append(
            '(' ~ count ~ ' * ' ~ name ~ '_' ~ x ~ x
            ~ ' - ' ~ name ~ '_' ~ x ~ ' * ' ~ name ~ '_' ~ x ~ ')'
        ) -%}
    {%- endfor -%}
    case
        when
            {{ spreads[0] }} > 1e-9 * {{ count }} * {{ count }}
            and {{ spreads[1] }} > 1e-9 * {{ count }} * {{ count }}
            then greatest(
                least(
                    ({{ count }} * {{ name }}_xy - {{ name }}_x * {{ name }}_y)
                    / sqrt({{ spreads[0] }} * {{ spreads[1] }}),
                    cast(1 as double)
                ),
                cast(-1 as double)
            )
    end
{%- endmacro %}
