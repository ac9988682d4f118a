{#
    A table is built beside the one that it replaces, then takes its name: a model
    that fails leaves the old table as it was, and a model may read its own rows of
    the last run. Delta and Iceberg replace a table in one step by themselves.

    Input:  {% set beside = beside_this() %} … build it … {% do swap_in(beside) %}
    Output: what was built stands under the model's name
#}
{% macro beside_this() %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set file_format = config.get('file_format', 'parquet') -%}
    {%- if file_format in ['delta', 'iceberg'] -%}
        {%- set existing = load_relation(this) -%}
        {%- if existing is not none and not existing['is_' ~ file_format] -%}
            {%- do adapter.drop_relation(existing) -%}
        {%- endif -%}
        {{ return(target_relation) }}
    {%- endif -%}
    {%- if config.get('location_root') -%}
        {%- do exceptions.raise_compiler_error(
            'location_root is for delta and iceberg: a table of ' ~ file_format
            ~ ' is built beside the old one, in a folder of its own. Set'
            ~ ' spark.sql.warehouse.dir, or the location of the schema.'
        ) -%}
    {%- endif -%}
    {%- do restore_interrupted() -%}
    {%- set beside = suffixed(target_relation, '__dbt_tmp') -%}
    {%- do adapter.drop_relation(beside) -%}
    {{ return(beside) }}
{% endmacro %}

{% macro swap_in(beside) %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- if beside.identifier == target_relation.identifier -%}
        {{ return('') }}
    {%- endif -%}
    {%- set existing = load_relation(this) -%}
    {%- set backup = suffixed(target_relation, '__dbt_backup') -%}
    {%- if existing is not none and existing.is_view -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- elif existing is not none -%}
        {%- do adapter.rename_relation(existing, backup) -%}
    {%- endif -%}
    {%- do adapter.rename_relation(beside, target_relation) -%}
    {%- do adapter.drop_relation(backup) -%}
{% endmacro %}

{# A run may be killed between the two renames: the old table is the backup then. #}
{% macro restore_interrupted() %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set left = load_relation(suffixed(target_relation, '__dbt_backup')) -%}
    {%- if left is not none and load_relation(this) is none -%}
        {%- do adapter.rename_relation(left, target_relation) -%}
    {%- elif left is not none -%}
        {%- do adapter.drop_relation(left) -%}
    {%- endif -%}
{% endmacro %}

{% macro suffixed(relation, suffix) %}
    {{ return(relation.incorporate(
        path={'identifier': relation.identifier ~ suffix}, type='table'
    )) }}
{% endmacro %}

{% materialization table, adapter='sparksession', supported_languages=['sql', 'python'] %}
    {%- set language = model['language'] -%}
    {{ run_hooks(pre_hooks) }}
    {%- set beside = beside_this() -%}
    {%- call statement('main', language=language) -%}
        {{ create_table_as(False, beside, compiled_code, language) }}
    {%- endcall -%}
    {%- do swap_in(beside) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- do apply_grants(target_relation, config.get('grants'), should_revoke=True) -%}
    {%- do persist_docs(target_relation, model) -%}
    {%- do persist_constraints(target_relation, model) -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro sparksession__create_table_as(
    temporary, relation, compiled_code, language='sql'
) %}
    {%- if language == 'python' -%}
{{ compiled_code }}

from dbt.adapters.sparksession.tables import write
write(
    spark,
    model(dbtObj(spark.table), spark),
    {{ relation.render() | tojson }},
    file_format={{ config.get('file_format', 'parquet') | tojson }},
    partition_by={{ (config.get('partition_by') or []) | tojson }},
    comment={{ (model.description if config.persist_relation_docs() else '') | tojson }},
)
    {%- else -%}
        {{ spark__create_table_as(temporary, relation, compiled_code, language) }}
    {%- endif -%}
{% endmacro %}

{# Spark's own default may be another format, of which two tables cannot be swapped. #}
{% macro sparksession__file_format_clause() %}
    using {{ config.get('file_format', 'parquet') }}
{% endmacro %}

{# A backslash is an escape in Spark's literals. #}
{% macro sparksession__escape_single_quotes(expression) -%}
    {{ return(expression | replace('\\', '\\\\') | replace("'", "\\'")) }}
{%- endmacro %}

{% macro sparksession__comment_clause() %}
    {%- if config.persist_relation_docs() -%}
        comment '{{ sparksession__escape_single_quotes(model.description) }}'
    {%- endif -%}
{% endmacro %}
