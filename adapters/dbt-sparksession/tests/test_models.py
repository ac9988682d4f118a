"""What a dbt project is promised on this adapter."""

from __future__ import annotations

import pytest

PANDAS = """
import pandas as pd


def model(dbt, session):
    return pd.DataFrame({
        "key": pd.Series([1, 2], dtype="int64"),
        "whole": pd.Series([1, None], dtype="Int64"),
        "number": [0.5, float("nan")],
        "nothing": [None, None],
        "text": pd.Series(["it's", None], dtype="string"),
        "kind": pd.Categorical(["a", "b"]),
        "moment": pd.Series(["2022-01-04 15:30", None], dtype="datetime64[ns]"),
    })
"""

REGISTRY = """
def model(dbt, session):
    name, new = str(dbt.this), session.range(1)
    if not session.catalog.tableExists(name):
        return new
    return session.table(name).union(new)
"""


class TestPythonModels:
    """They run in dbt's own session and return a frame of pandas or Spark."""

    def test_a_frame_of_pandas_keeps_its_types_and_missing_values(self, project):
        project.write("models/frame.py", PANDAS)
        project.run("run")
        table = project.session.table(f"{project.schema}.frame")
        assert dict(table.dtypes) == {
            "key": "bigint",
            "whole": "bigint",
            "number": "double",
            "nothing": "string",
            "text": "string",
            "kind": "string",
            "moment": "timestamp_ntz",
        }
        first, second = table.orderBy("key").collect()
        assert (first.whole, first.number, first.text) == (1, 0.5, "it's")
        assert str(first.moment) == "2022-01-04 15:30:00"
        assert [second[name] for name in ("whole", "number", "text", "moment")] == [
            None
        ] * 4

    def test_a_frame_without_rows_keeps_its_types_too(self, project):
        project.write("models/frame.py", PANDAS.replace("    })\n", "    }).head(0)\n"))
        project.run("run")
        table = project.session.table(f"{project.schema}.frame")
        assert table.count() == 0
        assert {"whole": "bigint", "moment": "timestamp_ntz"}.items() <= dict(
            table.dtypes
        ).items()

    def test_ref_gives_a_frame_of_spark_and_one_may_be_returned(self, project):
        project.write("models/one.sql", "select 1 as n union all select 2")
        project.write(
            "models/two.py",
            "def model(dbt, session):\n    return dbt.ref('one').filter('n > 1')\n",
        )
        project.write("models/three.sql", "select n + 1 as n from {{ ref('two') }}")
        project.run("run")
        assert project.rows(f"select n from {project.schema}.three") == [(3,)]

    def test_what_is_no_frame_is_refused_by_name(self, project):
        project.write("models/none.py", "def model(dbt, session):\n    return 7\n")
        assert "the model returned a int; needed is a DataFrame" in project.fault("run")

    def test_an_error_is_told_without_a_stack(self, project):
        project.write(
            "models/wrong.py",
            "def model(dbt, session):\n    return int('no number')\n",
        )
        fault = project.fault("run")
        assert "ValueError: invalid literal for int()" in fault
        assert "Traceback" not in fault


class TestTables:
    """A table is built beside the old one and then takes its place."""

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            (
                "kept.sql",
                "select {{ 'raise_error(\"broken\")' if var('broken', false)"
                " else '1' }} as n",
            ),
            (
                "kept.py",
                "def model(dbt, session):\n"
                "    broken = dbt.config.get('broken')\n"
                "    sql = \"raise_error('broken')\" if broken else '1'\n"
                "    return session.sql(f'select {sql} as n')\n",
            ),
        ],
    )
    def test_a_failing_model_leaves_the_old_table(self, project, name, text):
        project.write(f"models/{name}", text)
        project.write(
            "models/models.yml",
            "models: [{name: kept, config: {broken: \"{{ var('broken', false) }}\"}}]",
        )
        project.run("run")
        assert "broken" in project.fault("run", broken=True)
        assert project.rows(f"select n from {project.schema}.kept") == [(1,)]
        project.run("run")
        tables = project.rows(f"show tables in {project.schema}")
        assert [row[1] for row in tables] == ["kept"]

    def test_a_model_may_read_what_it_wrote_the_last_time(self, project):
        project.write("models/registry.py", REGISTRY)
        for runs in (1, 2, 3):
            project.run("run")
            found = project.rows(f"select count(*) from {project.schema}.registry")
            assert found == [(runs,)]

    def test_a_run_killed_between_two_renames_is_made_good(self, project):
        project.write("models/registry.py", REGISTRY)
        project.run("run")
        name = f"{project.schema}.registry"
        project.rows(f"alter table {name} rename to {name}__dbt_backup")
        project.run("run")
        assert project.rows(f"select count(*) from {name}") == [(2,)]

    def test_a_view_gives_way_to_a_table_and_back(self, project):
        for kind in ("view", "table", "view"):
            project.write(
                "models/either.sql",
                f"{{{{ config(materialized='{kind}') }}}} select '{kind}' as kind",
            )
            project.run("run")
            found = project.rows(f"select kind from {project.schema}.either")
            assert found == [(kind,)]

    def test_a_description_is_kept_with_the_table_whatever_stands_in_it(self, project):
        project.write("models/told.sql", "select 1 as n")
        project.write(
            "models/models.yml",
            'models:\n  - name: told\n    description: "it\'s C:\\\\data"\n'
            "    config: {persist_docs: {relation: true}}\n",
        )
        project.run("run")
        found = project.rows(f"describe extended {project.schema}.told")
        assert ("Comment", "it's C:\\data", "") in found

    def test_an_error_of_sql_is_told_without_its_plan(self, project):
        project.write("models/wrong.sql", "select nothing from range(3)")
        fault = project.fault("run")
        assert "UNRESOLVED_COLUMN" in fault
        assert "Project" not in fault and "org.apache" not in fault


class TestIncrementalModels:
    """Append and insert_overwrite work on parquet, in SQL and in Python."""

    def test_rows_are_appended(self, project):
        project.write(
            "models/grown.sql",
            "{{ config(materialized='incremental') }} select {{ var('n') }} as n",
        )
        for n in (1, 2):
            project.run("run", n=n)
        found = project.rows(f"select n from {project.schema}.grown order by n")
        assert found == [(1,), (2,)]
        project.run("run", "--full-refresh", n=7)
        assert project.rows(f"select n from {project.schema}.grown") == [(7,)]

    def test_rows_of_a_python_model_are_appended(self, project):
        project.write(
            "models/grown.py",
            "def model(dbt, session):\n"
            "    dbt.config(materialized='incremental')\n"
            "    return session.range(1)\n",
        )
        for _ in range(2):
            project.run("run")
        assert project.rows(f"select count(*) from {project.schema}.grown") == [(2,)]
        tables = project.rows(f"show tables in {project.schema}")
        assert [row[1] for row in tables] == ["grown"]

    def test_partitions_are_overwritten_even_by_what_reads_them(self, project):
        project.write(
            "models/monthly.sql",
            "{{ config(materialized='incremental',"
            " incremental_strategy='insert_overwrite', partition_by='month') }}"
            "{% if is_incremental() %}"
            "select n + 10 as n, month from {{ this }} where month = 2"
            "{% else %}"
            "select 1 as n, 1 as month union all select 2, 2"
            "{% endif %}",
        )
        for _ in range(2):
            project.run("run")
        found = project.rows(
            f"select month, n from {project.schema}.monthly order by 1"
        )
        assert found == [(1, 1), (2, 12)]

    def test_a_failing_model_leaves_the_old_rows(self, project):
        project.write(
            "models/grown.sql",
            "{{ config(materialized='incremental') }} select"
            " {{ 'raise_error(\"broken\")' if var('broken', false) else '1' }} as n",
        )
        project.run("run")
        project.fault("run", broken=True)
        project.fault("run", "--full-refresh", broken=True)
        assert project.rows(f"select n from {project.schema}.grown") == [(1,)]


class TestSeeds:
    """A seed keeps its order, in one file, and every sign in its texts."""

    def test_rows_keep_their_order_and_types(self, project):
        lines = [f'{n},"it\'s ""{n}"" \\\\ C:\\new\né",2022-01-04' for n in range(3000)]
        project.write("seeds/kept.csv", "\n".join(["id,Some Text,day", *lines]))
        project.write(
            "seeds/seeds.yml",
            "seeds: [{name: kept, config: {column_types: {id: bigint, day: date}}}]",
        )
        for _ in range(2):
            project.run("seed")
        table = project.session.table(f"{project.schema}.kept")
        assert table.dtypes == [
            ("id", "bigint"),
            ("Some Text", "string"),
            ("day", "date"),
        ]
        found = project.rows(
            "select id, row_number() over (order by _metadata.row_index) - 1,"
            f" `Some Text` from {project.schema}.kept"
        )
        assert len(found) == 3000
        assert all(number == place for number, place, _ in found)
        assert found[0][2] == 'it\'s "0" \\\\ C:\\new\né'

    def test_an_empty_seed_is_an_empty_table(self, project):
        project.write("seeds/none.csv", "id,name\n")
        project.run("seed")
        assert project.rows(f"select count(*) from {project.schema}.none") == [(0,)]


class TestUnitTests:
    """dbt's unit tests run as anywhere else."""

    def test_a_unit_test_can_pass_and_fail(self, project):
        project.write("models/raw.sql", "select 1 as n")
        project.write("models/double.sql", "select 2 * n as n from {{ ref('raw') }}")
        given = "[{input: ref('raw'), rows: [{n: 4}]}]"
        project.write(
            "models/unit.yml",
            "unit_tests:\n"
            f"  - {{name: right, model: double, given: {given},"
            " expect: {rows: [{n: 8}]}}\n"
            f"  - {{name: wrong, model: double, given: {given},"
            " expect: {rows: [{n: 9}]}}\n",
        )
        project.run("run")
        project.run("test", "-s", "right")
        assert "actual differs from expected" in project.fault("test", "-s", "wrong")
