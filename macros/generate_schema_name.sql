{#
    A custom schema is taken as it is, without dbt's default prefix: marts stand
    in the target's schema, everything on the way to them in `staging`.
    That is what `segments publish` goes by: it publishes the target's schema.

    Input:  generate_schema_name('staging', node)
    Output: staging
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema if custom_schema_name is none else custom_schema_name | trim }}
{%- endmacro %}
