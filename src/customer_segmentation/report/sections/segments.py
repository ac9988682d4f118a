"""How the segments differ: countries, profiles, maps, rules, people, spreads."""

from __future__ import annotations

from html import unescape
from itertools import groupby, product

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from customer_segmentation.presentation.chance import least_gap, standard_errors
from customer_segmentation.presentation.palette import INK
from customer_segmentation.presentation.published import (
    Published,
    Segment,
    Segmentation,
)
from customer_segmentation.presentation.wording import (
    amount,
    counted,
    label,
    labels,
    listing,
    number,
    share,
    words,
    wrapped,
)
from customer_segmentation.report.charts import (
    Cell,
    Chart,
    Section,
    Table,
    as_view,
    heatmap,
    whiskers,
)

__all__ = ["segments"]

COUNTRIES = """
with countries as (
    select country, sum(entities) as entities
    from segments_by_country
    where segmentation = $segmentation and country <> 'Unknown'
    group by country
    order by entities desc, country
    limit 8
)
select
    country, segment_id, segments.entities, share_of_country,
    cast(revenue as double) as revenue, countries.entities as entities_of_country
from segments_by_country as segments
inner join countries using (country)
where segmentation = $segmentation
order by countries.entities desc, country, segment_id
"""
PROFILES = """
select
    segment_id, feature, mean, median, z_score, index_to_population, is_notable
from segment_profiles
where segmentation = $segmentation
order by feature, segment_id
"""
# A page of many segmentations draws fewer points of each, to stay light.
POINTS_OF_A_PAGE = 30_000
POINTS = """
select
    entity_id, segment_id, feature, feature_value, scaled_value, pca_1, pca_2, pca_3
from segment_points
where
    segmentation = $segmentation
    and cast('0x' || substr(md5('page' || entity_id), 1, 15) as bigint)
    < $part * power(2, 60)
order by segment_id, entity_id, feature
"""
CENTRES = """
select
    segment_id, feature, feature_position, centroid,
    sum((centroid - pca_origin) * pca_1) over (partition by segment_id) as pca_1,
    sum((centroid - pca_origin) * pca_2) over (partition by segment_id) as pca_2,
    sum((centroid - pca_origin) * pca_3) over (partition by segment_id) as pca_3
from segmentation_models
where segmentation = $segmentation and is_current
order by segment_id, feature_position
"""
SPANS = """
select segment_name
from customer_segments
where segmentation = $segmentation and distance is not null
group by segment_id, segment_name
order by avg(distance), segment_id
"""
RULES = """
select segment_id, rule, accuracy, coverage, fidelity, entities_under_rule
from segment_rules
where segmentation = $segmentation
order by segment_id
"""
DEMOGRAPHICS = """
select
    attribute, attribute_value, segment_id, segment_name, entities, share_of_segment,
    share_of_population, index_to_population, adjusted_residual, representation
from segment_demographics
where segmentation = $segmentation
order by attribute, attribute_value, segment_id
"""
QUANTILES = """
select feature, scale, segment_id, p05, p25, median, p75, p95, minimum, maximum
from feature_quantiles
where segmentation = $segmentation and segment_id is not null and entities > 0
order by feature, scale, segment_id
"""


def segments(
    published: Published, segmentation: Segmentation, segments: list[Segment]
) -> Section:
    """Show how the segments differ."""
    features = published.features(segmentation.name)
    blocks = [
        *_profiles(published, segmentation, segments, features),
        *_countries(published, segmentation, segments),
        *_maps(published, segmentation, segments, features),
        *_boxes(published, segmentation, segments, features),
        *_demographics(published, segmentation, segments),
        *_rules(published, segmentation, segments),
    ]
    marked = [f"{segment.name}: {segment.marks}" for segment in segments[:6]]
    if len(segments) > 6:
        marked.append(f"{len(segments) - 6} more")
    return Section("segments", "Segments", f"{'; '.join(marked)}.", blocks)


def _profiles(published, segmentation, segments, features) -> list[Chart]:
    profiles = published.frame(PROFILES, segmentation=segmentation.name)
    if profiles.empty:
        return []
    currency = segmentation.dataset.currency
    by_place = {(row.segment_id, row.feature): row for row in profiles.itertuples()}

    # Nobody may be in a segment of a frozen model.
    def cell(place: tuple, shown: str) -> str:
        if place not in by_place:
            return "–"
        value = getattr(by_place[place], shown)
        if shown == "index_to_population":
            return number(value)
        return features[place[1]].value(value)

    columns = wrapped([segment.name for segment in segments])
    rows = wrapped([unescape(f.label(currency)) for f in features.values()])
    values = [
        [by_place[s.id, f].z_score if (s.id, f) in by_place else None for s in segments]
        for f in features
    ]
    views = {}
    for title, shown in (
        ("Index, all = 100", "index_to_population"),
        ("Mean", "mean"),
        ("Median", "median"),
    ):
        texts = [[cell((s.id, f), shown) for s in segments] for f in features]
        sentence = _extreme(profiles, segments, features, shown, currency)
        views[(title,)] = as_view(
            sentence,
            [heatmap(values, texts, columns, rows, limit=2)],
            table=Table(
                ["Feature", *(segment.name for segment in segments)],
                [
                    [feature.title, *row]
                    for feature, row in zip(features.values(), texts, strict=True)
                ],
            ),
            yaxis={"autorange": "reversed"},
            xaxis={"side": "top"},
            height=110 + 44 * len(features),
        )
    return [
        Chart(
            "profiles",
            "What sets them apart",
            views,
            ["Numbers"],
            "Blue lies above the mean of all, orange below, in standard deviations.",
            is_wide=True,
        )
    ]


def _extreme(profiles, segments, features, shown: str, currency) -> str:
    """Say which segment stands out most, in the numbers that are shown."""
    scores = profiles.z_score.abs()
    if len(segments) < 2 or scores.isna().all():
        return "With one segment every mean is that of all."
    extreme = profiles.loc[scores.idxmax()]
    feature = features[extreme.feature]
    name = next(s.name for s in segments if s.id == extreme.segment_id)
    side = "above" if extreme.z_score > 0 else "below"
    if shown == "index_to_population":
        value = f"an index of {number(extreme[shown])}"
    else:
        value = f"a {shown} of {feature.value(extreme[shown], currency)}"
    return (
        f"{name} stand out most: in {feature.title.lower()} they have {value}, and "
        f"their mean lies {number(abs(extreme.z_score))} standard deviations {side} "
        f"that of all. {int(profiles.is_notable.sum())} of {len(profiles)} means are "
        "notable: at most 80 or at least 120 where all are 100."
    )


def _countries(published, segmentation, segments) -> list[Chart]:
    countries = published.frame(COUNTRIES, segmentation=segmentation.name)
    if countries.country.nunique() < 2:
        return []
    names = list(dict.fromkeys(countries.country))
    whole = {segment.id: segment.share for segment in segments}
    called = {segment.id: segment.name for segment in segments}
    entities = segmentation.many
    known = countries[countries.entities_of_country >= 20]
    # Chance alone makes one of so many shares look odd.
    notable = [
        (row.share_of_country - whole[row.segment_id], row)
        for row in known.itertuples()
        if row.share_of_country - whole[row.segment_id]
        > least_gap(whole[row.segment_id], row.entities_of_country, len(known))
    ]
    if notable:
        _, most = max(notable, key=lambda pair: pair[0])
        sentence = (
            f"{called[most.segment_id]} are strongest in {most.country}: "
            f"{share(most.share_of_country)} of the {entities} there, "
            f"{share(whole[most.segment_id])} in all."
        )
    else:
        tested = counted(known.country.nunique(), "country")
        sentence = (
            f"In none of the {tested} with at least 20 {entities} is a segment "
            "stronger than chance makes it."
            if len(known)
            else f"No country has the 20 {entities} that it takes to compare."
        )
    views = {}
    currency = segmentation.dataset.currency
    for title, column, scale in (
        (f"Share of the country's {entities}", "share_of_country", 100),
        (words(entities), "entities", 1),
        ("Revenue", "revenue", 1),
    ):
        if column == "revenue" and not segmentation.revenue:
            continue
        table = countries.pivot(index="country", columns="segment_id", values=column)
        table = table.reindex(names).fillna(0)
        if column != "share_of_country":
            largest = table.sum(axis=1)
            whose = called[table.loc[largest.idxmax()].idxmax()]
            size = (
                amount(largest.max(), currency)
                if column == "revenue"
                else counted(int(largest.max()), segmentation.entity)
            )
            sentence = f"{largest.idxmax()} has most, {size}; most of it in {whose}."
        views[(title,)] = as_view(
            sentence,
            [
                go.Bar(
                    name=segment.label,
                    x=labels(names, 20),
                    y=[
                        scale * value
                        for value in table.get(segment.id, pd.Series(0.0, index=names))
                    ],
                    marker_color=segment.mark.colour,
                )
                for segment in segments
            ],
            y=f"{title}{', %' if scale == 100 else ''}"
            + (f", {currency}" if column == "revenue" and currency else ""),
            barmode="group",
            height=400,
        )
    return [Chart("countries", "By country", views, ["Show"], is_wide=True)]


def _maps(published, segmentation, segments, features) -> list[Chart]:
    part = min(1, POINTS_OF_A_PAGE / (1500 * len(published.segmentations)))
    points = published.frame(POINTS, segmentation=segmentation.name, part=part)
    centres = published.frame(CENTRES, segmentation=segmentation.name)
    if points.empty:
        return []
    entity = segmentation.entity
    scaled = points.pivot(index="entity_id", columns="feature", values="scaled_value")
    values = points.pivot(index="entity_id", columns="feature", values="feature_value")
    each = points.drop_duplicates("entity_id").set_index("entity_id").join(scaled)
    middle = centres.pivot(index="segment_id", columns="feature", values="centroid")
    middle = middle.join(
        centres.drop_duplicates("segment_id").set_index("segment_id")[
            ["pca_1", "pca_2", "pca_3"]
        ]
    )
    # Names stand once in a template: the points' own text is most of the page.
    told = list(features.items())[:6]
    hover = {
        key: [label(key, 60), *(feature.value(row[name]) for name, feature in told)]
        for key, row in values.to_dict("index").items()
    }
    template = "<br>".join(
        [
            f"{words(entity)} %{{customdata[0]}}",
            *(
                f"{label(feature.title)}: %{{customdata[{at}]}}"
                for at, (_, feature) in enumerate(told, start=1)
            ),
        ]
    )
    shown = len(each)
    sample = (
        f"{shown:,} of {segmentation.entities:,} {entity}s, drawn by a hash of their "
        "id."
        if shown < segmentation.entities
        else f"All {shown:,} {entity}s."
    )
    charts = []
    components = [c for c in ("pca_1", "pca_2", "pca_3") if each[c].notna().all()]
    spans = published.rows(SPANS, segmentation=segmentation.name)
    said = sample
    if len(spans) > 1:
        said = (
            f"{spans[0].segment_name} lie closest around their centre, "
            f"{spans[-1].segment_name} are the most mixed. {sample}"
        )
    if len(components) > 1:
        view = as_view(
            said,
            _clouds(each, middle, segments, components[:2], hover, template),
            x="First principal component",
            y="Second principal component",
            table=_centre_table(middle, segments, features),
            legend={"itemsizing": "constant"},
            height=460,
        )
        charts.append(
            Chart(
                "map",
                "Map of the segments",
                {(): view},
                note="Near points are alike in all features. Rings mark the centres.",
            )
        )
    axes = {}
    if len(components) == 3:
        axes["Principal components"] = components
    for start in range(0, min(len(features), 12), 3):
        chosen = list(features)[max(min(start, len(features) - 3), 0) :][:3]
        if len(chosen) == 3:
            axes.setdefault(listing(map(words, chosen)), chosen)
    views = {}
    for title, columns in axes.items():
        names = [words(column).replace("Pca ", "Component ") for column in columns]
        views[(title,)] = as_view(
            said,
            _clouds(each, middle, segments, columns),
            table=_centre_table(middle, segments, features),
            legend={"itemsizing": "constant"},
            height=460,
            scene={"camera": {"eye": {"x": 1.35, "y": 1.35, "z": 0.9}}}
            | {
                axis: {"title": {"text": label(name, 22)}}
                for axis, name in zip(("xaxis", "yaxis", "zaxis"), names, strict=True)
            },
            margin={"l": 0, "r": 0, "t": 0, "b": 0},
        )
    if views:
        charts.append(
            Chart(
                "space",
                "The segments in space",
                views,
                ["Axes"],
                "Drag it, or turn it with the buttons. Features are shown as the model "
                "sees them: transformed and scaled.",
            )
        )
    return charts


def _clouds(each, middle, segments, columns, hover=None, template=None) -> list:
    flat = len(columns) == 2
    scatter = go.Scatter if flat else go.Scatter3d
    axes = "xy" if flat else "xyz"
    traces = []
    for segment in segments:
        part = each[each.segment_id == segment.id]
        traces.append(
            scatter(
                name=segment.label,
                mode="markers",
                customdata=[hover[key] for key in part.index] if hover else None,
                hovertemplate=template and f"{template}<extra>{segment.label}</extra>",
                marker={
                    "color": segment.mark.colour,
                    "size": 6 if flat else 3,
                    "opacity": 0.55,
                    "symbol": segment.mark.symbol if flat else "circle",
                },
                **{
                    axis: part[column].to_numpy(np.float32)
                    for axis, column in zip(axes, columns, strict=True)
                },
            )
        )
    for segment in segments:
        if segment.id not in middle.index:
            continue
        centre = middle.loc[segment.id]
        traces.append(
            scatter(
                name=f"Centre of {segment.label}",
                mode="markers",
                showlegend=False,
                hovertemplate=f"Centre of {segment.label}<extra></extra>",
                marker={
                    "color": segment.mark.colour,
                    "size": 16 if flat else 9,
                    "symbol": "circle",
                    "line": {"color": INK, "width": 2},
                },
                **{
                    axis: [float(centre[column])]
                    for axis, column in zip(axes, columns, strict=True)
                },
            )
        )
    return traces


def _centre_table(middle, segments, features) -> Table:
    return Table(
        ["Centre, scaled", *map(words, features)],
        [
            [
                segment.name,
                *(number(middle.loc[segment.id, f]) for f in features),
            ]
            for segment in segments
            if segment.id in middle.index
        ],
    )


def _boxes(published, segmentation, segments, features) -> list[Chart]:
    quantiles = published.frame(QUANTILES, segmentation=segmentation.name)
    views = {}
    found = {
        key: {row.segment_id: row for row in rows}
        for key, rows in groupby(
            quantiles.itertuples(), lambda row: (row.feature, row.scale)
        )
    }
    currency = segmentation.dataset.currency
    for feature, (scale, seen) in product(
        features.values(),
        (("measured", "as measured"), ("transformed", "as the model sees it")),
    ):
        of = found.get((feature.name, scale), {})
        if not of:
            continue
        present = [s for s in segments if s.id in of]
        names = wrapped([s.name for s in present], 12)
        medians = {s.name: of[s.id].median for s in present}
        top, low = max(medians, key=medians.get), min(medians, key=medians.get)
        measured = scale == "measured"
        value = feature.value if measured else number
        unit = [currency] if measured else []
        title = feature.title
        sentence = (
            f"Half of {top} lie at {value(medians[top], *unit)} or more in "
            f"{title.lower()}, half of {low} at {value(medians[low], *unit)} or less."
            if medians[top] > medians[low]
            else f"The median {title.lower()} is {value(medians[top], *unit)} in all "
            "segments."
        )
        views[(title, seen)] = as_view(
            sentence,
            [
                go.Box(
                    name=name,
                    x=[name],
                    **whiskers(of[segment.id]),
                    marker_color=segment.mark.colour,
                )
                for segment, name in zip(present, names, strict=True)
            ],
            y=feature.label(currency) if measured else f"{label(title)}, scaled",
            table=Table(
                ["Segment", "Minimum", "5 %", "25 %", "Median", "75 %", "95 %"]
                + ["Maximum"],
                [
                    [
                        segment.name,
                        *(
                            value(getattr(of[segment.id], column))
                            for column in (
                                *("minimum", "p05", "p25", "median"),
                                *("p75", "p95", "maximum"),
                            )
                        ),
                    ]
                    for segment in present
                ],
            ),
            showlegend=False,
            height=380,
        )
    if not views:
        return []
    return [
        Chart(
            "spreads",
            "Spread within the segments",
            views,
            ["Feature", "Values"],
            "Boxes hold the middle half, whiskers nine of ten.",
        )
    ]


def _demographics(published, segmentation, segments) -> list[Chart]:
    found = published.frame(DEMOGRAPHICS, segmentation=segmentation.name)
    views = {}
    for attribute, rows in found.groupby("attribute", sort=True):
        values = list(dict.fromkeys(rows.attribute_value))
        place = {(r.segment_id, r.attribute_value): r for r in rows.itertuples()}
        present = [s for s in segments if s.id in set(rows.segment_id)]
        # One of so many cells looks odd by luck.
        notable = rows[rows.adjusted_residual.abs() > standard_errors(len(rows))]
        notable = notable.sort_values(
            "adjusted_residual", key=abs, ascending=False, kind="stable"
        )
        said = [
            f"{r.attribute_value} is "
            f"{'over' if r.adjusted_residual > 0 else 'under'}-represented among "
            f"{r.segment_name} ({share(r.share_of_segment)} against "
            f"{share(r.share_of_population)} of all)"
            for r in notable.head(3).itertuples()
        ]
        name = words(attribute)
        sentence = (
            f"{listing(said)}."
            if said
            else f"{name} is spread over the segments as chance would do it."
        )

        def cells(of, values=values, present=present, place=place):
            return [
                [of(place[s.id, v]) if (s.id, v) in place else None for s in present]
                for v in values
            ]

        texts = cells(
            lambda row: (
                "–"
                if pd.isna(row.index_to_population)
                else number(round(row.index_to_population))
            )
        )
        views[(name,)] = as_view(
            sentence,
            [
                heatmap(
                    cells(lambda row: row.adjusted_residual),
                    texts,
                    wrapped([segment.name for segment in present]),
                    wrapped(values),
                    limit=5,
                    hovers=cells(
                        lambda row: (
                            f"{share(row.share_of_segment)} of the segment, "
                            f"{share(row.share_of_population)} of all, "
                            f"{counted(row.entities, segmentation.entity)}"
                        )
                    ),
                )
            ],
            table=Table(
                [name, *(segment.name for segment in present)],
                [
                    [value, *(text or "–" for text in row)]
                    for value, row in zip(values, texts, strict=True)
                ],
            ),
            yaxis={"autorange": "reversed", "type": "category"},
            xaxis={"side": "top"},
            height=110 + 40 * len(values),
        )
    if not views:
        return []
    return [
        Chart(
            "demographics",
            "Who they are",
            views,
            ["Attribute"],
            "100: as common as among all. Blue is over-represented, orange under; the "
            "colour is the adjusted residual, so that chance stays pale.",
        )
    ]


def _rules(published, segmentation, segments) -> list[Table]:
    rules = {
        rule.segment_id: rule
        for rule in published.rows(RULES, segmentation=segmentation.name)
    }
    shown = [segment for segment in segments if segment.id in rules]
    if not shown:
        return []
    accuracy = rules[shown[0].id].accuracy
    return [
        Table(
            ["Segment", "Rule", "Right of those it names", "Named of the segment"],
            [
                [
                    Cell(segment.name, segment.mark.colour),
                    rules[segment.id].rule,
                    share(rules[segment.id].fidelity),
                    share(rules[segment.id].coverage),
                ]
                for segment in shown
            ],
            "The segments as rules",
            f"{share(accuracy)} of the {segmentation.many} meet the rule of their "
            "own segment.",
            frozenset({2, 3}),
        )
    ]
