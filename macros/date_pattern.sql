{#
    A date format (strptime's letters) in the letters of the warehouse: DuckDB's are
    the same, Spark's those of Java.

    Input:  date_pattern('%d-%b-%y')
    Output: dd-MMM-yy
#}
{% macro date_pattern(format) %}
    {{ return(adapter.dispatch('date_pattern')(format)) }}
{% endmacro %}

{% macro duckdb__date_pattern(format) %}
    {{ return(format) }}
{% endmacro %}

{% macro spark__date_pattern(format) %}
    {%- set letters = {
        '%Y': 'yyyy', '%y': 'yy', '%j': 'DDD', '%-j': 'D',
        '%m': 'MM', '%-m': 'M', '%b': 'MMM', '%B': 'MMMM',
        '%d': 'dd', '%-d': 'd',
        '%H': 'HH', '%-H': 'H', '%I': 'hh', '%-I': 'h', '%p': 'a',
        '%M': 'mm', '%-M': 'm', '%S': 'ss', '%-S': 's',
        '%f': 'SSSSSS', '%g': 'SSS',
    } -%}
    {%- set pattern = [] -%}
    {#- Text in one piece: the quotes of two that touch would be one of the text. -#}
    {%- for part in modules.re.findall('%-?[a-zA-Z]|(?:%%|[^%])+', format) -%}
        {%- if part in letters -%}
            {%- do pattern.append(letters[part]) -%}
        {%- elif modules.re.fullmatch('%-?[a-zA-Z]', part) -%}
            {%- do exceptions.raise_compiler_error(
                'The date format "' ~ format ~ '" holds "' ~ part ~ '", which Spark'
                ~ ' cannot read. Allowed are ' ~ letters.keys() | join(', ')
                ~ '. The tables are as they were.'
            ) -%}
        {%- elif modules.re.fullmatch('[-/:., ]+', part) -%}
            {%- do pattern.append(part) -%}
        {%- else -%}
            {%- set text = part | replace('%%', '%') | replace("'", "''") -%}
            {%- do pattern.append("'" ~ text ~ "'") -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(pattern | join) }}
{% endmacro %}
