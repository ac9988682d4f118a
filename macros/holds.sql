{#
    Whether a segment holds its customers: the nearest centroid is not nearer than its
    own by the margin.

    Input:  {{ holds('squared_distance_1', [the squared distances to all], 0.2) }}
    Output: sqrt(least(…)) > (1 - 0.2) * sqrt(squared_distance_1)
#}
{% macro holds(square, squares, margin) -%}
    sqrt({{ smallest_of(squares) }})
    > (1 - {{ double_literal(margin) }}) * sqrt({{ square }})
{%- endmacro %}
