"""A retrain in the warehouse: a new version, the same segments, nothing left over."""

from __future__ import annotations

import shutil

import pytest
from conftest import Build

IDS = "select segmentation, entity_id, segment_id from customer_segments order by all"


@pytest.fixture(scope="module")
def retrained(demo_build, tmp_path_factory) -> Build:
    """Retrain two segmentations of the demo in a copy of its database."""
    build = Build(tmp_path_factory.mktemp("retrained"), demo_build.variables)
    shutil.copy(demo_build.database, build.database)
    result = build.dbt(
        *("build", "--select", "segmentations", "k_selection+"),
        retrain=["online_retail_customers", "chocolate_accounts"],
    )
    assert result.returncode == 0, result.stdout
    return build


class TestARetrainKeepsWhatPeopleRelyOn:
    """Queries, slides and audiences name segments by id and name."""

    def test_every_customer_stays_in_the_same_segment(self, demo_build, retrained):
        assert retrained.query(IDS).equals(demo_build.query(IDS))

    def test_the_old_version_is_kept_and_the_new_one_scores(self, retrained):
        versions = retrained.query(
            "select distinct segmentation, model_version, is_current, training "
            "from segmentation_models where segmentation in "
            "('online_retail_customers', 'mall_shoppers') order by all"
        )
        assert versions.values.tolist() == [
            ["mall_shoppers", 1, True, "first"],
            ["online_retail_customers", 1, False, "first"],
            ["online_retail_customers", 2, True, "warm"],
        ]

    def test_the_lineage_says_so(self, retrained):
        lineage = retrained.query(
            "select distinct segmentation, outcome, is_alive, share_of_entities "
            "from segment_lineage where model_version = 2 order by all"
        )
        assert lineage.values.tolist() == [
            ["chocolate_accounts", "survived", True, 1.0],
            ["online_retail_customers", "survived", True, 1.0],
        ]

    def test_nothing_is_left_over(self, retrained):
        tables = retrained.query("select table_name from information_schema.tables")
        assert not tables.table_name.str.contains("__dbt").any()
