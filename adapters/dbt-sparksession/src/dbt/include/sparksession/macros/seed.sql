{% materialization seed, adapter='sparksession' %}
    {%- set rows = load_agate_table() -%}
    {%- do store_result('agate_table', response='OK', agate_table=rows) -%}
    {{ run_hooks(pre_hooks) }}
    {%- set comment = model.description if config.persist_relation_docs() else '' -%}
    {%- set beside = beside_this() -%}
    {%- do adapter.write_seed(
        beside,
        rows,
        model['config'].get('column_types') or {},
        file_format=config.get('file_format', 'parquet'),
        comment=comment,
    ) -%}
    {%- do swap_in(beside) -%}
    {%- set count = rows.rows | length -%}
    {%- call noop_statement('main', 'INSERT ' ~ count, 'INSERT', count) -%}
    {%- endcall -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- do apply_grants(target_relation, config.get('grants'), should_revoke=True) -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
