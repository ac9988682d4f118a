"""Slides that say who the segments are and what to do for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
)

from customer_segmentation.presentation.chance import least_gap, standard_errors
from customer_segmentation.presentation.palette import ACCENT, DIVERGING, GREY, INK
from customer_segmentation.presentation.published import Feature, Segment
from customer_segmentation.presentation.wording import (
    as_date,
    as_month,
    counted,
    share,
    words,
)
from customer_segmentation.slides.deck import (
    BODY,
    CONTENT,
    GREY_TEXT,
    Box,
    Cell,
    Deck,
    paint,
)
from customer_segmentation.slides.fitting import (
    BOLD,
    Run,
    height,
    lines,
    plain,
    shorten,
    width,
)
from customer_segmentation.slides.marks import (
    chip,
    label,
    named,
    stack,
    with_others,
)
from customer_segmentation.slides.story import Story

__all__ = ["countries", "glance", "opening", "playbook", "profiles", "sizes"]

# Rows of a table, or bars of a chart, that one slide shows legibly.
SEGMENTS_A_SLIDE = 10
FEATURES_A_SLIDE = 5
COUNTRIES = 6
# Of fewer, shares say nothing.
ENTITIES_OF_A_COUNTRY = 20
BAND = Box(0, 0, 13.333, 0.14)
PERCENT = "0.0 %"


def _parts(segments: Sequence[Segment]) -> Iterator[Sequence[Segment]]:
    """Split segments over as many slides as they need, evenly."""
    slides = -(-len(segments) // SEGMENTS_A_SLIDE)
    size = -(-len(segments) // slides)
    for start in range(0, len(segments), size):
        yield segments[start : start + size]


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
    page.band(BAND, [one.mark.colour for one in story.segments])
    period = (
        f"{as_month(data.first_date)} – {as_month(data.last_date)}"
        if data.first_date
        else None
    )
    facts = [
        (f"{about.entities:,}", story.about.many),
        (f"{len(story.segments)}", "segments" if story.segments[1:] else "segment"),
        (story.money(about.revenue) if story.has_revenue else None, "revenue"),
        (period, "period of the data"),
    ]
    facts = [(value, text) for value, text in facts if value]
    size = 28
    needed = [
        0.4 + max(width(value, size) * BOLD, width(text, 16)) for value, text in facts
    ]
    scale = min(CONTENT.width / sum(needed), 1.25)
    left = CONTENT.left
    for (value, text), wide in zip(facts, needed, strict=True):
        box = Box(left, 2.55, wide * scale - 0.2, 0.6)
        page.text(box, [Run(value, ACCENT, True)], sizes=[size])
        page.text(
            box._replace(top=3.15, height=0.35), [Run(text, GREY_TEXT)], sizes=[16]
        )
        left += wide * scale
    page.text(
        Box(CONTENT.left, 4.1, CONTENT.width, 0.35),
        [Run("One colour for each segment, on all slides", GREY_TEXT)],
        sizes=[16],
    )
    widest = max(width(f"■ {one.name}", BODY) * BOLD for one in story.segments)
    columns = min(max(int(CONTENT.width / (widest + 0.25)), 2), 4)
    columns = max(columns, -(-len(story.segments) // 3))
    wide = CONTENT.width / columns
    for place, one in enumerate(story.segments):
        row, column = divmod(place, columns)
        page.text(
            Box(CONTENT.left + column * wide, 4.5 + row * 0.4, wide - 0.2, 0.35),
            [chip(one)],
            sizes=[BODY],
        )
    kind = (
        f"The segments repeat a published work on the dataset {plain(data.title)}."
        if about.is_as_published
        else f"Segments of the dataset {plain(data.title)}, found by k-means."
    )
    trained = (
        f"Model version {about.model_version}, trained on {as_date(about.trained_on)} "
        f"on {counted(about.fitted_entities, about.entity)}."
    )
    notes = [Run(f"{kind} {trained}", GREY_TEXT)]
    if data.is_demo:
        notes.append(
            Run("Demo data: made up, about no real customers.", DIVERGING[0][1], True)
        )
    page.text(Box(CONTENT.left, 5.8, CONTENT.width, 1.0), notes, sizes=[BODY])


def glance(deck: Deck, story: Story) -> None:
    """List the segments with their sizes and what marks them."""
    segments = story.segments
    if len(segments) == 1:
        title = f"One segment holds all {story.about.everyone}"
    else:
        smallest, *_, largest = sorted(
            segments, key=lambda one: (one.entities, -one.id)
        )
        title = (
            f"{len(segments)} segments of {smallest.entities:,} to "
            f"{counted(largest.entities, story.about.entity)}, the largest of them "
            f"{named(largest)}"
        )
    header = ["Segment", words(story.about.many), f"Share of {story.about.many}"]
    if story.has_revenue:
        header += ["Revenue", "Share of revenue"]
    for part in _parts(segments):
        page = deck.slide(
            title,
            f"Source: segment_summary. Each row is a segment: {story.about.many}, "
            "their share, revenue and its share, and the features in which the centre "
            "of the segment lies half a standard deviation or more from the mean.",
        )
        rows = []
        for one in part:
            row = [chip(one), f"{one.entities:,}", share(one.share)]
            if story.has_revenue:
                row += [story.money(one.revenue), share(one.revenue_share)]
            rows.append([*row, one.marked_by])
        page.table(
            CONTENT,
            [*header, "What marks them"],
            rows,
            widths=[*[None] * len(header), 1],
            right=range(1, len(header)),
            alt=f"Table of {counted(len(part), 'segment')}: {title}",
            sizes=[16, BODY],
        )


def sizes(deck: Deck, story: Story) -> None:
    """Hold shares of customers against shares of revenue."""
    segments, many = story.segments, story.about.many
    if len(segments) < 2:
        return
    if story.has_revenue:
        top = max(segments, key=lambda one: (one.revenue_share - one.share, -one.id))
        title = (
            f"{named(top)} make up {share(top.share)} of {many} and bring "
            f"{share(top.revenue_share)} of revenue"
        )
    else:
        held, few = 0.0, 0
        while held < 0.5:
            held, few = held + segments[few].share, few + 1
        largest = (
            f"The {few} largest of {len(segments)} segments hold"
            if few > 1
            else f"One of {len(segments)} segments, {named(segments[0])}, holds"
        )
        title = f"{largest} {share(held)} of {many}"
    for part in _parts(segments):
        page = deck.slide(
            title,
            f"Source: segment_summary (share, revenue_share). Bars: share of {many}"
            + (
                " (grey) and share of revenue (in the segment's colour). Where the "
                "coloured bar is longer, a segment brings more than its number."
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
                        *(Run("■", one.mark.colour) for one in part),
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
        # Left alone, PowerPoint may begin the bars of like values elsewhere.
        chart.value_axis.minimum_scale = min(0.0, *(min(v) for v in series.values()))
        plot = chart.plots[0]
        plot.gap_width, plot.overlap = 45, -5
        label(plot, PERCENT)
        plot.data_labels.position = XL_LABEL_POSITION.OUTSIDE_END
        *first, last = plot.series
        for one in first:
            paint(one.format, GREY)
        paint(last.format, part[0].mark.colour)
        last.invert_if_negative = False
        for place, segment in enumerate(part):
            paint(last.points[place].format, segment.mark.colour)


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
    if not shown or len(story.segments) < 2:
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
        "Means. Blue: above the mean of all; orange: below it; full colour: by two "
        "standard deviations."
    )
    if len(chosen) < len(shown):
        caption += f" {len(chosen)} of {len(shown)} features."
    for part in _parts(story.segments):
        page = deck.slide(
            title,
            "Source: segment_profiles (mean, population_mean, z_score). A cell is the "
            "mean of a feature in a segment; its colour is the z-score, how many "
            "standard deviations that lies from the mean of all.",
        )
        page.text(
            Box(CONTENT.left, CONTENT.top, CONTENT.width, 0.35),
            [Run(caption, GREY_TEXT)],
            sizes=[BODY],
        )
        rows = [
            [
                chip(one),
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
        rows.append(
            [Run(text, GREY_TEXT) for text in (f"All {story.about.many}", *everyone)]
        )
        page.table(
            Box(CONTENT.left, CONTENT.top + 0.45, CONTENT.width, CONTENT.height - 0.45),
            ["Segment", *(plain(feature.title) for feature in chosen)],
            rows,
            widths=[None, *[1] * len(chosen)],
            centred=range(1, len(chosen) + 1),
            alt=f"Heat map of the means of {counted(len(chosen), 'feature')}: {title}",
        )


def _apart(story: Story, feature: Feature, rows: list) -> str:
    rows = [(one, row) for one, row in rows if row.mean is not None]
    rows.sort(key=lambda pair: (pair[1].mean, pair[0].id))
    if len(rows) < 2:
        return "Segments hardly differ in their means"
    (low, lowest), (high, highest) = rows[0], rows[-1]
    title = plain(feature.title)
    return (
        f"Segments differ most in {shorten(title[:1].lower() + title[1:], 30)}: "
        f"{story.value(feature, highest.mean)} for {named(high)}, "
        f"{story.value(feature, lowest.mean)} for {named(low)}"
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
    largest = [
        (country, total)
        for country, total in dict.fromkeys((row.country, row.total) for row in rows)
        if total >= ENTITIES_OF_A_COUNTRY
    ][:COUNTRIES]
    if len(largest) < 2 or len(story.segments) < 2:
        return
    shares = {(row.country, row.segment_id): row.share_of_country for row in rows}
    top = story.segments[0]
    gaps = [
        (shares.get((country, top.id), 0.0) - top.share, total, country)
        for country, total in largest
    ]
    notable = [
        (gap, total, country)
        for gap, total, country in gaps
        if abs(gap) > least_gap(top.share, total, len(largest))
    ]
    name = named(top)
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
        f"{story.about.many} of a country are spread over the segments, for the "
        f"countries with the most {story.about.many}, whose number is in brackets. "
        "Countries with few vary by chance: the title names one only if it differs "
        "from all by more than "
        f"{standard_errors(len(largest)):.1f} standard errors (5 % in all, "
        "Bonferroni).",
    )
    chart = page.chart(
        XL_CHART_TYPE.BAR_STACKED_100,
        CONTENT,
        [f"{shorten(country, 26)} ({total:,})" for country, total in largest],
        with_others(story, [country for country, _ in largest], shares),
        number_format="0 %",
        alt=f"Stacked bar chart of the segments in the largest countries: {title}",
        legend=XL_LEGEND_POSITION.BOTTOM,
    )
    chart.category_axis.reverse_order = True
    chart.value_axis.visible = False
    chart.value_axis.has_major_gridlines = False
    # Narrower bars have no room for a label.
    label(chart.plots[0], '[<0.055]"";0 %', "#ffffff")
    stack(chart, story, gap=45)


def playbook(deck: Deck, story: Story) -> None:
    """Say who the segments are and what to do."""
    widths = (3.3, 3.4, 5.4)
    room = CONTENT.height - 0.4
    parts: list[list[Segment]] = [[]]
    used = 0.0
    for one in story.segments:
        texts = (one.name, one.who, _sentence(one.actions))
        needed = 0.2 + max(
            height(lines(text, BODY * BOLD, w - 0.25), BODY)
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
            of = "revenue" if story.has_revenue else story.about.many
            action = first.actions[0]
            is_best = story.has_revenue and first is story.segments[0]
            title = (
                f"{'Begin with' if is_best else 'For'} "
                f"{named(first)}, {share(story.importance(first))} of {of}: "
                f"{action[:1].lower()}{action[1:]}"
            )
        else:
            title = (
                f"What to do for {counted(len(part), 'segment')} is to be agreed: the "
                "playbook has no actions yet"
            )
        page = deck.slide(
            title,
            "Source: segment_playbook, columns interpretation and actions; edit "
            "seeds/segments/playbook.csv to change them for good.",
        )
        page.table(
            CONTENT,
            ["Segment", "Who they are", "What to do"],
            [[chip(one), one.who, _sentence(one.actions)] for one in part],
            widths=widths,
            alt=f"Table of actions for {counted(len(part), 'segment')}: {title}",
        )


def _sentence(actions: Sequence[str]) -> str:
    return ". ".join(actions) + "."
