"""The macro score_customers gives every row the segment that Python gave it."""

from __future__ import annotations

import numpy as np
import pytest

SOURCES = {
    ("customer", "grain"): ("customer_features", "customer_id"),
    ("sale", "grain"): ("sale_features", "transaction_line_id"),
    ("customer", "published"): ("int_published_customer_features", "customer_id"),
}


@pytest.fixture(params=["demo_build", "real_build"])
def build(request):
    return request.getfixturevalue(request.param)


class TestSqlScoresAsPython:
    """For every segmentation: labels, second labels, distances and outliers."""

    def test_every_row_of_every_segmentation(self, build):
        definitions = build.query(
            "select segmentation, dataset, grain, features_from, row_condition "
            "from segmentations where segmentation in "
            "(select segmentation from customer_segments) order by segmentation"
        )
        calls = []
        for row in definitions.itertuples():
            relation, _ = SOURCES[row.grain, row.features_from]
            calls.append(
                f"-- {row.segmentation}\n"
                f"{{{{ score_customers(ref('{relation}'), '{row.segmentation}') }}}}"
            )
        compiled = build.compiled("\n".join(calls))
        queries = dict(part.split("\n", 1) for part in compiled.split("-- ")[1:])
        assert len(queries) == len(definitions) > 10
        for row in definitions.itertuples():
            _, key = SOURCES[row.grain, row.features_from]
            both = build.query(
                f"with scored as ({queries[row.segmentation]}) "
                "select python.*, scored.* from customer_segments as python "
                f"left join scored on scored.{key} = python.entity_id "
                "and scored.dataset = python.dataset "
                f"and ({row.row_condition or 'true'}) "
                f"where python.segmentation = '{row.segmentation}' "
                "order by python.entity_id"
            )
            assert len(both) > 0
            for column in ("segment_id", "segment_name", "second_segment_id"):
                python, sql = both[column], both[f"{column}_1"]
                same = python.astype("string") == sql.astype("string")
                assert same.fillna(python.isna()).all(), row.segmentation
            assert (both.is_outlier == both.is_outlier_1).all(), row.segmentation
            for column in ("distance", "second_distance", "confidence"):
                np.testing.assert_allclose(
                    both[f"{column}_1"], both[column], rtol=1e-9, atol=1e-12
                )
