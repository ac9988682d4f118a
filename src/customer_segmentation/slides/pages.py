"""The slides, one function each; a slide that has nothing to say is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import NormalDist

from pptx.dml.color import RGBColor
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
)
from pptx.enum.dml import MSO_LINE
from pptx.util import Pt

from customer_segmentation.report.palette import ACCENT, DIVERGING, GREY, INK, mark
from customer_segmentation.report.wording import (
    as_date,
    as_month,
    counted,
    listing,
    share,
    words,
)
from customer_segmentation.slides.deck import (
    BODY,
    CONTENT,
    GREY_TEXT,
    SIZES,
    Box,
    Cell,
    Deck,
    Page,
    Run,
    draw,
    lines,
    paint,
    plain,
    shorten,
    width,
)
from customer_segmentation.slides.segments import Feature, Segment, Story

__all__ = ["PAGES"]

# Rows of a table, or bars of a chart, that one slide shows legibly.
SEGMENTS_A_SLIDE = 12
FEATURES_A_SLIDE = 6
COUNTRIES = 6
MONTHS = 13
MOVES = 6
ALERTS = 3
BAND = Box(0, 0, 13.333, 0.14)
PERCENT = "0.0 %"
COUNT = "#,##0"

STRUCTURES = {
    "natural": (
        "{} are groups that are there: few {} lie between them",
        "Natural: stable, and a valley lies between all neighbouring segments. They can "
        "be named and explained as groups.",
    ),
    "reproducible": (
        "{} would be found again, but few {} stand apart: there are no borders",
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
    Box(CONTENT.left, CONTENT.top, 5.8, CONTENT.height),
    Box(CONTENT.left + 6.3, CONTENT.top, 5.8, CONTENT.height),
)


def _chip(segment: Segment, at_most: int = 60) -> list[Run]:
    """Write a segment's name after a square in its colour."""
    return [
        Run("■ ", segment.colour),
        Run(shorten(segment.name, at_most), is_bold=True),
    ]


def _parts(segments: Sequence[Segment]) -> Iterator[Sequence[Segment]]:
    """Split segments over as many slides as they need, evenly."""
    slides = -(-len(segments) // SEGMENTS_A_SLIDE)
    size = -(-len(segments) // slides)
    for start in range(0, len(segments), size):
        yield segments[start : start + size]


def _unique(story: Story) -> dict[int, str]:
    """Name the series of a chart; names that are cut alike stay different."""
    names: dict[int, str] = {}
    for one in story.segments:
        name = shorten(one.name, 32)
        taken = name in names.values()
        names[one.id] = f"{name} ({one.id})" if taken else name
    return names


def _named(segment: Segment) -> str:
    """Name a segment in a sentence; a name that only describes it in quotes."""
    name = shorten(segment.name, 32)
    return name if segment.has_playbook else f"“{name}”"


def _names(segments: Sequence[Segment], at_most: int = 3) -> str:
    return listing(map(_named, segments), at_most)


def opening(deck: Deck, story: Story) -> None:
    """Say what the slides are about."""
    about, data = story.about, story.about.dataset
    page = deck.slide(
        f"{about.title}: {counted(about.entities, about.entity)} in "
        f"{counted(len(story.segments), 'segment')}",
        "Sources: datasets, segmentations, segment_summary, segmentation_models. "
        f"Dataset {data.name}, segmentation {about.name}. The charts are native: Edit "
        "Data shows their numbers.",
        is_opening=True,
    )
    page.band(BAND, [one.colour for one in story.segments])
    period = (
        f"{as_month(data.first_date)} – {as_month(data.last_date)}"
        if data.first_date
        else None
    )
    facts = [
        (f"{about.entities:,}", story.many),
        (f"{len(story.segments)}", "segments" if story.segments[1:] else "segment"),
        (story.money(about.revenue) if story.has_revenue else None, "revenue"),
        (period, "period of the data"),
    ]
    facts = [(value, label) for value, label in facts if value]
    size = 30
    needed = [
        0.6 + max(width(value, size) * 1.15, width(label, 16)) for value, label in facts
    ]
    scale = min(CONTENT.width / sum(needed), 1.25)
    left = CONTENT.left
    for (value, label), wide in zip(facts, needed, strict=True):
        box = Box(left, 2.55, wide * scale - 0.2, 0.6)
        page.text(box, [Run(value, ACCENT, True)], sizes=[size])
        page.text(
            box._replace(top=3.15, height=0.35), [Run(label, GREY_TEXT)], sizes=[16]
        )
        left += wide * scale
    page.text(
        Box(CONTENT.left, 4.1, CONTENT.width, 0.35),
        [Run("One colour for each segment, on all slides", GREY_TEXT)],
        sizes=[16],
    )
    columns = max(4, -(-len(story.segments) // 3))
    for place, one in enumerate(story.segments):
        row, column = divmod(place, columns)
        wide = CONTENT.width / columns
        page.text(
            Box(CONTENT.left + column * wide, 4.55 + row * 0.42, wide - 0.2, 0.35),
            [_chip(one)],
            sizes=[16, BODY],
        )
    kind = (
        f"The segments repeat a published work on the dataset {plain(data.title)}."
        if about.is_as_published
        else f"Segments of the dataset {plain(data.title)}, found by k-means."
    )
    trained = (
        f"Model version {about.model_version}, trained on "
        f"{counted(about.fitted_entities, about.entity)} on {as_date(about.trained_on)}."
    )
    notes = [Run(f"{kind} {trained}", GREY_TEXT)]
    if data.is_demo:
        notes.append(
            Run("Demo data: made up, about no real customers.", DIVERGING[0][1], True)
        )
    page.text(Box(CONTENT.left, 5.95, CONTENT.width, 0.8), notes, sizes=[BODY])


def glance(deck: Deck, story: Story) -> None:
    """List the segments with their sizes and what marks them."""
    segments = story.segments
    total = sum(map(story.importance, segments))
    few, reached = 0, 0.0
    while few < len(segments) and reached < 0.5 * total:
        reached += story.importance(segments[few])
        few += 1
    bring = "bring" if story.has_revenue else "hold"
    of = "revenue" if story.has_revenue else story.many
    if len(segments) == 1:
        title = (
            f"One segment holds all {counted(story.about.entities, story.about.entity)}"
        )
    elif few == 1:
        title = (
            f"One segment of {len(segments)}, {_names(segments[:1])}, {bring}s "
            f"{share(reached)} of {of}"
        )
    else:
        title = (
            f"{few} of {len(segments)} segments, {_names(segments[:few])}, {bring} "
            f"{share(reached)} of {of}"
        )
    header = ["Segment", words(story.many), f"Share of {story.many}"]
    if story.has_revenue:
        header += ["Revenue", "Share of revenue"]
    for part in _parts(segments):
        page = deck.slide(
            title,
            f"Source: segment_summary. Each row is a segment: {story.many}, their share, "
            "revenue and its share, and the features in which the centre of the segment "
            "lies half a standard deviation or more from the mean.",
        )
        rows = []
        for one in part:
            row = [_chip(one), f"{one.entities:,}", share(one.share)]
            if story.has_revenue:
                row += [story.money(one.revenue), share(one.revenue_share)]
            rows.append([*row, one.marks])
        page.table(
            CONTENT,
            [*header, "What marks them"],
            rows,
            widths=[*[None] * len(header), 1],
            right=range(1, len(header)),
            alt=f"Table of {counted(len(part), 'segment')}: {title}",
        )


def sizes(deck: Deck, story: Story) -> None:
    """Hold shares of customers against shares of revenue."""
    segments, many = story.segments, story.many
    if story.has_revenue:
        top = max(segments, key=lambda one: (one.revenue_share - one.share, -one.id))
        title = (
            f"{_named(top)} make up {share(top.share)} of {many} and bring "
            f"{share(top.revenue_share)} of revenue"
        )
    else:
        title = (
            f"{_named(segments[0])} are the largest segment: "
            f"{segments[0].entities:,} of {counted(story.about.entities, story.about.entity)}, "
            f"{share(segments[0].share)}"
        )
    for part in _parts(segments):
        page = deck.slide(
            title,
            f"Source: segment_summary, columns share and revenue_share. Bars: share of "
            f"{many}"
            + (
                " (grey) and share of revenue (in the colour of the segment). A segment "
                "whose coloured bar is longer brings more than its number."
                if story.has_revenue
                else "; the data have no sales, so there is no revenue."
            ),
        )
        series = {f"Share of {many}": [one.share for one in part]}
        if story.has_revenue:
            series["Share of revenue"] = [one.revenue_share for one in part]
            page.text(
                Box(CONTENT.left, CONTENT.top, CONTENT.width, 0.35),
                [
                    [
                        Run("■ ", GREY),
                        Run(f"share of {many}     "),
                        *(Run("■", one.colour) for one in part),
                        Run(" share of revenue, in the colour of the segment"),
                    ]
                ],
                sizes=[BODY],
            )
        chart = page.chart(
            XL_CHART_TYPE.BAR_CLUSTERED,
            Box(CONTENT.left, CONTENT.top + 0.4, CONTENT.width, CONTENT.height - 0.4),
            [shorten(one.name, 32) for one in part],
            series,
            number_format=PERCENT,
            alt=f"Bar chart of the shares of {counted(len(part), 'segment')}: {title}",
        )
        chart.category_axis.reverse_order = True
        chart.value_axis.visible = False
        chart.value_axis.has_major_gridlines = False
        plot = chart.plots[0]
        plot.gap_width, plot.overlap = 45, -5
        _label(plot, PERCENT)
        plot.data_labels.position = XL_LABEL_POSITION.OUTSIDE_END
        *first, last = plot.series
        for one in first:
            paint(one.format, GREY)
        paint(last.format, part[0].colour)
        last.invert_if_negative = False
        for place, segment in enumerate(part):
            paint(last.points[place].format, segment.colour)


def _label(plot, number_format: str, colour: str = INK) -> None:
    plot.has_data_labels = True
    plot.data_labels.font.color.rgb = RGBColor.from_string(colour[1:].upper())
    plot.data_labels.number_format = number_format
    plot.data_labels.number_format_is_linked = False
    plot.data_labels.font.size = Pt(BODY)


def profiles(deck: Deck, story: Story) -> None:
    """Show the means of the features as a heat map."""
    profile = {
        (row.segment_id, row.feature): row
        for row in story.rows(
            "from segment_profiles where segmentation = $segmentation "
            "order by segment_id, feature"
        )
    }
    shown = [f for f in story.features if any(f.name == name for _, name in profile)]
    if not shown:
        return
    cells = {
        feature.name: [
            (one, profile[one.id, feature.name])
            for one in story.segments
            if (one.id, feature.name) in profile
        ]
        for feature in shown
    }

    def spread(feature: Feature) -> float:
        scores = [row.z_score or 0 for _, row in cells[feature.name]]
        return max(scores) - min(scores)

    most = sorted(shown, key=lambda f: (-spread(f), f.name))
    title = _apart(story, most[0], cells[most[0].name])
    chosen = [feature for feature in shown if feature in most[:FEATURES_A_SLIDE]]
    caption = (
        "Means. Blue: above the mean of all, orange: below it; full colour from two "
        "standard deviations on."
    )
    if len(chosen) < len(shown):
        caption += f" {len(chosen)} of {len(shown)} features, those that differ most."
    for part in _parts(story.segments):
        page = deck.slide(
            title,
            "Source: segment_profiles, columns mean, population_mean and z_score. Each "
            "cell is the mean of a feature in a segment; its colour is the z-score, how "
            "many standard deviations that lies from the mean of all.",
        )
        page.text(
            Box(CONTENT.left, CONTENT.top, CONTENT.width, 0.35),
            [Run(caption, GREY_TEXT)],
            sizes=[BODY],
        )
        rows = [
            [
                _chip(one),
                *(
                    _heat(story, feature, profile.get((one.id, feature.name)))
                    for feature in chosen
                ),
            ]
            for one in part
        ]
        everyone = [
            story.value(feature, cells[feature.name][0][1].population_mean)
            for feature in chosen
        ]
        rows.append([Run(text, GREY_TEXT) for text in (f"All {story.many}", *everyone)])
        page.table(
            Box(CONTENT.left, CONTENT.top + 0.45, CONTENT.width, CONTENT.height - 0.45),
            ["Segment", *(feature.title for feature in chosen)],
            rows,
            widths=[None, *[1] * len(chosen)],
            centred=range(1, len(chosen) + 1),
            alt=f"Heat map of the means of {counted(len(chosen), 'feature')}: {title}",
        )


def _apart(story: Story, feature: Feature, rows: list) -> str:
    rows = [(one, row) for one, row in rows if row.mean is not None]
    rows.sort(key=lambda pair: (pair[1].mean, pair[0].id))
    if len(rows) < 2:
        return f"{feature.title} marks {_names([one for one, _ in rows])} most"
    (low, lowest), (high, highest) = rows[0], rows[-1]
    return (
        f"{shorten(feature.title, 30)} differs most: "
        f"{story.value(feature, highest.mean)} for {_named(high)}, "
        f"{story.value(feature, lowest.mean)} for {_named(low)}"
    )


def _heat(story: Story, feature: Feature, row) -> Cell:
    if row is None or row.z_score is None:
        return Cell("–")
    place = min(max((row.z_score + 2) / 4, 0), 1)
    (low, first), (high, second) = next(
        pair for pair in pairwise(DIVERGING) if place <= pair[1][0]
    )
    part = (place - low) / (high - low)
    rgb = [
        round(
            int(first[i : i + 2], 16) * (1 - part) + int(second[i : i + 2], 16) * part
        )
        for i in (1, 3, 5)
    ]
    is_dark = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2] < 128
    text = Run(story.value(feature, row.mean), "#ffffff" if is_dark else INK)
    return Cell(text, "#" + "".join(f"{part:02x}" for part in rgb))


def countries(deck: Deck, story: Story) -> None:
    """Show the mix of segments in the largest countries."""
    rows = story.rows("""
        select
            country, segment_id, entities, share_of_country,
            cast(sum(entities) over (partition by country) as bigint) as total
        from segments_by_country
        where segmentation = $segmentation and country <> 'Unknown'
        order by total desc, country, segment_id
    """)
    largest = list(dict.fromkeys((row.country, row.total) for row in rows))[:COUNTRIES]
    if len(largest) < 2 or len(story.segments) < 2:
        return
    shares = {(row.country, row.segment_id): row.share_of_country for row in rows}
    top = story.segments[0]
    # Of so many countries at most one in twenty such slides is moved by chance alone.
    limit = NormalDist().inv_cdf(1 - 0.025 / len(largest))
    gaps = [
        (shares.get((country, top.id), 0.0) - top.share, total, country)
        for country, total in largest
    ]
    notable = [
        (gap, total, country)
        for gap, total, country in gaps
        if abs(gap) > limit * (top.share * (1 - top.share) / total) ** 0.5
    ]
    name = _named(top)
    if notable:
        gap, total, country = max(notable, key=lambda one: (abs(one[0]), one[2]))
        title = (
            f"{name} are {'more' if gap > 0 else 'less'} frequent in "
            f"{shorten(country, 30)}: {share(top.share + gap)} of its "
            f"{counted(total, story.about.entity)}, {share(top.share)} of all"
        )
    else:
        low, high = min(gaps)[0] + top.share, max(gaps)[0] + top.share
        title = (
            f"In the {len(largest)} largest countries {name} are {share(low)} to "
            f"{share(high)}: no more apart than chance makes them"
        )
    page = deck.slide(
        title,
        "Source: segments_by_country, column share_of_country. Bars: how the "
        f"{story.many} of a country are spread over the segments, for the countries "
        f"with the most {story.many}, whose number is in brackets. Countries with few "
        "vary by chance: the title names one only if it differs from all by more than "
        f"{limit:.1f} standard errors (5 % in all, Bonferroni).",
    )
    chart = page.chart(
        XL_CHART_TYPE.BAR_STACKED_100,
        CONTENT,
        [f"{shorten(country, 26)} ({total:,})" for country, total in largest],
        {
            name: [shares.get((country, segment_id), 0.0) for country, _ in largest]
            for segment_id, name in _unique(story).items()
        },
        number_format="0 %",
        alt=f"Stacked bar chart of the segments in the largest countries: {title}",
        legend=XL_LEGEND_POSITION.BOTTOM,
    )
    chart.category_axis.reverse_order = True
    chart.value_axis.visible = False
    chart.value_axis.has_major_gridlines = False
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = 45, 100
    # Narrower bars have no room for a label.
    _label(plot, '[<0.055]"";0 %', "#ffffff")
    for one, segment in zip(plot.series, story.segments, strict=True):
        paint(one.format, segment.colour)
        draw(one.format, "#ffffff", 0.75)


def playbook(deck: Deck, story: Story) -> None:
    """Say who the segments are and what to do."""
    widths = (3.0, 3.6, 5.5)
    room = CONTENT.height - 0.4
    parts: list[list[Segment]] = [[]]
    used = 0.0
    for one in story.segments:
        texts = (one.name, one.who, _sentence(one.actions))
        needed = 0.2 + max(
            lines(text, BODY * 1.12, w - 0.25) * BODY * 1.2 / 72
            for text, w in zip(texts, widths, strict=True)
        )
        if parts[-1] and used + needed > room:
            parts.append([])
            used = 0.0
        parts[-1].append(one)
        used += needed
    for part in parts:
        first = next((one for one in part if one.has_playbook), None)
        if first:
            of = "revenue" if story.has_revenue else story.many
            action = first.actions[0]
            title = (
                f"{'Begin with' if part is parts[0] else 'For'} "
                f"{_named(first)}, {share(story.importance(first))} of {of}: "
                f"{action[:1].lower()}{action[1:]}"
            )
        else:
            title = f"What to do for {_names(part)} is to be agreed"
        page = deck.slide(
            title,
            "Source: segment_playbook, columns interpretation and actions; edit "
            "seeds/segments/playbook.csv to change them for good.",
        )
        page.table(
            CONTENT,
            ["Segment", "Who they are", "What to do"],
            [[_chip(one), one.who, _sentence(one.actions)] for one in part],
            widths=(None, *widths[1:]),
            alt=f"Table of actions for {counted(len(part), 'segment')}: {title}",
        )


def _sentence(actions: Sequence[str]) -> str:
    return ". ".join(actions) + "."


def trust(deck: Deck, story: Story) -> None:
    """Say how far the segments can be trusted."""
    measured = story.rows("""
        select k, silhouette, min_jaccard, structure, is_accepted, is_chosen, reason
        from k_selection
        where segmentation = $segmentation
        order by k
    """)
    chosen = next((row for row in measured if row.is_chosen), None)
    if chosen is None:
        return
    finding, meaning = STRUCTURES.get(
        chosen.structure, ("{} were chosen", "There is no verdict on their structure.")
    )
    named = "The one segment" if chosen.k == 1 else f"The {chosen.k} segments"
    title = finding.format(named, story.many)
    if chosen.min_jaccard is not None:
        title += f" (stability {chosen.min_jaccard:.2f} of 1)"
    page = deck.slide(
        title,
        "Source: k_selection. Line: mean silhouette of squared Euclidean distances for "
        "each number of segments; higher is more compact. The number of segments is not "
        "chosen by the silhouette alone, but by compactness against data without "
        "structure, times stability. Stability: min_jaccard. Structure: natural, "
        "reproducible or constructed.",
    )
    facts = [
        [Run("Number of segments. ", is_bold=True), Run(_chosen(chosen, measured))],
        [
            Run("Structure. ", is_bold=True),
            Run(meaning.replace("customers", story.many)),
        ],
    ]
    if chosen.min_jaccard is not None:
        facts.append(
            [
                Run("Stability. ", is_bold=True),
                Run(
                    f"On random halves the least stable segment keeps a Jaccard "
                    f"similarity of {chosen.min_jaccard:.2f} with its like: "
                    f"{_stable(chosen.min_jaccard)}."
                ),
            ]
        )
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
            "Mean silhouette": [row.silhouette for row in drawn],
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
    if jaccard >= 0.75:
        return "stable (from 0.75 on)"
    if jaccard >= 0.6:
        return "between stable (0.75) and not to be trusted (0.6)"
    return "not to be trusted (below 0.6)"


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
    names = _unique(story) | {
        row.segment_id: shorten(row.segment_name, 32)
        for row in rows
        if row.as_of_date in months and row.segment_id not in _unique(story)
    }
    customers = {(row.as_of_date, row.segment_id): row.customers for row in rows}

    def count(place: int, segment_id: int) -> int:
        return customers.get((months[place], segment_id), 0)

    changes = [(count(-1, one.id) - count(-2, one.id), one) for one in story.segments]
    grown, name = max(changes, key=lambda pair: (pair[0], -pair[1].id))
    month = f"{months[-1]:%B %Y}"
    if grown > 0:
        title = (
            f"{_named(name)} grew most in {month}: by "
            f"{counted(grown, 'customer')} to {count(-1, name.id):,}"
        )
    else:
        lost, name = min(changes, key=lambda pair: (pair[0], pair[1].id))
        title = f"No segment grew in {month}" + (
            f"; {_named(name)} lost most, {counted(-lost, 'customer')}"
            if lost
            else ": all have as many customers as the month before"
        )
    page = deck.slide(
        title,
        "Source: monthly_segment_sizes (columns: customers of each segment at the month "
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
        {
            name: [count(place, segment_id) for place in range(len(months))]
            for segment_id, name in names.items()
        },
        number_format=COUNT,
        alt=f"Stacked column chart of the customers of each segment in "
        f"{len(months)} months: {title}",
        legend=XL_LEGEND_POSITION.BOTTOM,
    )
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = 35, 100
    for one, segment_id in zip(plot.series, names, strict=True):
        paint(one.format, mark(segment_id).colour)
        draw(one.format, "#ffffff", 0.75)
    chart.font.size = Pt(12)
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
        "feature_drift (latest windows). Curves: had a model been kept for so many months, "
        "how far would the sizes of the segments (mix_psi), their centres "
        "(excess_inertia) and their borders (disagreement with a retrain) be off, in "
        "multiples of the threshold; the mean over past months. PSI is the population stability index: how "
        "differently two windows are spread; watch from 0.1, act from 0.25, and only "
        "above what chance may give. An alert says that customers differ, not that the "
        "segments are wrong.",
    )
    version = f"Version {advice.model_version}, trained on {story.many} "
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
        [Run("Ageing of past models, in multiples of the threshold", GREY_TEXT)],
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
        alt="Line chart of how far models of the past had aged after so many months, in "
        "multiples of the threshold of each measure.",
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
    rows = [
        [
            plain(words(row.what)),
            as_month(row.reference_date),
            "–" if row.psi is None else f"{row.psi:.2f}",
            Run(words(row.alert), ALERT_COLOURS[row.alert], row.alert != "none"),
        ]
        for row in [*drift, *features[:ALERTS]]
    ]
    if len(features) > ALERTS:
        more = counted(len(features) - ALERTS, "more alert")
        rows.append([Run(f"{more} in feature_drift", GREY_TEXT), "", "", ""])
    return rows


ALERT_COLOURS = {"none": GREY_TEXT, "watch": "#8a5a00", "act": "#a3260f"}

PAGES = (
    opening,
    glance,
    sizes,
    profiles,
    countries,
    playbook,
    trust,
    moves,
    retraining,
)
