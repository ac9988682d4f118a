{#
    The names in the first line of a dataset's file.

    Input:  read_header('own', '/data/sales.csv')
    Output: ['Sales Person', 'Country', 'Amount']
#}
{% macro read_header(dataset, path) %}
    {%- set files = run_query(
        'select file from glob(' ~ text_literal(path) ~ ')'
    ).rows | length -%}
    {%- if files != 1 -%}
        {%- do exceptions.raise_compiler_error(
            'Dataset "' ~ dataset ~ '": ' ~ (files or 'no') ~ ' file'
            ~ ('s' if files else '') ~ ' at "' ~ path ~ '"; needed is one. Mend the'
            ~ ' path in the var input_files; a relative one is read from the folder'
            ~ ' where dbt was started. The tables of the dataset are as they were.'
        ) -%}
    {%- endif -%}
    {%- set names = [] -%}
    {%- for row in run_query(
        'select line from ' ~ physical_lines(path) ~ ' limit 1'
    ).rows -%}
        {%- set fields = modules.re.findall(
            '(?:^|,)("(?:[^"]|"")*"|[^,]*)', row[0] or ''
        ) -%}
        {%- for field in fields -%}
            {%- do names.append(
                modules.re.sub('^"|"$', '', field).replace('""', '"').strip()
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(names) }}
{% endmacro %}
