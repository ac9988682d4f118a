{#
    What DuckDB could not read of a file, on this connection; it keeps the errors
    of other files beside them.

    Input:  select count(distinct line) from {{ errors_of_file('/data/sales.csv') }}
    Output: a relation with the columns of reject_errors
#}
{% macro errors_of_file(path) -%}
    (
        select reject_errors.*
        from reject_errors
        inner join reject_scans using (scan_id, file_id)
        where reject_scans.file_path = {{ text_literal(path) }}
    ) as errors
{%- endmacro %}
