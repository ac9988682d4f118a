"""What the tables say of segments and customers, checked by other means."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import chi2_contingency

PROJECT = Path(__file__).resolve().parents[3]
SOURCES = {
    ("customer", "grain"): ("customer_features", "customer_id"),
    ("sale", "grain"): ("sale_features", "transaction_line_id"),
    ("customer", "published"): (
        "staging.int_published_customer_features",
        "customer_id",
    ),
}
MODELS_ONLY = ("--exclude-resource-types", "test", "unit_test")


class TestARuleHoldsWhereAnAnalystRunsIt:
    """On the table of the features, with the fidelity and coverage that it states."""

    def test_every_rule_of_every_segmentation(self, build):
        rules = build.query(
            "select segment_rules.*, grain, features_from, row_condition "
            "from segment_rules join segmentations using (segmentation)"
        )
        assert len(rules) == len(build.query("from segment_summary")) > 40
        for row in rules.itertuples():
            relation, key = SOURCES[row.grain, row.features_from]
            (counted,) = build.query(
                "with ruled as (select entity_id, segment_id from customer_segments "
                f"join {relation} as features on entity_id = {key} "
                "and customer_segments.dataset = features.dataset "
                f"and ({'true' if pd.isna(row.row_condition) else row.row_condition}) "
                f"where segmentation = '{row.segmentation}' and ({row.rule})) "
                "select count(*) as met, "
                f"count(*) filter (where segment_id = {row.segment_id}) as own "
                "from ruled"
            ).itertuples()
            assert counted.met == row.entities_under_rule, row
            assert counted.own / counted.met == row.fidelity, row
            assert counted.own / row.entities == row.coverage, row

    def test_it_tells_nearly_all(self, build):
        """A rule that missed its segment would be read as its definition."""
        least = build.query("select min(accuracy) as accuracy from segment_rules")
        assert least.accuracy[0] > 0.85


class TestResidualsAreThoseOfTheChiSquaredTest:
    """The adjusted ones, brought back to Pearson's, add up to its statistic."""

    def test_in_every_table_of_segments_and_values(self, build):
        rows = build.query(
            "from segment_demographics where adjusted_residual is not null"
        )
        tables = rows.groupby(["segmentation", "attribute"])
        assert len(tables) > 2
        for _, cells in tables:
            counts = cells.pivot(
                index="segment_id", columns="attribute_value", values="entities"
            ).to_numpy()
            residuals = cells.pivot(
                index="segment_id",
                columns="attribute_value",
                values="adjusted_residual",
            ).to_numpy()
            found = chi2_contingency(counts, correction=False)
            expected = found.expected_freq
            of_segment = counts.sum(axis=1, keepdims=True) / counts.sum()
            of_value = counts.sum(axis=0, keepdims=True) / counts.sum()
            pearson = residuals * np.sqrt((1 - of_segment) * (1 - of_value))
            np.testing.assert_allclose(
                pearson, (counts - expected) / np.sqrt(expected), atol=1e-9
            )
            assert (pearson**2).sum() == pytest.approx(found.statistic)


class TestReasonsAddUpForEveryCustomer:
    """Exact: what is told of the features is all that decides."""

    def test_to_the_difference_of_the_squared_distances(self, build):
        """And in the scaled space that Python measured in, not only in its sums."""
        both = build.query(
            "select segmentation, entity_id, second_distance, distance, "
            "sum(contribution) as added, count(*) as features, "
            "sum(abs(share)) as shares from customer_segments "
            "join segment_reasons using (segmentation, entity_id) group by all"
        )
        known = build.query(
            "select count(*) as n from customer_segments "
            "where second_segment_id is not null"
        )
        assert len(both) == known.n[0] > 1_000
        expected = both.second_distance**2 - both.distance**2
        np.testing.assert_allclose(both.added, expected, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(both.shares.dropna(), 1, atol=1e-6)

    def test_the_best_reason_speaks_for_the_segment_that_is_nearest(self, build):
        speaks = build.query(
            "select min(contribution) as least from segment_reasons "
            "join customer_segments using (segmentation, entity_id) "
            "where place = 1 and customer_segments.segment_id = raw_segment_id"
        )
        assert speaks.least[0] >= -1e-12


class TestNamesChangeOnlyWhereTheyShould:
    """Age and gender tell who is in a segment; they do not name it."""

    def test_not_with_demographics_that_are_no_features(
        self, demo_build, copied, tmp_path
    ):
        seed = PROJECT / "seeds/demo/demo_mall_customers__customers.csv"
        customers = pd.read_csv(seed, dtype=str, keep_default_na=False)
        refused = demo_build.query(
            "select line_number from rejected_rows where dataset = 'mall_customers'"
        )
        customers = customers.drop(refused.line_number - 2)
        mixed = customers.sample(frac=1, random_state=0)
        for column in ("Genre", "Age"):
            customers[column] = mixed[column].to_numpy()
        path = tmp_path / "mixed.csv"
        customers.to_csv(path, index=False)
        project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
        definitions = project["vars"]["segmentations"]
        result = copied.dbt(
            *("build", "--select", "raw_mall_customers__customers+", "segmentations+"),
            *MODELS_ONLY,
            input_files={"mall_customers": str(path)},
            segmentations={"mall_shoppers": definitions["mall_shoppers"]},
        )
        assert result.returncode == 0, result.stdout
        named, demographics = (
            f"select {columns} where segmentation = 'mall_shoppers' order by all"
            for columns in (
                "entity_id, segment_name, marked_by from customer_segments "
                "join segment_summary using (segmentation, segment_id, segment_name)",
                "* from segment_demographics",
            )
        )
        pd.testing.assert_frame_equal(demo_build.query(named), copied.query(named))
        assert not demo_build.query(demographics).equals(copied.query(demographics))


class TestEveryArchetypeSaysWhatToDo:
    """A name without an action is a label on a drawer."""

    # The segments that the published projects name; one archetype each at least.
    PUBLISHED = (
        *("Low Volume Explorers", "Mass Buyers", "Premium Loyalists"),
        *("Price-Sensitive Testers", "New With High Returns", "Moderate Spenders"),
        *("High Spenders Without Returns", "Premium", "Budget-Conscious"),
        *("Loyalists", "Young Low Spend", "Older Low Frequency", "High Value"),
        *("Low Value", "Young Professionals", "Family-Oriented"),
    )

    def test_in_words_and_in_actions(self):
        folder = PROJECT / "seeds/segments"
        archetypes = pd.read_csv(folder / "archetypes.csv")
        playbook = pd.read_csv(folder / "playbook.csv").set_index("archetype")
        assert set(archetypes.archetype) == set(playbook.index) >= set(self.PUBLISHED)
        assert playbook.notna().all().all()
        assert (playbook.actions.str.count(";") >= 1).all()

    def test_of_every_recommended_segmentation(self):
        project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
        sets = pd.read_csv(PROJECT / "seeds/segments/archetypes.csv").archetype_set
        for name, definition in project["vars"]["segmentations"].items():
            assert definition.get("archetypes") in set(sets), name


class TestPublishedNamesAreHeldAgainstTheirCentres:
    """The name that is known says the opposite of its centre; ours do not."""

    def test_of_the_chocolate_sales(self, real_build):
        compared = real_build.analysis("published_names_beside_ours")
        rows = compared.set_index("cluster")
        assert rows.published_name[2] == "Mass Buyers"
        assert rows.centre_says[2] == "fewest boxes, highest unit price"
        assert rows.does_the_centre_agree.tolist()[1] is False
        assert rows.does_the_centre_agree.drop(2).isna().all()
        assert rows.our_name.to_dict() == {
            1: "Mass Buyers",
            2: "Premium Loyalists",
            3: "Low Volume Explorers",
            4: "High net amount",
        }
        assert rows.centre_says[1] == "most boxes, lowest unit price"
