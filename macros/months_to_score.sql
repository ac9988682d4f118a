{#
    What int_monthly_segments has to do: of each segmentation the month ends from the
    first one on whose data or model are others than in the stored table.

    Input:  months_to_score(stored_relation([…]))
    Output: {'models': [what monthly_models gives],
             'kept': {'online_retail_customers': '2011-10-31', …}, the last month end
             that stays as it is}
#}
{% macro months_to_score(stored) %}
    {%- set known = run_query(
        "select distinct segmentation || ' ' || cast(as_of_date as string) || ' '"
        ~ " || cast(model_version as string) || ' ' || data_digest from " ~ stored
    ).columns[0].values() if stored else [] -%}
    {%- set models, kept, changed = [], {}, [] -%}
    {%- for scored in monthly_models() -%}
        {%- set name = scored.definition.name -%}
        {%- set months = [] -%}
        {%- for month in scored.months -%}
            {%- set key = [
                name, month.as_of_date, scored.model.version, month.data_digest,
            ] | join(' ') -%}
            {%- if key in known and name not in changed -%}
                {%- do kept.update({name: month.as_of_date}) -%}
            {%- else -%}
                {%- do changed.append(name) -%}
                {%- do months.append(month) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if months -%}
            {%- do models.append(dict(scored, months=months)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return({'models': models, 'kept': kept}) }}
{% endmacro %}
