{#
    The spans of time that features are measured over: all the time before, and the
    two trailing windows.

    Input:  feature_windows()
    Output: [{'days': none, 'suffix': ''}, {'days': 90, 'suffix': '_90_days'}, …]
#}
{% macro feature_windows() %}
    {%- set windows = [{'days': none, 'suffix': ''}] -%}
    {%- for name in ['short_window_days', 'long_window_days'] -%}
        {%- set days = whole_number_variable(name) -%}
        {%- do windows.append({'days': days, 'suffix': '_' ~ days ~ '_days'}) -%}
    {%- endfor -%}
    {%- if windows[1].days >= windows[2].days -%}
        {%- do exceptions.raise_compiler_error(
            'The var "short_window_days" is ' ~ windows[1].days
            ~ ', "long_window_days" is ' ~ windows[2].days
            ~ '; the first must be the smaller one.'
        ) -%}
    {%- endif -%}
    {{ return(windows) }}
{% endmacro %}
