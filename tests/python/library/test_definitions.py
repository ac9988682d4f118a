"""Definitions of segmentations: what a user writes is used as it stands, or refused."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_segmentation.definitions import (
    Feature,
    Segmentation,
    definitions_table,
    from_table,
    read_definitions,
)
from customer_segmentation.errors import SegmentationError

PROJECT = Path(__file__).resolve().parents[3]
VALID = {"dataset": "online_retail", "features": {"orders": {}}}
COUNT = "a whole number of at least 1"
SHARE = "a number of at least 0 and below 0.5"
NAME = "small letters, digits and underscores, beginning with a letter"
K_RANGE = "two whole numbers of at least 1, the smaller one first, such as [2, 10]"
WINSORISE_AT = f"two shares such as [0.005, 0.01], each {SHARE}"
FEATURES = "one feature or more, such as {orders: {transform: log1p}}"
MISSING = "'median', 'refuse' or a number"
TRANSFORMS = "'none', 'log1p', 'signed_log1p' or 'yeo_johnson'"
CATEGORIES = "two texts or more, each once and in quotes, such as ['18-24', '25-34']"
NO_NUMBERS = "leave this key out: categories that are 'one_hot' are no numbers"
# What programmers know by these words, users do not.
JARGON = re.compile(
    "input|dictionary|instance|tuple|constrained|literal|pars(e|ing)|None|finite"
)


def faults(definitions: Any) -> list[str]:
    """Return the lines of the error after the first one."""
    with pytest.raises(SegmentationError) as error:
        read_definitions(definitions, ["online_retail", "chocolate_sales"])
    first, *lines = str(error.value).splitlines()
    assert first == 'The var "segmentations" (in dbt_project.yml or --vars) ' + (
        "cannot be used:"
    )
    return lines


class TestAWrongDefinitionIsRefusedInPlainWords:
    """dbt shows nothing but this line: it names what is wrong and what is allowed."""

    @pytest.mark.parametrize(
        ("key", "value", "shown", "allowed"),
        [
            ("dataset", "shop", "'shop'", "'chocolate_sales' or 'online_retail'"),
            ("dataset", None, "nothing", "a dataset such as 'own'"),
            ("grain", "order", "'order'", "'customer' or 'sale'"),
            ("features_from", "seed", "'seed'", "'grain' or 'published'"),
            ("where", 3, "3", "an SQL condition in quotes, such as 'orders > 1'"),
            ("where", " ", "' '", "an SQL condition in quotes, such as 'orders > 1'"),
            ("features", {}, "{}", FEATURES),
            ("features", None, "nothing", FEATURES),
            ("features", ["orders"], "['orders']", FEATURES),
            ("features", {"Net spend": {}}, "'Net spend'", NAME),
            ("features", {3: {}}, "3", NAME),
            ("scaler", "z", "'z'", "'standard', 'robust', 'min_max' or 'none'"),
            ("k", 0, "0", f"'auto' or {COUNT}"),
            ("k", 2.5, "2.5", f"'auto' or {COUNT}"),
            ("k", "many", "'many'", f"'auto' or {COUNT}"),
            ("k", "3", "'3'", f"'auto' or {COUNT}"),
            ("k", True, "True", f"'auto' or {COUNT}"),
            ("k", math.nan, "nan", f"'auto' or {COUNT}"),
            ("k", None, "nothing", f"'auto' or {COUNT}"),
            ("k_range", [5, 2], "[5, 2]", K_RANGE),
            ("k_range", [0, 2], "0", K_RANGE),
            ("k_range", [2], "[2]", K_RANGE),
            ("k_range", [2, 3, 4], "[2, 3, 4]", K_RANGE),
            ("k_range", "2-10", "'2-10'", K_RANGE),
            ("k_range", 10, "10", K_RANGE),
            (
                *("k_range", [1, 1], "[1, 1]"),
                "the second number must be 2 or more where k is 'auto'",
            ),
            ("minimum_share", 0.5, "0.5", SHARE),
            ("minimum_share", -0.01, "-0.01", SHARE),
            ("minimum_share", "3%", "'3%'", SHARE),
            ("minimum_share", math.nan, "nan", SHARE),
            ("minimum_share", math.inf, "inf", SHARE),
            ("minimum_jaccard", 1.1, "1.1", "a number from 0 to 1"),
            ("minimum_jaccard", -0.1, "-0.1", "a number from 0 to 1"),
            ("n_init", 0, "0", COUNT),
            ("max_iter", 1.5, "1.5", COUNT),
            ("tolerance", -1, "-1", "a number of at least 0"),
            ("random_state", -1, "-1", "a whole number from 0 to 4294967295"),
            (
                "random_state",
                2**32,
                "4294967296",
                "a whole number from 0 to 4294967295",
            ),
            ("fit_order", "line_number", "'line_number'", "unless the grain is 'sale'"),
            ("archetypes", "My set", "'My set'", NAME),
            ("archetypes", 3, "3", NAME),
            (
                "name",
                "sellers",
                "'sellers'",
                "the name is 'buyers', leave this key out",
            ),
        ],
    )
    def test_with_the_key_the_value_and_what_is_allowed(
        self, key, value, shown, allowed
    ):
        (line,) = faults({"buyers": VALID | {key: value}})
        assert line.startswith(
            f'- segmentation "buyers", key "{key}": {shown} is not allowed; '
        )
        assert line.endswith(allowed)
        assert not JARGON.search(line)

    @pytest.mark.parametrize(
        ("key", "value", "shown", "allowed"),
        [
            ("transform", "log", "'log'", TRANSFORMS),
            ("outliers", None, "nothing", "'none', 'winsorise' or 'iqr_filter'"),
            ("winsorise_at", 0.01, "0.01", WINSORISE_AT),
            ("winsorise_at", [0.01], "[0.01]", WINSORISE_AT),
            ("winsorise_at", [0.01, 0.99], "0.99", WINSORISE_AT),
            ("iqr_factor", 0, "0", "a number above 0"),
            ("iqr_factor", math.nan, "nan", "a number above 0"),
            ("iqr_of", "spend", "'spend'", "'orders' or 'recency_days'"),
            ("iqr_of", 3, "3", "the name of a feature"),
            ("missing", "mean", "'mean'", MISSING),
            ("missing", "0", "'0'", MISSING),
            ("missing", True, "True", MISSING),
            ("missing", math.nan, "nan", MISSING),
            ("missing_at_most", 1.5, "1.5", "a number from 0 to 1"),
            ("missing_at_most", math.nan, "nan", "a number from 0 to 1"),
            ("missing_indicator", "yes", "'yes'", "true or false"),
            ("missing_indicator", 1, "1", "true or false"),
            ("weight", 0, "0", "a number from 0.001 to 1000"),
            ("weight", math.inf, "inf", "a number from 0.001 to 1000"),
            (
                *("encoding", "one_hot", "'one_hot'"),
                "leave this key out, or list the key categories",
            ),
        ],
    )
    def test_of_a_feature_too(self, key, value, shown, allowed):
        features = {"orders": {key: value}, "recency_days": {}}
        (line,) = faults({"buyers": VALID | {"features": features}})
        assert line == (
            f'- segmentation "buyers", key "features.orders.{key}": {shown} '
            f"is not allowed; {allowed}"
        )
        assert not JARGON.search(line)

    @pytest.mark.parametrize(
        ("keys", "key", "shown", "allowed"),
        [
            ({"categories": ["a"]}, "categories", "['a']", CATEGORIES),
            ({"categories": ["a", "a"]}, "categories", "['a', 'a']", CATEGORIES),
            ({"categories": ["a", ""]}, "categories", "''", CATEGORIES),
            # Unless it stands in quotes, "no" is false in YAML.
            ({"categories": ["a", False]}, "categories", "False", CATEGORIES),
            ({"categories": "a, b"}, "categories", "'a, b'", CATEGORIES),
            (
                *({"encoding": None}, "encoding", "nothing"),
                "beside categories 'ordered' or 'one_hot'",
            ),
            ({"encoding": "rank"}, "encoding", "'rank'", "'ordered' or 'one_hot'"),
            (
                {"transform": "log1p"},
                "transform",
                "'log1p'",
                f"'none', or {NO_NUMBERS}",
            ),
            (
                *({"outliers": "winsorise"}, "outliers", "'winsorise'"),
                f"'none', or {NO_NUMBERS}",
            ),
            ({"winsorise_at": [0, 0]}, "winsorise_at", "[0, 0]", NO_NUMBERS),
            ({"iqr_factor": 2}, "iqr_factor", "2", NO_NUMBERS),
            ({"iqr_of": "recency_days"}, "iqr_of", "'recency_days'", NO_NUMBERS),
            ({"missing": 0}, "missing", "0", f"'refuse', or {NO_NUMBERS}"),
        ],
    )
    def test_of_a_feature_with_categories(self, keys, key, shown, allowed):
        feature = {"categories": ["a", "b"], "encoding": "one_hot"} | keys
        features = {"kind": feature, "recency_days": {}}
        (line,) = faults({"buyers": VALID | {"features": features}})
        assert line == (
            f'- segmentation "buyers", key "features.kind.{key}": {shown} '
            f"is not allowed; {allowed}"
        )
        assert not JARGON.search(line)

    def test_of_a_range_of_categories(self):
        kind = {"categories": ["a", "b"], "encoding": "one_hot"}
        features = {"kind": kind, "orders": {"iqr_of": "kind"}}
        (line,) = faults({"buyers": VALID | {"features": features}})
        assert "'kind' is not allowed; 'orders'" in line

    @pytest.mark.parametrize(
        "features",
        [
            {"a": {"missing_indicator": True}, "a_is_missing": {}},
            {
                "a": {
                    "categories": ["missing", "known"],
                    "encoding": "one_hot",
                    "missing_indicator": True,
                }
            },
        ],
    )
    def test_of_dimensions_with_one_name(self, features):
        (line,) = faults({"buyers": VALID | {"features": features}})
        assert line.endswith(
            "two dimensions would have the name 'a_is_missing': give the column or the "
            "category another one"
        )

    @pytest.mark.parametrize("value", [None, "log1p", ["log1p"]])
    def test_of_a_feature_without_keys(self, value):
        (line,) = faults({"buyers": VALID | {"features": {"orders": value}}})
        assert 'key "features.orders": ' in line
        assert line.endswith("{} or keys in braces, such as {transform: log1p}")

    @pytest.mark.parametrize("feature", ["int", "str", "float", "features"])
    def test_of_a_feature_with_the_name_of_a_type(self, feature):
        features = {feature: {"transform": "log"}}
        (line,) = faults({"buyers": VALID | {"features": features}})
        assert f"key \"features.{feature}.transform\": 'log'" in line

    @pytest.mark.parametrize(
        ("definition", "key", "keys"),
        [
            (VALID | {"kk": 3}, "kk", "archetypes, challenger_margin, dataset"),
            (VALID | {3: 3}, "3", "archetypes, challenger_margin, dataset"),
            (
                VALID | {"transform": "none"},
                "transform",
                "archetypes, challenger_margin",
            ),
            (
                VALID | {"features": {"orders": {"tranform": "log1p"}}},
                "features.orders.tranform",
                "categories, encoding, iqr_factor, iqr_of, missing, missing_at_most, "
                "missing_indicator, outliers, transform, weight, winsorise_at",
            ),
        ],
    )
    def test_of_a_key_that_is_unknown(self, definition, key, keys):
        (line,) = faults({"buyers": definition})
        assert f'key "{key}": this key is not allowed; the keys are {keys}' in line
        assert "name" not in line

    @pytest.mark.parametrize(("key", "example"), [("dataset", "'"), ("features", "{")])
    def test_of_a_key_that_is_missing(self, key, example):
        definition = {name: VALID[name] for name in VALID if name != key}
        (line,) = faults({"buyers": definition})
        assert f'key "{key}": this key is missing; ' in line
        assert example in line.split(";")[1]

    @pytest.mark.parametrize("name", ["Buyers", "big buyers", "2nd", "", "a\n", 3])
    def test_of_a_bad_name(self, name):
        with pytest.raises(SegmentationError) as error:
            read_definitions({name: VALID})
        assert f'key "name": {name!r} is not allowed; {NAME}' in str(error.value)

    @pytest.mark.parametrize(
        ("key", "value", "also", "needed"),
        [
            ("features_from", "published", {"grain": "sale"}, "grain is 'customer'"),
            (
                *("features_from", "published", {"dataset": "chocolate_sales"}),
                "dataset is 'ecommerce_orders', 'mall_customers' or 'online_retail'",
            ),
        ],
    )
    def test_of_keys_that_exclude_each_other(self, key, value, also, needed):
        (line,) = faults({"buyers": VALID | also | {key: value}})
        assert f"{value!r} is not allowed; 'grain', unless the {needed}" in line

    @pytest.mark.parametrize("definition", [None, "orders", 3, ["orders"]])
    def test_of_a_definition_without_keys(self, definition):
        (line,) = faults({"buyers": definition})
        assert 'segmentation "buyers": ' in line
        assert "the keys dataset and features" in line

    @pytest.mark.parametrize("definitions", [None, "buyers", [VALID]])
    def test_of_a_var_without_names(self, definitions):
        with pytest.raises(SegmentationError, match="must map names to definitions"):
            read_definitions(definitions)

    def test_without_flooding_the_terminal(self):
        (line,) = faults({"buyers": VALID | {"where": ["orders > 1"] * 1000}})
        assert len(line) < 250


class TestOneErrorListsAllFaults:
    """Whoever mends one fault at a time builds as often as there are faults."""

    def test_of_all_definitions_once_each(self):
        lines = faults(
            {
                "sellers": VALID | {"k": 0, "k_range": [5, 2], "shares": 1},
                "buyers": {
                    "features": {
                        "orders": {"transform": "log", "iqr_of": "spent"},
                        "Spend": {"missing": "mean"},
                    },
                    "minimum_share": math.nan,
                    "fit_order": "line_number",
                },
                "visitors": None,
                "valid": VALID,
            }
        )
        named = [
            re.match(r'- segmentation "(\w+)"(?:, key "([\w.]+)")?', line).groups()
            for line in lines
        ]
        assert sorted(named[:-1]) == [
            ("buyers", "dataset"),
            ("buyers", "features"),
            ("buyers", "features.Spend.missing"),
            ("buyers", "features.orders.iqr_of"),
            ("buyers", "features.orders.transform"),
            ("buyers", "fit_order"),
            ("buyers", "minimum_share"),
            ("sellers", "k"),
            ("sellers", "k_range"),
            ("sellers", "shares"),
        ]
        assert named[-1] == ("visitors", None)

    def test_but_none_that_follows_from_another(self):
        # Whether 'published' is right depends on a dataset that is not known.
        definition = VALID | {"dataset": "shop", "features_from": "published"}
        (line,) = faults({"buyers": definition})
        assert 'key "dataset"' in line

    json = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3)
        ),
        max_leaves=6,
    )
    known = st.sampled_from([*Segmentation.model_fields])
    of_features = st.dictionaries(
        st.text(max_size=3),
        st.dictionaries(st.sampled_from([*Feature.model_fields]), json, max_size=3),
        max_size=3,
    )

    @given(st.dictionaries(known, json, max_size=5), of_features | json)
    @settings(max_examples=200, deadline=None)
    def test_whatever_is_written(self, definition, features):
        try:
            read_definitions({"buyers": VALID | definition | {"features": features}})
        except SegmentationError as error:
            lines = str(error).split("\n- ")[1:]
            assert lines
            for line in lines:
                assert re.match('segmentation "buyers", key ".+": .+; .+', line, re.S)


class TestAValidDefinitionIsTakenAsItStands:
    """Only what is written is decided by the user; all else is documented."""

    def test_with_the_documented_defaults(self):
        (definition,) = read_definitions({"buyers": VALID})
        assert definition.model_dump() == {
            "name": "buyers",
            "dataset": "online_retail",
            "grain": "customer",
            "features_from": "grain",
            "where": None,
            "features": {
                "orders": {
                    "categories": None,
                    "encoding": None,
                    "transform": "none",
                    "outliers": "winsorise",
                    "winsorise_at": (0.005, 0.005),
                    "iqr_factor": 1.5,
                    "iqr_of": None,
                    "missing": "median",
                    "missing_at_most": 0.5,
                    "missing_indicator": False,
                    "weight": 1.0,
                }
            },
            "scaler": "standard",
            "k": "auto",
            "k_range": (2, 10),
            "minimum_share": 0.03,
            "minimum_jaccard": 0.6,
            "fit_at_most": 200_000,
            "n_init": 10,
            "max_iter": 500,
            "tolerance": 0.0,
            "random_state": 0,
            "fit_order": "value",
            "archetypes": None,
            "hysteresis_margin": 0.2,
            "challenger_margin": 0.02,
        }

    def test_with_the_own_name_in_it(self):
        (definition,) = read_definitions({"buyers": VALID | {"name": "buyers"}})
        assert definition.name == "buyers"

    def test_in_the_order_of_the_names(self):
        names = ["c", "a10", "a2", "b"]
        read = read_definitions(dict.fromkeys(names, VALID))
        assert [definition.name for definition in read] == sorted(names)

    @pytest.mark.parametrize(
        ("keys", "source", "key"),
        [
            ({}, "customer", "customer_id"),
            ({"grain": "sale"}, "sale", "transaction_line_id"),
            ({"features_from": "published"}, "published", "customer_id"),
        ],
    )
    def test_with_the_relation_that_holds_its_entities(self, keys, source, key):
        (definition,) = read_definitions({"buyers": VALID | keys})
        assert (definition.source, definition.key) == (source, key)

    @pytest.mark.parametrize(
        ("k", "k_range", "values"),
        [
            ("auto", [2, 4], [2, 3, 4]),
            (3, [2, 4], [2, 3, 4]),
            (1, [2, 4], [1, 2, 3, 4]),
            (6, [2, 4], [2, 3, 4, 6]),
            (1, [1, 1], [1]),
        ],
    )
    def test_with_a_fixed_k_among_those_measured(self, k, k_range, values):
        (definition,) = read_definitions(
            {"buyers": VALID | {"k": k, "k_range": k_range}}
        )
        assert list(definition.k_values) == values

    def test_and_never_changed_after_that(self):
        (definition,) = read_definitions({"buyers": VALID})
        with pytest.raises(ValueError, match="frozen"):
            definition.k = 3

    def test_as_those_that_are_shipped(self):
        project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
        shipped = project["vars"]["segmentations"]
        assert [d.name for d in read_definitions(shipped)] == sorted(shipped)

    def test_as_the_example_of_the_documentation(self):
        example = (PROJECT / "docs/households_by_age.yml").read_text()
        shown = (PROJECT / "docs/features.md").read_text()
        assert example.split("\n", 1)[1] in shown
        (definition,) = read_definitions(yaml.safe_load(example)["segmentations"])
        assert definition.name == "households_by_age"


class TestTheTableKeepsTheWholeDefinition:
    """The models after it read the definitions from there and nowhere else."""

    features = st.dictionaries(
        st.sampled_from(["orders", "spend", "recency_days"]),
        st.just({"categories": ["b", "a"], "encoding": "one_hot"})
        | st.fixed_dictionaries(
            {},
            optional={
                "transform": st.sampled_from(["none", "log1p", "yeo_johnson"]),
                "outliers": st.sampled_from(["none", "winsorise", "iqr_filter"]),
                "winsorise_at": st.lists(
                    st.floats(0, 0.5, exclude_max=True), min_size=2, max_size=2
                ),
                "iqr_factor": st.floats(0, 1e9, exclude_min=True),
                "missing": st.sampled_from(["median", "refuse", 0, -1.5, 0.1]),
                "missing_at_most": st.floats(0, 1),
                "missing_indicator": st.booleans(),
                "weight": st.floats(0.001, 1000),
            },
        ),
        min_size=1,
    )
    definition = st.fixed_dictionaries(
        {"dataset": st.just("online_retail"), "features": features},
        optional={
            "where": st.text(min_size=1).filter(str.strip),
            "k": st.just("auto") | st.integers(1, 20),
            "k_range": st.tuples(st.integers(1, 5), st.integers(5, 20)).map(list),
            "minimum_share": st.floats(0, 0.5, exclude_max=True),
            "minimum_jaccard": st.floats(0, 1),
            "random_state": st.integers(0, 2**32 - 1),
            "archetypes": st.none() | st.just("some_set"),
        },
    )

    @given(st.dictionaries(st.sampled_from("abc"), definition))
    @settings(max_examples=60, deadline=None)
    def test_to_the_last_digit(self, definitions):
        table = definitions_table(definitions)
        assert from_table(table.definition) == read_definitions(definitions)
        assert from_table(table.definition[::-1]) == read_definitions(definitions)

    def test_with_its_main_choices_beside_it(self):
        fixed = {
            "features": {"spend": {}, "orders": {}},
            "k": 3,
            "archetypes": "retail",
            "where": "orders > 1",
        }
        table = definitions_table({"fixed": VALID | fixed, "auto": VALID})
        rows = (
            table.drop(columns=["definition", "fit_digest"])
            .astype(object)
            .to_numpy()
            .tolist()
        )
        assert rows[1] == [
            *("fixed", "online_retail", "customer", "grain", "orders > 1"),
            *("spend, orders", 3, 0.03, "retail", True),
        ]
        assert (
            table.k.isna().tolist() == table.archetypes.isna().tolist() == [True, False]
        )

    @pytest.mark.parametrize(
        ("keys", "is_another"),
        [
            ({"k": 3}, True),
            ({"features": {"orders": {"weight": 2.0}}}, True),
            ({"scaler": "standard"}, False),
            ({"archetypes": "retail", "hysteresis_margin": 0.0}, False),
        ],
    )
    def test_with_a_digest_of_what_the_fit_depends_on(self, keys, is_another):
        def digest(definition, inputs=()):
            return definitions_table({"it": definition}, (), inputs).fit_digest[0]

        assert (digest(VALID | keys) != digest(VALID)) == is_another
        assert digest(VALID, ["online_retail"]) != digest(VALID)

    @pytest.mark.parametrize("definitions", [{}, {"buyers": VALID}])
    def test_in_the_same_types_with_and_without_rows(self, definitions):
        with duckdb.connect() as connection:
            connection.from_df(definitions_table(definitions)).create("stored")
            columns = connection.sql("describe stored").fetchall()
        assert [(name, kind) for name, kind, *_ in columns] == [
            ("segmentation", "VARCHAR"),
            ("dataset", "VARCHAR"),
            ("grain", "VARCHAR"),
            ("features_from", "VARCHAR"),
            ("row_condition", "VARCHAR"),
            ("features", "VARCHAR"),
            ("k", "BIGINT"),
            ("minimum_share", "DOUBLE"),
            ("archetypes", "VARCHAR"),
            ("is_demo", "BOOLEAN"),
            ("fit_digest", "VARCHAR"),
            ("definition", "VARCHAR"),
        ]
