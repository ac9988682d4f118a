"""What the report and the slides share."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_segmentation.presentation.palette import COLOURS, mark
from customer_segmentation.presentation.wording import label, labels, listing, number

# Linear sRGB to what people see: Machado, Oliveira & Fernandes (2009), severity 1.
EYES = {
    "trichromacy": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# Linear sRGB to OKLab: Ottosson (2020), A perceptual color space for image
# processing.
CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


class TestEverySegmentHasAColourOfItsOwn:
    """A reader must tell segments apart, whatever their eyes see."""

    @pytest.mark.parametrize("eyes", EYES)
    def test_for_all_eyes(self, eyes):
        seen = [
            OKLAB @ np.cbrt(CONES @ np.clip(EYES[eyes] @ linear(colour), 0, 1))
            for colour in COLOURS
        ]
        for segments, apart in ((8, 0.1), (16, 0.05)):
            pairs = combinations(seen[:segments], 2)
            assert min(np.linalg.norm(a - b) for a, b in pairs) > apart

    def test_that_stands_out_from_white(self):
        for colour in COLOURS:
            luminance = linear(colour) @ [0.2126, 0.7152, 0.0722]
            assert 1.05 / (luminance + 0.05) >= 3

    def test_and_one_that_shares_it_has_another_symbol_and_dash(self):
        marks = [mark(segment) for segment in range(1, 561)]
        for a, b in combinations(range(35), 2):
            assert marks[a] != marks[b]
            if marks[a].colour == marks[b].colour:
                assert marks[a].symbol != marks[b].symbol


class TestTextOfTheDataStaysText:
    @given(st.text())
    def test_no_label_is_a_tag(self, text):
        assert "<" not in label(text) and ">" not in label(text)

    @given(st.lists(st.text(), max_size=8, unique=True), st.integers(5, 40))
    def test_different_names_have_different_labels(self, texts, at_most):
        assert len(set(labels(texts, at_most))) == len(texts)


class TestNumbersReadAsPeopleWriteThem:
    @given(st.floats(allow_nan=False, allow_infinity=False, width=32))
    def test_to_three_significant_digits(self, value):
        read = float(number(value).replace(",", "").replace("−", "-"))
        assert read == pytest.approx(value, rel=5.01e-3)

    @given(st.lists(st.text("ab", min_size=1), max_size=6), st.integers(1, 6))
    def test_lists_lose_no_count(self, items, at_most):
        said = listing(items, at_most=at_most)
        if len(items) > at_most:
            assert said.endswith(f" and {len(items) - at_most} more")
