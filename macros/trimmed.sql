{#
    Text without blanks at its ends: those of Unicode too, such as the no-break space
    of a spreadsheet, which Spark's own trim leaves.

    Input:  {{ trimmed('country') }}
    Output: trim(country)
#}
{% macro trimmed(column) -%}
    {{ return(adapter.dispatch('trimmed')(column)) }}
{%- endmacro %}

{% macro default__trimmed(column) -%}
    trim({{ column }})
{%- endmacro %}

{% macro spark__trimmed(column) -%}
    {%- set blanks = ' \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007'
        ~ '\u2008\u2009\u200a\u202f\u205f\u3000' -%}
    trim(both '{{ blanks }}' from {{ column }})
{%- endmacro %}
