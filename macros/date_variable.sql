{#
    A var that holds a date, as text; none where it has none. Any other value stops the
    run.

    Input:  {{ date_variable('drift_reference_date') }}
    Output: 2011-03-31
#}
{% macro date_variable(name) %}
    {%- set value = var(name) -%}
    {%- if value is none -%}
        {{ return(none) }}
    {%- endif -%}
    {#- Without quotes YAML makes a date of it. -#}
    {%- set text = value | string -%}
    {%- set parts = modules.re.fullmatch('(\d{4})-(\d\d)-(\d\d)', text) -%}
    {%- if parts -%}
        {%- set year, month, day = parts.groups() | map('int') -%}
        {%- if year >= 1 and 1 <= month <= 12 and 1 <= day <= 31 and month == (
            modules.datetime.date(year, month, 1)
            + modules.datetime.timedelta(days=day - 1)
        ).month -%}
            {{ return(text) }}
        {%- endif -%}
    {%- endif -%}
    {%- do exceptions.raise_compiler_error(
        'The var "' ~ name ~ '" is "' ~ text
        ~ '"; needed is a day as year, month and day such as "2011-03-31", or null.'
    ) -%}
{% endmacro %}
