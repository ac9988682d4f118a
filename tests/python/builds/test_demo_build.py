"""The demo build: from nothing to segments that can be judged."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from customer_segmentation.demo import DECLINING_PRODUCTS, DEMOS

PROJECT = Path(__file__).resolve().parents[3]
SEGMENTATIONS = {  # each with the agreement that is promised
    "chocolate_accounts": ("chocolate_sales", 0.85),
    "complete_journey_households": ("complete_journey", 0.8),
    "ecommerce_customers": ("ecommerce_orders", 0.85),
    "ecommerce_orders_as_published_with_returns": ("ecommerce_orders", 0.8),
    "mall_shoppers": ("mall_customers", 0.85),
    "online_retail_customers": ("online_retail", 0.85),
}
TABLES = [(dataset, table) for dataset in DEMOS for table in DEMOS[dataset](0).tables]
NO_TESTS = ("--exclude-resource-types", "test", "unit_test")


class TestPlantedGroupsAreFoundBack:
    """Demo customers have known groups, so that the result can be judged."""

    @pytest.mark.parametrize("segmentation", SEGMENTATIONS)
    def test_segments_agree_with_the_planted_groups(self, demo_build, segmentation):
        dataset, promised = SEGMENTATIONS[segmentation]
        planted = DEMOS[dataset](0).groups
        found = demo_build.query(
            "select entity_id, segment_name from customer_segments "
            f"where segmentation = '{segmentation}'"
        ).set_index("entity_id")
        known = planted.reindex(found.index).dropna()
        assert len(known) >= 0.98 * len(planted)
        agreement = adjusted_rand_score(known, found.segment_name[known.index])
        assert agreement > promised

    def test_the_published_filter_hides_who_returns(self, demo_build):
        """It drops every line on which nothing is ordered: a return is just that."""
        planted = DEMOS["ecommerce_orders"](0).groups
        agreement = {}
        for recipe in ("as_published", "as_published_with_returns"):
            found = demo_build.query(
                "select entity_id, segment_name from customer_segments "
                f"where segmentation = 'ecommerce_orders_{recipe}'"
            ).set_index("entity_id")
            known = planted.reindex(found.index).dropna()
            agreement[recipe] = adjusted_rand_score(
                known, found.segment_name[known.index]
            )
            has_returners = "New With High Returns" in set(found.segment_name)
            assert has_returners == (recipe == "as_published_with_returns")
        assert agreement["as_published"] < 0.5 < agreement["as_published_with_returns"]

    def test_accounts_are_named_as_they_were_planted(self, demo_build):
        """Names come from archetypes; here the truth is known, so they must fit."""
        planted = DEMOS["chocolate_sales"](0).groups
        found = demo_build.query(
            "select entity_id, segment_name from customer_segments "
            "where segmentation = 'chocolate_accounts'"
        ).set_index("entity_id")
        assert (found.segment_name == planted[found.index]).mean() > 0.9

    def test_declining_products_are_below_average(self, demo_build):
        below = demo_build.query(
            "select distinct product, measure from products_below_average "
            "where first_month <= '2022-06-01' and last_month >= '2022-08-01'"
        )
        for measure in ("average_amount", "total_amount"):
            found = set(below["product"][below.measure == measure])
            assert set(DECLINING_PRODUCTS) <= found


class TestNothingIsLost:
    """Every row of a source is accepted, or refused with a reason."""

    @pytest.mark.parametrize(("dataset", "table"), TABLES)
    def test_every_row_is_accepted_or_refused(self, demo_build, dataset, table):
        load = demo_build.query(
            "from source_loads "
            f"where dataset = '{dataset}' and source_table = '{table}'"
        ).iloc[0]
        lines = demo_build.query(
            f"select line_number from staging.stg_{dataset}__{table}"
        )
        rows = len(DEMOS[dataset](0).tables[table])
        assert load.rows_read == load.rows_accepted + load.rows_refused == rows
        assert sorted(lines.line_number) == list(range(2, rows + 2))

    def test_every_trap_is_refused_for_its_own_reason(self, demo_build):
        reasons = demo_build.query("select dataset, reasons from rejected_rows")
        single = set(reasons[~reasons.reasons.str.contains(";")].reasons)
        assert single >= {
            "sales person is missing",
            "date is no day of the form 04-Jan-22",
            "amount is no number",
            "boxes shipped is no whole number",
            "boxes shipped is below one",
            "stock code is no product",
            "unit price is zero",
            "exact duplicate of an earlier line",
        }

    def test_refused_rows_are_kept_as_they_stood(self, demo_build):
        """Mended in place, they can be loaded again."""
        refused = demo_build.query(
            "select line_number, raw_row from rejected_rows "
            "where dataset = 'chocolate_sales'"
        )
        source = (PROJECT / "seeds/demo/demo_chocolate_sales__sales.csv").read_text()
        lines = source.splitlines()
        assert len(refused) > 0
        for row in refused.itertuples():
            assert row.raw_row == lines[row.line_number - 1]


class TestNothingIsNotANumber:
    """To SQL, NaN is larger than every number; what is missing is NULL."""

    def test_in_any_column_of_any_mart(self, demo_build):
        columns = demo_build.query(
            "select table_name, column_name from information_schema.columns "
            "where table_schema = 'main' and data_type = 'DOUBLE'"
        )
        assert {"k_selection", "segmentation_models", "segment_rules"} <= {
            *columns.table_name
        }
        counts = " union all ".join(
            f"select '{row.table_name}.{row.column_name}' as name, "
            f"count_if(isnan({row.column_name})) as found from {row.table_name}"
            for row in columns.itertuples()
        )
        assert demo_build.query(f"from ({counts}) where found > 0").empty


class TestSameInputSameOutput:
    """To the bit, whatever the threads and the order of the rows."""

    TABLES = (
        "k_selection",
        "segmentation_models",
        "customer_segments",
        "segment_profiles",
        "segment_reasons",
        "segment_rules",
        "segment_summary",
        "segments_by_country",
        "customer_features",
        "monthly_product_sales",
        "products_below_average",
        "customer_rfm",
        "rfm_by_segment",
        "segment_demographics",
    )
    # Times, places, and whether it was the demo: there it is, here a file.
    OTHERS = (
        *("trained_at", "scored_at", "line_number", "transaction_line_id"),
        *("is_demo", "fit_digest"),
    )
    # Published recipes that feed k-means in the order of the file.
    ORDERED = ("chocolate_sales_as_published", "sales_records_as_published")

    def test_a_shuffled_file_on_one_thread_gives_the_same_tables(
        self, demo_build, tmp_path
    ):
        files = {dataset: {} for dataset in DEMOS}
        for dataset, name in TABLES:
            seed = PROJECT / f"seeds/demo/demo_{dataset}__{name}.csv"
            table = pd.read_csv(seed, dtype=str, keep_default_na=False)
            path = str(tmp_path / f"{dataset}__{name}.csv")
            table.sample(frac=1, random_state=1).to_csv(path, index=False)
            files[dataset][name] = path
        shuffled = type(demo_build)(tmp_path, {"input_files": files})
        result = shuffled.dbt("build", "--threads", "1", *NO_TESTS)
        assert result.returncode == 0, result.stdout
        for table in self.TABLES:
            where = f"where segmentation not in {self.ORDERED}"
            columns = demo_build.query(f"describe {table}").column_name
            kept = ", ".join(c for c in columns if c not in self.OTHERS)
            sql = f"select {kept} from {table} " + (
                where if "segmentation" in set(columns) else ""
            )
            expected, found = (
                build.query(f"{sql} order by all") for build in (demo_build, shuffled)
            )
            pd.testing.assert_frame_equal(expected, found, check_exact=True, obj=table)


class TestWrongInputIsRefusedClearly:
    """What, where, what is allowed, how to mend it; and no table is touched.

    What files have wrong is in test_broken_files.py.
    """

    @pytest.fixture
    def fails(self, demo_build, tmp_path):
        build = type(demo_build)(tmp_path, {})
        shutil.copy(demo_build.database, build.database)

        def run(*selected: str, **variables) -> str:
            before = build.query("select count(*), max(rowid) from transactions")
            result = build.dbt("run", "--select", *selected, **variables)
            after = build.query("select count(*), max(rowid) from transactions")
            assert result.returncode != 0
            assert "Traceback" not in result.stdout
            pd.testing.assert_frame_equal(before, after)
            return " ".join(result.stdout.split())

        return run

    def test_a_missing_column(self, fails, tmp_path):
        """On the command line, under a name that SQL and Jinja might take amiss."""
        path = tmp_path / "it's {a} file.csv"
        path.write_text("Sales Person,Country,Product,Date,Boxes\nA,UK,Bar,x,1\n")
        output = fails(
            "raw_chocolate_sales__sales+", input_files={"chocolate_sales": str(path)}
        )
        assert 'the column "Amount" is missing' in output
        assert 'The header holds "Sales Person", "Country"' in output

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            (
                {"chocolate_sales": "/no/such.csv"},
                ['Dataset "chocolate_sales": no file at "/no/such.csv"'],
            ),
            (
                {"choclate_sales": "x.csv"},
                ['"choclate_sales"', "chocolate_sales, complete_journey, ecommerce_"],
            ),
        ],
    )
    def test_a_missing_file_and_an_unknown_dataset(self, loader, given, words):
        before = loader.tables()
        load = loader.load(given, "transactions")
        load.assert_stopped(*words)
        assert loader.tables() == before

    def test_a_wrong_definition(self, fails):
        output = fails(
            "segmentations+",
            segmentations={
                "buyers": {
                    "dataset": "online_retail",
                    "features": {"orders": {"transform": "log"}},
                }
            },
        )
        assert 'segmentation "buyers", key "features.orders.transform"' in output
        assert "'log' is not allowed; 'none', 'log1p', 'signed_log1p' or " in output

    def test_a_feature_that_is_no_column(self, fails):
        output = fails(
            *("segmentations", "k_selection+"),
            segmentations={
                "buyers": {"dataset": "online_retail", "features": {"spent": {}}}
            },
        )
        assert "buyers" in output
        assert "spent" in output


class TestMakeBuildTellsWhatItDid:
    """A user sees rows, segments and where to look next."""

    def test_publish_and_summary(self, demo_build):
        for command in ("publish", "summary"):
            result = subprocess.run(
                [sys.executable, "-m", "customer_segmentation", command],
                cwd=demo_build.folder,
                env=demo_build.environment,
                capture_output=True,
                text=True,
            )
            assert result.returncode == 0, result.stderr
        assert "online_retail_customers: k = 4" in result.stdout
        assert "Champions" in result.stdout
        published = demo_build.folder / "serve/customer_segmentation.duckdb"
        with duckdb.connect(str(published), read_only=True) as connection:
            kinds = connection.execute(
                "select distinct table_schema, table_type "
                "from information_schema.tables"
            ).fetchall()
            comment = connection.execute(
                "select comment from duckdb_tables() where table_name = "
                "'segment_summary'"
            ).fetchone()[0]
        assert kinds == [("main", "BASE TABLE")]
        assert comment == (
            "One row per segmentation and segment, those that nobody is in too; "
            "begin here."
        )


class TestPlainDbtBuildsIntoOneDatabase:
    """From the project's folder or another one, with nothing but the environment."""

    @pytest.fixture(scope="class")
    @classmethod
    def project(cls, tmp_path_factory) -> Path:
        project = tmp_path_factory.mktemp("plain") / "project"
        kept = ("dbt_project.yml", "profiles.yml", "macros", "models", "python_models")
        kept += ("seeds", "tests", "analyses", ".dbtignore", "warehouse/.gitignore")
        for name in kept:
            source = PROJECT / name
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, project / name)
        return project

    @pytest.mark.parametrize("elsewhere", [False, True])
    def test_the_database_stands_beside_the_profile(self, project, tmp_path, elsewhere):
        database = project / "warehouse/segmentation.duckdb"
        database.unlink(missing_ok=True)
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("SEGMENTATION_DATABASE", "DBT_PROFILES_DIR")
        }
        environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
        if elsewhere:  # as the environment's start-up line does
            environment["DBT_PROFILES_DIR"] = str(project)
        result = subprocess.run(
            [
                *("dbt", "seed", "--select", "playbook"),
                *(["--project-dir", str(project)] if elsewhere else []),
            ],
            cwd=tmp_path if elsewhere else project,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stdout
        assert database.exists()
