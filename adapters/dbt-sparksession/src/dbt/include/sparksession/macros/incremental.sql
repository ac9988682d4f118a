{% materialization incremental, adapter='sparksession', supported_languages=['sql', 'python'] %}
    {%- set file_format = dbt_spark_validate_get_file_format(
        config.get('file_format', 'parquet')
    ) -%}
    {%- set strategy = dbt_spark_validate_get_incremental_strategy(
        config.get('incremental_strategy') or 'append', file_format
    ) -%}
    {%- set language = model['language'] -%}
    {%- set on_schema_change = incremental_validate_on_schema_change(
        config.get('on_schema_change'), default='ignore'
    ) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- do restore_interrupted() -%}
    {%- set existing = load_relation(this) -%}
    {{ run_hooks(pre_hooks) }}
    {%- if existing is none or existing.is_view or should_full_refresh() -%}
        {%- set beside = beside_this() -%}
        {%- call statement('main', language=language) -%}
            {{ create_table_as(False, beside, compiled_code, language) }}
        {%- endcall -%}
        {%- do swap_in(beside) -%}
    {%- else -%}
        {#- A table, not a view: Spark refuses to overwrite what it reads. -#}
        {%- set beside = suffixed(target_relation, '__dbt_tmp') -%}
        {%- do adapter.drop_relation(beside) -%}
        {%- call statement('beside', language=language) -%}
            {{ create_table_as(False, beside, compiled_code, language) }}
        {%- endcall -%}
        {%- do process_schema_changes(on_schema_change, beside, existing) -%}
        {%- if strategy in ['insert_overwrite', 'microbatch']
            and config.get('partition_by') -%}
            {%- call statement() -%}
                set spark.sql.sources.partitionOverwriteMode = DYNAMIC
            {%- endcall -%}
        {%- endif -%}
        {%- call statement('main') -%}
            {{ dbt_spark_get_incremental_sql(
                strategy, beside, target_relation, existing,
                config.get('unique_key'),
                config.get('predicates') or config.get('incremental_predicates')
            ) }}
        {%- endcall -%}
        {%- do adapter.drop_relation(beside) -%}
    {%- endif -%}
    {%- do apply_grants(
        target_relation, config.get('grants'), should_revoke=should_full_refresh()
    ) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
