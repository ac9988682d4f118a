"""Slides that say how far the segments can be trusted, and for how long."""

from __future__ import annotations

from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
)
from pptx.enum.dml import MSO_LINE
from pptx.util import Pt

from customer_segmentation.presentation.palette import ACCENT, GREY, mark
from customer_segmentation.presentation.wording import (
    as_date,
    as_month,
    counted,
    words,
)
from customer_segmentation.slides.deck import (
    BODY,
    CONTENT,
    GREY_TEXT,
    SIZES,
    SMALL,
    Box,
    Deck,
    Page,
    draw,
    paint,
)
from customer_segmentation.slides.fitting import Run, plain, shorten
from customer_segmentation.slides.marks import (
    named,
    stack,
    with_others,
)
from customer_segmentation.slides.story import Story

__all__ = ["moves", "retraining", "trust"]

MONTHS = 13
MOVES = 6
ALERTS = 4
COUNT = "#,##0"
# Of min_jaccard, as docs/choosing-k.md has them.
STABLE, TRUSTED = 0.75, 0.6
STRUCTURES = {
    "natural": (
        "{} are groups that are there: few {} lie between them",
        "Natural: stable, and a valley lies between all neighbouring segments. They "
        "can be named and explained as groups.",
    ),
    "reproducible": (
        "{} would be found again, but {} lie at every point between them",
        "Reproducible: other customers of the same kind would be cut in the same "
        "place. There are typical customers, and some at every point in between.",
    ),
    "constructed": (
        "{} are useful bands, not a discovery: other {} would be cut elsewhere",
        "Constructed: another half of the same customers would be cut elsewhere. "
        "Useful as bands are; the borders are a choice.",
    ),
}
VERDICTS = {
    "keep": "Keep the model",
    "watch": "Watch the model",
    "retrain": "Train the model again",
}
MEASURES = {
    "mix_psi": ("Sizes", ACCENT),
    "excess_inertia": ("Centres", "#b35806"),
    "disagreement": ("Borders", "#6b4c9a"),
}
HALVES = (
    Box(CONTENT.left, CONTENT.top, 5.1, CONTENT.height),
    Box(CONTENT.left + 5.6, CONTENT.top, 6.5, CONTENT.height),
)


def trust(deck: Deck, story: Story) -> None:
    """Say how far the segments can be trusted."""
    measured = story.rows("""
        select k, silhouette, min_jaccard, structure, is_accepted, is_chosen, reason
        from k_selection
        where segmentation = $segmentation
        order by k
    """)
    chosen = next((row for row in measured if row.is_chosen), None)
    if chosen is None or chosen.k < 2:
        return
    if chosen.structure is None or chosen.min_jaccard is None:
        # Too few entities to tell.
        return
    finding, meaning = STRUCTURES[chosen.structure]
    if chosen.min_jaccard < TRUSTED:
        finding = "{} are not to be trusted: other {} would be cut elsewhere"
    title = finding.format(f"The {chosen.k} segments", story.about.many)
    title += f" (stability {chosen.min_jaccard:.2f} of 1)"
    page = deck.slide(
        title,
        "Source: k_selection. Line: mean silhouette of squared Euclidean distances for "
        "each number of segments; higher is more compact. It does not choose on its "
        "own: compactness against data without structure, times stability, does. "
        "Stability: min_jaccard. Structure: natural, reproducible or constructed.",
    )
    jaccard = chosen.min_jaccard
    meaning = meaning.replace("customers", story.about.many)
    facts = [
        [Run("Number of segments. ", is_bold=True), Run(_chosen(chosen, measured))],
        [Run("Structure. ", is_bold=True), Run(meaning)],
        [
            Run("Stability. ", is_bold=True),
            Run(
                "On random halves the least stable segment keeps a Jaccard similarity "
                f"of {jaccard:.2f} with its like: {_stable(jaccard)}."
            ),
        ],
    ]
    if _again(story) is None and (advice := _advice(story)):
        facts.append([Run("Training again. ", is_bold=True), Run(advice.reasons)])
    drawn = [row for row in measured if row.silhouette is not None]
    has_chart = len(drawn) > 1
    left = CONTENT.left + (7.0 if has_chart else 0)
    right = CONTENT.left + CONTENT.width
    page.text(Box(left, CONTENT.top, right - left, CONTENT.height), facts)
    if not has_chart:
        return
    chart = page.chart(
        XL_CHART_TYPE.LINE_MARKERS,
        Box(CONTENT.left, CONTENT.top, 6.5, CONTENT.height),
        [str(row.k) for row in drawn],
        {
            "Mean silhouette, squared": [row.silhouette for row in drawn],
            "Chosen": [row.silhouette if row.is_chosen else None for row in drawn],
        },
        number_format="0.00",
        alt=f"Line chart of the mean silhouette for {drawn[0].k} to {drawn[-1].k} "
        f"segments; {chosen.k} are chosen.",
    )
    line, point = chart.plots[0].series
    for one, colour, size in ((line, GREY, 7), (point, ACCENT, 13)):
        one.smooth = False
        one.marker.style, one.marker.size = XL_MARKER_STYLE.CIRCLE, size
        paint(one.marker.format, colour)
        draw(one.marker.format, colour, 1)
        draw(one.format, colour, 2.25)
    point.data_labels.show_value = True
    point.data_labels.number_format = f'"{chosen.k} chosen: "0.00'
    point.data_labels.number_format_is_linked = False
    point.data_labels.position = XL_LABEL_POSITION.ABOVE
    point.data_labels.font.size, point.data_labels.font.bold = Pt(BODY), True
    _name_axis(chart.category_axis, "Number of segments")
    _name_axis(chart.value_axis, "Mean silhouette")
    chart.value_axis.minimum_scale = min(0.0, *(row.silhouette for row in drawn))
    chart.value_axis.maximum_scale, chart.value_axis.major_unit = 1.0, 0.2


def _name_axis(axis, name: str) -> None:
    axis.has_title = True
    frame = axis.axis_title.text_frame
    frame.text = name
    font = frame.paragraphs[0].runs[0].font
    font.size, font.bold = Pt(BODY), False


def _chosen(chosen, measured: list) -> str:
    text = f"{chosen.k}"
    if len(measured) > 1:
        text += f" of the {measured[0].k} to {measured[-1].k} tried"
    text += f": {chosen.reason.removeprefix('chosen: ')}."
    if not chosen.is_accepted:
        text += " By the rules for trust it would not have been accepted."
    return text


def _stable(jaccard: float) -> str:
    if jaccard >= STABLE:
        return f"stable (from {STABLE} on)"
    if jaccard >= TRUSTED:
        return f"between stable ({STABLE}) and not to be trusted ({TRUSTED})"
    return f"not to be trusted (below {TRUSTED})"


def moves(deck: Deck, story: Story) -> None:
    """Show the sizes over time, and who moved last."""
    rows = story.rows("""
        select as_of_date, segment_id, segment_name, customers
        from monthly_segment_sizes
        where segmentation = $segmentation
        order by as_of_date, segment_id
    """)
    months = sorted({row.as_of_date for row in rows})[-MONTHS:]
    if len(months) < 2:
        return
    customers = {(row.as_of_date, row.segment_id): row.customers for row in rows}

    def count(place: int, segment_id: int) -> int:
        return customers.get((months[place], segment_id), 0)

    changes = [(count(-1, one.id) - count(-2, one.id), one) for one in story.segments]
    grown, moved = max(changes, key=lambda pair: (pair[0], -pair[1].id))
    month = f"{months[-1]:%B %Y}"
    if grown > 0:
        title = (
            f"{named(moved)} grew most in {month}: by "
            f"{counted(grown, 'customer')} to {count(-1, moved.id):,}"
        )
    else:
        lost, moved = min(changes, key=lambda pair: (pair[0], pair[1].id))
        title = f"No segment grew in {month}" + (
            f"; {named(moved)} lost most, {counted(-lost, 'customer')}"
            if lost
            else ": all have as many customers as the month before"
        )
    page = deck.slide(
        title,
        "Source: monthly_segment_sizes (columns: customers of each segment at month "
        "ends, those who bought nothing lately among them) and segment_transitions "
        f"(table: the largest moves between {as_date(months[-2])} and "
        f"{as_date(months[-1])}). The months end with the last whole one: its numbers "
        "differ from those of the last day of the data.",
    )
    page.text(
        Box(CONTENT.left, CONTENT.top, 6.0, 0.3),
        [Run("Customers of each segment at month ends", GREY_TEXT)],
        sizes=[BODY],
    )
    chart = page.chart(
        XL_CHART_TYPE.COLUMN_STACKED,
        Box(CONTENT.left, CONTENT.top + 0.35, 6.0, CONTENT.height - 0.35),
        [as_month(month) for month in months],
        with_others(story, months, customers),
        number_format=COUNT,
        alt=f"Stacked column chart of the customers of each segment in "
        f"{len(months)} months: {title}",
        legend=XL_LEGEND_POSITION.BOTTOM,
    )
    stack(chart, story, gap=35)
    chart.value_axis.minimum_scale = 0
    chart.font.size = Pt(SMALL)
    _moved(page, story, months[-1], month)


def _moved(page, story: Story, day, month: str) -> None:
    moved = story.published.rows(
        """
        select
            from_state, from_segment_id, from_segment_name,
            to_state, to_segment_id, to_segment_name, customers
        from segment_transitions
        where
            segmentation = $segmentation and as_of_date = $day
            and (
                from_state <> to_state
                or coalesce(from_segment_id, 0) <> coalesce(to_segment_id, 0)
            )
        order by customers desc, from_state, from_segment_id, to_state, to_segment_id
        limit $at_most
        """,
        segmentation=story.about.name,
        day=day,
        at_most=MOVES,
    )
    box = Box(CONTENT.left + 6.4, CONTENT.top, 5.7, 0.3)
    page.text(box, [Run(f"Largest moves of {month}", GREY_TEXT)], sizes=[BODY])
    if not moved:
        page.text(box._replace(top=box.top + 0.45), ["Nobody moved."], sizes=[BODY])
        return
    page.table(
        box._replace(top=box.top + 0.35, height=CONTENT.height - 0.35),
        ["From", "To", "Customers"],
        [
            [
                _state(row.from_state, row.from_segment_id, row.from_segment_name),
                _state(row.to_state, row.to_segment_id, row.to_segment_name),
                f"{row.customers:,}",
            ]
            for row in moved
        ],
        widths=[1, 1, None],
        right=[2],
        alt=f"Table of the largest moves of {month}.",
        sizes=[BODY],
    )


def _state(state: str, segment_id: int | None, name: str | None) -> list[Run]:
    if state != "segment":
        return [Run(words(state), GREY_TEXT)]
    return [Run("■ ", mark(segment_id).colour), Run(shorten(name, 40))]


def _advice(story: Story):
    [row] = story.rows("from retraining_advice where segmentation = $segmentation") or [
        None
    ]
    return row


def _again(story: Story):
    """Return the advice where there is anything to show beside it."""
    advice = _advice(story)
    drift = story.rows(
        "from segment_drift where segmentation = $segmentation and is_latest"
    )
    return advice if advice and (drift or advice.backtest_months) else None


def retraining(deck: Deck, story: Story) -> None:
    """Say when to train again, and what has drifted."""
    advice = _again(story)
    if advice is None:
        return
    verdict = VERDICTS[advice.verdict]
    if advice.advised_interval_months is None:
        title = f"{verdict}: {advice.advice}"
        if advice.backtest_months is not None:
            tried = counted(advice.backtest_months, "month")
            title = f"{verdict}: past models had not aged within {tried}"
    else:
        months = advice.model_age_months
        age = f"{counted(months, 'month')} old" if months else "under a month old"
        title = f"{verdict}: its data are {age}, past models had aged {advice.advice}"
    page = deck.slide(
        title,
        "Sources: retraining_advice, retraining_backtest, segment_drift and "
        "feature_drift (latest windows). Curves: had a model been kept for so many "
        "months, how far would the sizes of the segments (mix_psi), their centres "
        "(excess_inertia) and their borders (disagreement with a retrain) be off, over "
        "their thresholds; the mean over past months. PSI is the population stability "
        "index: how differently two windows are spread; watch from 0.1, act from 0.25, "
        "and only above what chance may give. An alert says that customers differ, not "
        "that the segments are wrong.",
    )
    version = f"Version {advice.model_version}, trained on {story.about.many} "
    version += (
        f"up to {as_date(advice.trained_on)}."
        if advice.trained_on
        else f"on {as_date(story.about.trained_on)}."
    )
    facts = [
        [Run("Model. ", is_bold=True), Run(version)],
        [Run("Advice. ", is_bold=True), Run(f"{verdict}.")],
        [Run("Ageing. ", is_bold=True), Run(advice.reasons)],
    ]
    rows = _alerts(story)
    has_curves = _curves(page, story)
    if has_curves:
        text = HALVES[1]._replace(height=2.4)
        table = HALVES[1]._replace(top=4.3, height=2.4)
    else:
        text, table = HALVES
    page.text(text, facts)
    if rows:
        page.table(
            table,
            ["What has changed", "Since", "PSI", "Alert"],
            rows,
            widths=[1, None, None, None],
            right=[2],
            alt="Table of the drift of the segments' sizes and of features.",
            sizes=[BODY] if has_curves else SIZES,
        )


def _curves(page: Page, story: Story) -> bool:
    """Draw how models of the past aged; return whether there are any."""
    rows = story.rows("""
        select measure, lag_months, value / nullif(threshold, 0) as value
        from retraining_backtest
        where segmentation = $segmentation and measure <> 'feature_psi'
        order by lag_months, measure
    """)
    lags = sorted({row.lag_months for row in rows})
    if len(lags) < 2:
        return False
    values = {(row.measure, row.lag_months): row.value for row in rows}
    box = HALVES[0]
    page.text(
        box._replace(height=0.3),
        [Run("Ageing of past models (1: the threshold)", GREY_TEXT)],
        sizes=[BODY],
    )
    curves = {
        name: [values.get((measure, lag)) for lag in lags]
        for measure, (name, _) in MEASURES.items()
    }
    chart = page.chart(
        XL_CHART_TYPE.LINE,
        box._replace(top=box.top + 0.35, height=box.height - 0.35),
        [str(lag) for lag in lags],
        {**curves, "Threshold": [1.0] * len(lags)},
        number_format="0.0",
        alt="Line chart of how far models of the past had aged after so many months, "
        "in multiples of the threshold of each measure.",
        legend=XL_LEGEND_POSITION.BOTTOM,
    )
    styles = [*(colour for _, colour in MEASURES.values()), GREY]
    for one, colour in zip(chart.plots[0].series, styles, strict=True):
        one.smooth = False
        draw(one.format, colour, 2.5)
    one.format.line.dash_style = MSO_LINE.DASH
    _name_axis(chart.category_axis, "Months after training")
    chart.value_axis.minimum_scale = 0
    return True


def _alerts(story: Story) -> list[list]:
    drift = story.rows("""
        select
            'Sizes of the segments' as what, reference_date, mix_psi as psi, alert,
            comparison
        from segment_drift
        where segmentation = $segmentation and is_latest
        order by comparison
    """)
    features = story.published.rows(
        """
        select feature as what, reference_date, psi, alert, comparison
        from feature_drift
        where dataset = $dataset and unit = $unit and is_latest and alert <> 'none'
        order by psi desc, feature, comparison
        """,
        dataset=story.about.dataset.name,
        unit=story.about.grain,
    )
    shown = [*drift, *features][:ALERTS]
    rows = [
        [
            plain(words(row.what)),
            as_month(row.reference_date),
            "–" if row.psi is None else f"{row.psi:.2f}",
            Run(words(row.alert), ALERT_COLOURS[row.alert], row.alert != "none"),
        ]
        for row in shown
    ]
    if more := len(drift) + len(features) - len(shown):
        rows.append([Run(f"{more:,} more in feature_drift", GREY_TEXT), "", "", ""])
    return rows


ALERT_COLOURS = {"none": GREY_TEXT, "watch": "#8a5a00", "act": "#a3260f"}
