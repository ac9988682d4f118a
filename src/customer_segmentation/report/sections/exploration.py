"""What the data look like: features, people, and what was refused."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import plotly.graph_objects as go

from customer_segmentation.presentation.palette import ACCENT, ALERT, GREY
from customer_segmentation.presentation.published import (
    Published,
    Segment,
    Segmentation,
)
from customer_segmentation.presentation.wording import (
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
    Chart,
    Section,
    Table,
    as_view,
    heatmap,
    whiskers,
)

__all__ = ["exploration"]

HISTOGRAMS = """
select feature, scale, bin, bin_low, bin_high, entities
from feature_histograms
where segmentation = $segmentation and bin is not null
order by feature, scale, bin
"""
BOXES = """
select
    feature, scale, p05, p25, median, p75, p95, minimum, maximum, entities,
    missing_entities
from feature_quantiles
where segmentation = $segmentation and segment_id is null
"""
CORRELATIONS = """
select feature, other_feature, correlation, transformed_correlation
from feature_correlations
where segmentation = $segmentation
"""
AGES = """
with people as (
    select
        customers.customer_id, customers.age_band,
        coalesce(customers.age, customers.age_from) as age,
        cast(
            case when $has_sales then spend else customers.spending_score end as double
        ) as spending,
        segments.segment_id
    from customers
    left join customer_features as features using (dataset, customer_id)
    left join customer_segments as segments
        on
            segments.segmentation = $segmentation
            and segments.entity_id = customers.customer_id
    where customers.dataset = $dataset and coalesce(customers.age, age_from) is not null
)
select
    *, count(*) over () as people, corr(age, spending) over () as correlation
from people
where spending is not null
order by md5(customer_id), customer_id
limit 1500
"""
GENDERS = """
select
    segment_id, coalesce(gender, 'Unknown') as gender, count(*) as customers
from customer_segments
inner join customers
    on
        customers.dataset = customer_segments.dataset
        and customers.customer_id = customer_segments.entity_id
where segmentation = $segmentation
group by all
order by all
"""
LOADS = """
select source_table, source, rows_read, rows_accepted, rows_refused
from source_loads
where dataset = $dataset and source <> 'none'
order by rows_read desc, source_table
"""
# A row with two reasons counts under each.
REASONS = """
with reasons as (
    select source_table, trim(unnest(string_split(reasons, ';'))) as reason
    from rejected_rows
    where dataset = $dataset
)
select source_table, reason, count(*) as rows_refused
from reasons
group by all
order by rows_refused desc, source_table, reason
limit 20
"""
TRANSFORMS = {
    "log1p": "the logarithm of 1 + x",
    "signed_log1p": "the logarithm of 1 + |x| with the sign of x",
    "yeo_johnson": "the Yeo-Johnson transform",
    "winsorise": "clipping of the extremes",
    "iqr_filter": "leaving out what lies beyond the fences of Tukey",
}


def exploration(
    published: Published, segmentation: Segmentation, segments: list[Segment]
) -> Section:
    """Show the data that the segmentation rests on."""
    loads = published.rows(LOADS, dataset=segmentation.dataset.name)
    read = sum(load.rows_read for load in loads)
    refused = sum(load.rows_refused for load in loads)
    features = published.features(segmentation.name)
    return Section(
        "data",
        "Exploration of the data",
        f"Of {counted(read, 'row')} read, {read - refused:,} were accepted and "
        f"{refused:,} refused ({share(refused / read if read else 0)}), each with its "
        f"reason. The segments rest on {counted(len(features), 'feature')}: "
        f"{listing(f.title.lower() for f in features.values())}.",
        [
            *_distributions(published, segmentation, features),
            *_correlations(published, segmentation, features),
            *_ages(published, segmentation, segments),
            *_genders(published, segmentation, segments),
            *_quality(published, segmentation, loads),
        ],
    )


def _distributions(published, segmentation, features) -> list[Chart]:
    boxes = {
        (row.feature, row.scale): row
        for row in published.rows(BOXES, segmentation=segmentation.name)
    }
    bins = {
        key: list(rows)
        for key, rows in groupby(
            published.rows(HISTOGRAMS, segmentation=segmentation.name),
            lambda row: (row.feature, row.scale),
        )
    }
    views = {}
    currency = segmentation.dataset.currency
    entities = segmentation.many
    for name, feature in features.items():
        box = boxes.get((name, "measured"))
        if box is None or not box.entities:
            continue
        done = [
            TRANSFORMS.get(part, words(part).lower())
            for part in (feature.outliers, feature.transform)
            if part != "none"
        ]
        sentence = (
            f"The middle half of the {entities} lies between {feature.value(box.p25)} "
            f"and {feature.value(box.p75, currency)}, the largest value is "
            f"{feature.value(box.maximum, currency)}. "
            + (
                f"{box.missing_entities:,} have no value. "
                if box.missing_entities
                else ""
            )
            + f"Before the fit: {listing([*done, 'the scaler'])}."
        )
        traces = []
        for place, (scale, colour) in enumerate(
            (("measured", GREY), ("transformed", ACCENT))
        ):
            traces += _distribution(
                place, bins.get((name, scale), []), boxes.get((name, scale)), colour
            )
        views[(feature.title,)] = as_view(
            sentence,
            traces,
            table=Table(
                ["Values", "From", "To", words(entities)],
                [
                    [
                        words(scale),
                        number(row.bin_low),
                        number(row.bin_high),
                        f"{row.entities:,}",
                    ]
                    for scale in ("measured", "transformed")
                    for row in bins.get((name, scale), [])
                ],
            ),
            height=520,
            showlegend=False,
            bargap=0.03,
            xaxis={
                "anchor": "y",
                "title": {"text": f"{feature.label(currency)}, as measured"},
            },
            yaxis={"domain": [0.64, 0.9], "title": {"text": words(entities)}},
            yaxis2={"domain": [0.92, 1], "visible": False},
            xaxis2={
                "anchor": "y3",
                "title": {"text": f"{label(feature.title)}, as the model sees it"},
            },
            yaxis3={
                "domain": [0.06, 0.34],
                "title": {"text": words(entities)},
                "anchor": "x2",
            },
            yaxis4={
                "domain": [0.36, 0.44],
                "visible": False,
                "anchor": "x2",
            },
        )
    if not views:
        return []
    return [
        Chart(
            "distributions",
            "Features before and after the transform",
            views,
            ["Feature"],
            "The last bar of the values as measured holds all beyond the 99th "
            "percentile. Boxes hold the middle half, whiskers nine of ten.",
        )
    ]


def _distribution(place: int, bins: list, box, colour: str) -> list:
    """Draw a histogram with a box above it, on the axes of its place."""
    if not bins or box is None:
        return []
    widths = [b.bin_high - b.bin_low for b in bins if b.bin_high > b.bin_low]
    width = min(widths, default=0)
    if not width:
        steps = np.diff([b.bin_low for b in bins])
        width = float(steps.min()) * 0.8 if len(steps) else 1
    lows = [
        b.bin_low if b.bin_high > b.bin_low else b.bin_low - width / 2 for b in bins
    ]
    x, y, box_y = (("x", "y", "y2"), ("x2", "y3", "y4"))[place]
    return [
        go.Bar(
            x=lows,
            y=[b.entities for b in bins],
            width=width,
            offset=0,
            marker_color=colour,
            customdata=[f"{number(b.bin_low)} to {number(b.bin_high)}" for b in bins],
            hovertemplate="%{customdata}: %{y:,}<extra></extra>",
            xaxis=x,
            yaxis=y,
        ),
        go.Box(
            **whiskers(box),
            y=[0],
            orientation="h",
            marker_color=colour,
            xaxis=x,
            yaxis=box_y,
        ),
    ]


def _correlations(published, segmentation, features) -> list[Chart]:
    found = published.frame(CORRELATIONS, segmentation=segmentation.name)
    names = [name for name in features if name in set(found.feature)]
    if len(names) < 2:
        return []
    views = {}
    short = wrapped([words(name) for name in names])
    for title, column in (
        ("as the model sees them", "transformed_correlation"),
        ("as measured", "correlation"),
    ):
        matrix = found.pivot(index="feature", columns="other_feature", values=column)
        matrix = matrix.loc[names, names].astype(float)
        apart = matrix.where(~np.eye(len(names), dtype=bool)).stack()
        if apart.empty:
            continue
        first, second = apart.abs().idxmax()
        r = apart[first, second]
        pair = f"{words(first)} and {words(second).lower()}"
        said = f"(correlation {f'{r:.2f}'.replace('-', '−')})"
        sentence = (
            f"No two features go together; nearest to it come {pair} {said}."
            if abs(r) < 0.1
            else f"{pair} rise together most {said}."
            if r > 0
            else f"{pair} depend on each other most: one falls as the other rises "
            f"{said}."
        )
        texts = [
            ["–" if np.isnan(v) else f"{v:.2f}".replace("-", "−") for v in row]
            for row in matrix.to_numpy()
        ]
        views[(words(title),)] = as_view(
            sentence,
            [
                heatmap(
                    matrix.to_numpy().tolist(),
                    texts,
                    wrapped([words(name) for name in names], 11),
                    short,
                    limit=1,
                    texttemplate="%{text}" if len(names) < 13 else None,
                )
            ],
            table=Table(
                ["Correlation", *map(words, names)],
                [[words(n), *row] for n, row in zip(names, texts, strict=True)],
            ),
            yaxis={"autorange": "reversed"},
            xaxis={"side": "top"},
            height=max(140 + 44 * len(names), 340),
        )
    return [
        Chart(
            "correlations",
            "Features that go together",
            views,
            ["Values"],
            "Pearson correlations: 1 rise together, −1 one rises as the other falls.",
        )
    ]


def _ages(published, segmentation, segments) -> list[Chart]:
    if segmentation.grain != "customer":
        return []
    people = published.frame(
        AGES,
        segmentation=segmentation.name,
        dataset=segmentation.dataset.name,
        has_sales=segmentation.dataset.sale_lines > 0,
    )
    if len(people) < 2:
        return []
    currency = segmentation.dataset.currency
    money = "Spending score"
    if segmentation.dataset.sale_lines:
        money = f"Spend ({currency})" if currency else "Spend"
    first = people.iloc[0]
    r = first.correlation
    strength = (
        "no"
        if np.isnan(r) or abs(r) < 0.1
        else "a weak"
        if abs(r) < 0.3
        else "a moderate"
        if abs(r) < 0.6
        else "a strong"
    )
    sentence = (
        f"Of {counted(int(first.people), 'customer')} the age and the "
        f"{money.split(' (')[0].lower()} are known: {strength} relation"
        + ("" if np.isnan(r) else f" (correlation {f'{r:.2f}'.replace('-', '−')})")
        + "."
    )
    if len(people) < first.people:
        sentence += f" Shown are {len(people):,}, drawn by a hash of their id."
    banded = people.age_band.notna().all() and people.age.nunique() < 12
    y_axis = {"rangemode": "tozero"}
    if (
        people.spending.gt(0).all()
        and people.spending.max() > 50 * people.spending.median()
    ):
        y_axis = {"type": "log"}
    known = set(people.segment_id.dropna())
    groups = [s for s in segments if s.id in known]
    traces = []
    for segment in groups:
        part = people[people.segment_id == segment.id]
        if banded:
            part = part.sort_values("age", kind="stable")
            traces.append(
                go.Box(
                    name=segment.label,
                    x=[label(band) for band in part.age_band],
                    y=part.spending,
                    marker_color=segment.mark.colour,
                    boxpoints=False,
                )
            )
        else:
            traces.append(
                go.Scatter(
                    name=segment.label,
                    mode="markers",
                    x=part.age,
                    y=part.spending,
                    marker={
                        "color": segment.mark.colour,
                        "symbol": segment.mark.symbol,
                        "size": 7,
                        "opacity": 0.7,
                    },
                )
            )
    ages = sorted(set(people.age_band.dropna())) if banded else None
    medians = people.groupby("age_band" if banded else "age").spending.median()
    return [
        Chart(
            "ages",
            "Age against spending",
            {
                (): as_view(
                    sentence,
                    traces,
                    x="Age, band" if banded else "Age, years",
                    y=money,
                    table=Table(
                        ["Age", "Median spending of those shown"],
                        [[label(str(age)), number(m)] for age, m in medians.items()],
                    ),
                    yaxis=y_axis,
                    boxmode="group",
                    height=420,
                    **(
                        {"xaxis": {"categoryorder": "array", "categoryarray": ages}}
                        if banded
                        else {}
                    ),
                )
            },
        )
    ]


def _genders(published, segmentation, segments) -> list[Chart]:
    if segmentation.grain != "customer":
        return []
    found = published.frame(GENDERS, segmentation=segmentation.name)
    if found.empty or set(found.gender) == {"Unknown"}:
        return []
    total = found.groupby("gender").customers.sum().sort_values(ascending=False)
    names = list(total.index)
    table = found.pivot_table(
        index="segment_id", columns="gender", values="customers", fill_value=0
    )
    rows = [("All", total[names])] + [
        (segment.name, table.loc[segment.id, names])
        for segment in segments
        if segment.id in table.index
    ]
    shares = {name: counts / counts.sum() for name, counts in rows}
    first = names[0]
    apart = max(
        list(shares)[1:], key=lambda n: abs(shares[n][first] - shares["All"][first])
    )
    sentence = (
        f"{share(shares['All'][first])} of all are {first.lower()}; farthest from that "
        f"are {apart}, with {share(shares[apart][first])}."
    )
    # Not colours of segments; patterns tell more than four apart.
    greys = ["#3b4856", "#9aa5b1", "#d5dbe1", "#6b7785"]
    patterns = ["", "/", ".", "x"]
    return [
        Chart(
            "genders",
            "Gender",
            {
                (): as_view(
                    sentence,
                    [
                        go.Bar(
                            name=label(gender),
                            orientation="h",
                            y=labels(list(shares), 28),
                            x=[100 * shares[name][gender] for name in shares],
                            text=[share(shares[name][gender]) for name in shares],
                            hovertemplate="%{y}: %{text}<extra></extra>",
                            marker={
                                "color": greys[place % 4],
                                "pattern": {"shape": patterns[place // 4 % 4]},
                            },
                        )
                        for place, gender in enumerate(names)
                    ],
                    x="Share, %",
                    table=Table(
                        ["Segment", *names],
                        [
                            [name, *(f"{counts[g]:,.0f}" for g in names)]
                            for name, counts in rows
                        ],
                    ),
                    barmode="stack",
                    yaxis={"autorange": "reversed"},
                    height=120 + 36 * len(rows),
                )
            },
        )
    ]


def _quality(published, segmentation, loads) -> list[Chart | Table]:
    dataset = segmentation.dataset
    reasons = published.rows(REASONS, dataset=dataset.name)
    worst = max(loads, key=lambda load: load.rows_refused / (load.rows_read or 1))
    names = labels([words(load.source_table) for load in loads])
    sentence = (
        f"{words(worst.source_table)} lost most: "
        f"{share(worst.rows_refused / worst.rows_read)} of "
        f"{counted(worst.rows_read, 'row')} were refused."
        if worst.rows_refused
        else "Every row was accepted."
    )
    chart = Chart(
        "quality",
        "Rows read, accepted and refused",
        {
            (): as_view(
                sentence,
                [
                    go.Bar(
                        name=title,
                        orientation="h",
                        y=names,
                        x=[getattr(load, column) for load in loads],
                        marker_color=colour,
                    )
                    for title, column, colour in (
                        ("Accepted", "rows_accepted", ACCENT),
                        ("Refused", "rows_refused", ALERT),
                    )
                ],
                x="Rows",
                barmode="stack",
                yaxis={"autorange": "reversed"},
                height=130 + 30 * len(loads),
            )
        },
    )
    rows = Table(
        ["Table", "Source", "Read", "Accepted", "Refused"],
        [
            [
                words(load.source_table),
                # The place of a file is nobody's business who is sent the page.
                load.source.rsplit("/", 1)[-1],
                f"{load.rows_read:,}",
                f"{load.rows_accepted:,}",
                f"{load.rows_refused:,}",
            ]
            for load in loads
        ],
        "Rows of each table",
        numeric=frozenset({2, 3, 4}),
    )
    if not reasons:
        return [chart, rows]
    return [
        chart,
        rows,
        Table(
            ["Table", "Reason", "Rows"],
            [
                [words(row.source_table), row.reason, f"{row.rows_refused:,}"]
                for row in reasons
            ],
            "Why rows were refused",
            "A row with two reasons counts under each; rejected_rows holds every row.",
            frozenset({2}),
        ),
    ]
