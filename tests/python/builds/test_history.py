"""History: built month by month, and changed by nothing but what changed."""

from __future__ import annotations

import pandas as pd
import pytest
import yaml
from conftest import PROJECT, Build

TABLES = {
    "customer_features_history": ["customer_id", "as_of_date"],
    "int_monthly_segments": ["entity_id", "as_of_date"],
    "customer_segment_history": ["entity_id", "entered_date"],
    "segment_transitions": None,
    "monthly_segment_sizes": None,
    "monthly_segment_centroids": None,
    "retraining_advice": None,
}
LATE = {
    "Sales Person": "Seller 03",
    "Country": "UK",
    "Product": "A bar that came late",
    "Date": "15-Mar-22",
    "Amount": "$9,000 ",
    "Boxes Shipped": "500",
}


class Shop(Build):
    """Chocolate sales, of which more is loaded from build to build."""

    @property
    def file(self):
        return self.folder / "sales.csv"

    def load(self, sales: pd.DataFrame, *options: str, **variables) -> dict:
        """Build from these sales; give the rows of each table about them."""
        sales.to_csv(self.file, index=False)
        tables = [name for name in TABLES if not name.startswith("int_")]
        result = self.dbt(
            *("build", "--select", *(f"+{name}" for name in tables)),
            *(*options, "--exclude-resource-type", "test", "unit_test"),
            input_files={"chocolate_sales": {"sales": {"path": str(self.file)}}},
            **variables,
        )
        assert result.returncode == 0, result.stdout
        return {name: self.rows(name) for name in TABLES}

    def rows(self, table: str) -> pd.DataFrame:
        schema = "staging" if table.startswith("int_") else "main"
        column = "dataset" if "features" in table else "segmentation"
        return self.query(
            f"from {schema}.{table} where {column} like 'chocolate%' order by all"
        )


@pytest.fixture(scope="module")
def sales() -> pd.DataFrame:
    path = PROJECT / "seeds/demo/demo_chocolate_sales__sales.csv"
    return pd.read_csv(path, dtype="string")


@pytest.fixture(scope="module")
def builds(sales, tmp_path_factory) -> dict[str, dict[str, pd.DataFrame]]:
    """Four months; the rest; a sale of March that comes late; and all anew.

    Nothing is sold on the last day of April: its month end counts from May on.
    """
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))
    definition = project["vars"]["segmentations"]["chocolate_accounts"]
    shop = Shop(
        tmp_path_factory.mktemp("history"),
        {"segmentations": {"chocolate_accounts": definition}},
    )
    is_early = sales.Date.str.contains("Jan|Feb|Mar|Apr")
    found = {"early": shop.load(sales[is_early])}
    # What is kept is kept as it stands, even what was tampered with.
    shop.execute(
        "update customer_features_history set coupons_redeemed = 7 "
        "where dataset = 'chocolate_sales' and as_of_date = '2022-02-28'"
    )
    found["whole"] = shop.load(sales)
    found["auto"] = shop.load(sales, retrain="auto")
    late = pd.concat([sales, pd.DataFrame([LATE])])
    found["late"] = shop.load(late)
    found["anew"] = shop.load(late, "--full-refresh")
    return found


def changed(before: pd.DataFrame, after: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Keys of the rows that are not the same in both."""
    digests = ["data_digest"]
    both = pd.concat(
        [frame.drop(columns=digests, errors="ignore") for frame in (before, after)]
    )
    return both[~both.duplicated(keep=False)][key].drop_duplicates()


class TestHistoryIsBuiltMonthByMonth:
    """Years of months are not computed again for the latest."""

    def test_only_months_with_other_data_are_computed(self, builds):
        redeemed = {
            name: tables["customer_features_history"]
            .set_index("as_of_date")
            .coupons_redeemed[pd.Timestamp(2022, 2, 28)]
            for name, tables in builds.items()
        }
        assert (redeemed["whole"] == 7).all()
        assert (redeemed["late"] == 7).all()
        assert redeemed["anew"].isna().all()

    def test_new_months_leave_the_others_alone(self, builds):
        early, whole = builds["early"], builds["whole"]
        for name in ("int_monthly_segments", "segment_transitions"):
            new = changed(early[name], whole[name], ["as_of_date"])
            assert sorted(f"{day:%m-%d}" for day in new.as_of_date) == [
                *("04-30", "05-31", "06-30", "07-31", "08-31"),
            ]

    def test_what_is_built_anew_is_the_same(self, builds):
        late, anew = builds["late"], builds["anew"]
        for name in TABLES:
            if name != "customer_features_history":  # which was tampered with
                pd.testing.assert_frame_equal(late[name], anew[name])


class TestALateSaleChangesOnlyWhatItMust:
    """One customer, from its month on."""

    @pytest.mark.parametrize(
        "table", ["customer_features_history", "int_monthly_segments"]
    )
    def test_rows_of_its_customer_from_its_month_on(self, builds, table):
        customer, date = TABLES[table]
        found = changed(builds["auto"][table], builds["late"][table], TABLES[table])
        assert {*found[customer]} == {"Seller 03 / UK"}
        assert found[date].min() >= pd.Timestamp(2022, 3, 31)

    def test_transitions_of_earlier_months_stay(self, builds):
        before, late = (
            builds[name]["segment_transitions"] for name in ("auto", "late")
        )
        found = changed(before, late, ["as_of_date"])
        assert len(found)
        assert found.as_of_date.min() >= pd.Timestamp(2022, 3, 31)


class TestAMonthKeepsItsModel:
    """A retrain does not say that customers moved years ago."""

    def test_the_new_version_scores_from_its_data_on(self, builds):
        found = builds["auto"]["int_monthly_segments"]
        versions = found.groupby("as_of_date").model_version.agg(set)
        assert [*versions] == [{1}] * 7 + [{2}]

    def test_the_transition_tells(self, builds):
        found = builds["auto"]["segment_transitions"].query("from_state != 'new'")
        pairs = found[["from_model_version", "model_version"]].drop_duplicates()
        assert pairs.values.tolist() == [[1, 1], [1, 2]]


class TestAdviceIsActedOn:
    """`retrain: auto` trains what has aged, and nothing else."""

    def test_an_old_model_is_to_be_trained(self, builds):
        found = {
            name: tables["retraining_advice"]
            .set_index("segmentation")
            .loc["chocolate_accounts"]
            for name, tables in builds.items()
        }
        assert found["whole"].model_age_months == 4
        assert found["whole"].advised_interval_months <= 4
        assert found["whole"].verdict == "retrain"
        assert "The data of the model are 4 months old" in found["whole"].reasons

    def test_once(self, builds):
        versions = [
            tables["retraining_advice"]
            .set_index("segmentation")
            .model_version["chocolate_accounts"]
            for tables in builds.values()
        ]
        assert versions == [1, 1, 2, 2, 2]
