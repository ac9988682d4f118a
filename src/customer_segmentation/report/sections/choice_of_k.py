"""Why this number of segments, and not another."""

from __future__ import annotations

import json

import pandas as pd
import plotly.graph_objects as go

from customer_segmentation.presentation.palette import ACCENT, GREY, INK
from customer_segmentation.presentation.published import (
    Published,
    Segment,
    Segmentation,
)
from customer_segmentation.presentation.wording import (
    counted,
    listing,
    number,
    share,
    words,
)
from customer_segmentation.report.charts import (
    Cell,
    Chart,
    Section,
    Table,
    as_view,
    lines,
)

__all__ = ["choice_of_k"]

SELECTION = """
select
    k, inertia, silhouette, silhouette_standard_error, silhouette_euclidean,
    silhouette_euclidean_low, silhouette_euclidean_high, davies_bouldin,
    calinski_harabasz, smallest_share, min_jaccard, split_half_ari, score, structure,
    is_elbow, is_accepted, is_chosen, reason
from k_selection
where segmentation = $segmentation
order by k
"""
DEFINITION = """
select definition from segmentations where segmentation = $segmentation
"""
# Of a long segment every n-th entity, so that about 250 points draw it.
SILHOUETTES = """
with placed as (
    select
        segment_id, silhouette,
        row_number() over (
            partition by segment_id order by silhouette, entity_id
        ) - 1 as place,
        count(*) over (partition by segment_id) as entities
    from customer_silhouettes
    where segmentation = $segmentation and silhouette is not null
)
select segment_id, silhouette, place, entities
from placed
where
    place = entities - 1
    or floor(place * least(entities, 250) / entities)
    <> floor((place - 1) * least(entities, 250) / entities)
order by segment_id, place
"""
SILHOUETTE_MEANS = """
select
    segment_id, avg(silhouette) as mean, count(*) as entities,
    count(case when silhouette < 0 then 1 end) as nearer_elsewhere
from customer_silhouettes
where segmentation = $segmentation and silhouette is not null
group by segment_id
order by segment_id
"""
# Title, column, what is good, and how the best k is found.
CRITERIA = (
    ("Davies-Bouldin index", "davies_bouldin", "lower is better", "min"),
    ("Calinski-Harabasz index", "calinski_harabasz", "higher is better", "max"),
    ("Stability (Jaccard)", "min_jaccard", "higher is better", "max"),
    ("Agreement of halves", "split_half_ari", "higher is better", "max"),
    ("Score of the choice", "score", "higher is better", "max"),
)


def choice_of_k(
    published: Published, segmentation: Segmentation, segments: list[Segment]
) -> Section:
    """Show how the number of segments was chosen."""
    selection = published.frame(SELECTION, segmentation=segmentation.name)
    if selection.empty:
        return Section("k", "Choice of k", "No number of segments was tried.")
    definition = json.loads(
        published.rows(DEFINITION, segmentation=segmentation.name)[0].definition
    )
    chosen = selection[selection.is_chosen].iloc[0]
    rejected = int(selection.reason.str.startswith("rejected").sum())
    lead = f"k = {chosen.k} is {chosen.reason}."
    if not chosen.is_accepted:
        lead += (
            " It does not meet the rule for every other k: the smallest segment holds "
            f"{share(chosen.smallest_share)}, the least stable one has a Jaccard "
            f"similarity of {number(chosen.min_jaccard)}."
        )
    if rejected:
        lead += (
            f" {rejected} of {len(selection)} "
            f"{'was' if rejected == 1 else 'were'} rejected as too small or not stable."
        )
    return Section(
        "k",
        "Choice of k",
        lead,
        [
            _elbow(selection, chosen),
            _silhouette(selection, chosen),
            *_silhouettes(published, segmentation, segments, chosen),
            *_criteria(selection, chosen, definition),
            _table(selection),
        ],
    )


def _at_k(selection: pd.DataFrame, chosen, column: str, name: str, **more) -> list:
    """Draw a criterion over k, with a ring around the chosen one."""
    return [
        lines(name, selection.k, selection[column], ACCENT, **more),
        go.Scatter(
            name=f"Chosen, k = {chosen.k}",
            x=[int(chosen.k)],
            y=[chosen[column]],
            mode="markers",
            marker={
                "color": INK,
                "size": 14,
                "symbol": "circle-open",
                "line": {"width": 3},
            },
        ),
    ]


K_AXIS = {"dtick": 1, "title": {"text": "Number of segments, k"}}


def _elbow(selection: pd.DataFrame, chosen) -> Chart:
    elbow = selection[selection.is_elbow]
    first = selection.iloc[0]
    fall = 1 - chosen.inertia / first.inertia if first.inertia else 0
    sentence = (
        f"From k = {first.k} to k = {chosen.k} the inertia falls by {share(fall)}."
        if first.k < chosen.k
        else f"The chosen k = {chosen.k} is the first that was tried."
    )
    if len(elbow):
        at = int(elbow.iloc[0].k)
        sentence += f" The curve bends most at k = {at}" + (
            ", the chosen one." if at == chosen.k else "; that alone decides nothing."
        )
    return Chart(
        "elbow",
        "Elbow curve",
        {
            (): as_view(
                sentence,
                _at_k(selection, chosen, "inertia", "Inertia"),
                y="Inertia, sum of squared distances",
                xaxis=K_AXIS,
                yaxis={"rangemode": "tozero"},
            )
        },
    )


def _silhouette(selection: pd.DataFrame, chosen) -> Chart:
    squared = selection.assign(
        low=selection.silhouette - 1.96 * selection.silhouette_standard_error,
        high=selection.silhouette + 1.96 * selection.silhouette_standard_error,
    )
    views = {}
    for title, frame, column, low, high, interval in (
        (
            *("Euclidean", selection, "silhouette_euclidean"),
            *("silhouette_euclidean_low", "silhouette_euclidean_high"),
            "of the sampling; none where every entity was measured",
        ),
        (
            *("Squared Euclidean", squared, "silhouette", "low", "high"),
            "of the mean over entities",
        ),
    ):
        frame = frame[frame[column].notna()]
        if frame.empty:
            continue
        best = frame.loc[frame[column].idxmax()]
        own = frame[frame.k == chosen.k]
        sentence = f"The mean silhouette is highest at k = {best.k}"
        if len(own) and best.k == chosen.k:
            sentence += f", the chosen one: {number(best[column])}."
        elif len(own):
            sentence += (
                f" ({number(best[column])}); the chosen k = {chosen.k} has "
                f"{number(own.iloc[0][column])}."
            )
        else:
            sentence += "."
        error = {
            "type": "data",
            "symmetric": False,
            "array": list(frame[high] - frame[column]),
            "arrayminus": list(frame[column] - frame[low]),
            "color": ACCENT,
        }
        traces = (
            _at_k(frame, chosen, column, "Mean silhouette", error_y=error)
            if len(own)
            else [lines("Mean silhouette", frame.k, frame[column], ACCENT)]
        )
        views[(title,)] = as_view(
            f"{sentence} Bars: 95 % interval {interval}.",
            traces,
            y=f"Mean silhouette, {title.lower()}",
            xaxis=K_AXIS,
            table=Table(
                ["k", "Mean silhouette", "Low", "High"],
                [
                    [
                        str(row.k),
                        *(number(getattr(row, c)) for c in (column, low, high)),
                    ]
                    for row in frame.itertuples()
                ],
            ),
        )
    return Chart("silhouette", "Silhouette per k", views, ["Distance"])


def _silhouettes(published, segmentation, segments, chosen) -> list[Chart]:
    curves = published.frame(SILHOUETTES, segmentation=segmentation.name)
    means = {
        row.segment_id: row
        for row in published.rows(SILHOUETTE_MEANS, segmentation=segmentation.name)
    }
    present = [segment for segment in segments if segment.id in means]
    if not present:
        return []
    entities = sum(row.entities for row in means.values())
    mean = sum(row.mean * row.entities for row in means.values()) / entities
    astray = sum(row.nearer_elsewhere for row in means.values())
    best = max(present, key=lambda s: means[s.id].mean)
    worst = min(present, key=lambda s: means[s.id].mean)
    traces, start, gap = [], 0, entities * 0.02
    for segment in present[::-1]:
        curve = curves[curves.segment_id == segment.id]
        traces.append(
            go.Scatter(
                name=segment.label,
                x=list(curve.silhouette),
                y=list(start + curve.place),
                mode="lines",
                line={"color": segment.mark.colour, "width": 1.5},
                fill="tozerox",
                hovertemplate="silhouette %{x:.2f}<extra>%{fullData.name}</extra>",
            )
        )
        start += means[segment.id].entities + gap
    view = as_view(
        f"The mean is {number(mean)}; {best.name} fit best "
        f"({number(means[best.id].mean)}), {worst.name} least "
        f"({number(means[worst.id].mean)}). "
        f"{counted(astray, segmentation.entity)} of {entities:,} would lie nearer, on "
        "average, to another segment (below 0).",
        traces,
        x="Silhouette, squared Euclidean",
        y=f"{words(segmentation.many)}, sorted within their segment",
        table=Table(
            ["Segment", f"{words(segmentation.many)}", "Mean", "Below 0"],
            [
                [
                    segment.name,
                    f"{means[segment.id].entities:,}",
                    number(means[segment.id].mean),
                    f"{means[segment.id].nearer_elsewhere:,}",
                ]
                for segment in present
            ],
        ),
        yaxis={"showticklabels": False},
        shapes=[
            {
                "type": "line",
                "x0": mean,
                "x1": mean,
                "y0": 0,
                "y1": start,
                "line": {"color": INK, "dash": "dash", "width": 1},
            }
        ],
        legend={"traceorder": "reversed"},
        height=360 + 22 * len(present),
    )
    return [
        Chart(
            "silhouettes",
            f"Silhouette of each {segmentation.entity}, k = {chosen.k}",
            {(): view},
            note=f"Every {segmentation.entity} of today, in the segment that is kept; "
            "the means per k are those of the fit. The dashed line is the mean.",
        )
    ]


def _criteria(selection: pd.DataFrame, chosen, definition: dict) -> list[Chart]:
    views = {}
    for title, column, good, best_is in CRITERIA:
        frame = selection[selection[column].notna()]
        if frame.empty or chosen.k not in set(frame.k):
            continue
        best = frame.loc[getattr(frame[column], f"idx{best_is}")()]
        sentence = f"{title} ({good}) is best at k = {best.k}" + (
            ", the chosen one."
            if best.k == chosen.k
            else f"; at the chosen k = {chosen.k} it is "
            f"{number(chosen[column])} against {number(best[column])}."
        )
        traces = _at_k(frame, chosen, column, title)
        if column == "min_jaccard":
            limit = definition["minimum_jaccard"]
            traces.append(
                go.Scatter(
                    name=f"Minimum, {number(limit)}",
                    x=[int(frame.k.min()), int(frame.k.max())],
                    y=[limit, limit],
                    mode="lines",
                    line={"color": GREY, "dash": "dash"},
                )
            )
        views[(title,)] = as_view(
            sentence, traces, y=f"{title}, {good}", xaxis=K_AXIS, height=440
        )
    if not views:
        return []
    return [Chart("criteria", "Other criteria", views, ["Criterion"])]


def _table(selection: pd.DataFrame) -> Table:
    columns = (
        ("k", "k"),
        ("inertia", "Inertia"),
        ("silhouette", "Silhouette, squared"),
        ("silhouette_euclidean", "Silhouette, Euclidean"),
        ("davies_bouldin", "Davies-Bouldin"),
        ("calinski_harabasz", "Calinski-Harabasz"),
        ("smallest_share", "Smallest"),
        ("min_jaccard", "Jaccard"),
    )
    return Table(
        [*(title for _, title in columns), "Structure", "Reason"],
        [
            [
                Cell(str(row.k), ACCENT if row.is_chosen else None),
                *(
                    (share if column == "smallest_share" else number)(
                        getattr(row, column)
                    )
                    for column, _ in columns[1:]
                ),
                row.structure if isinstance(row.structure, str) else "–",
                row.reason,
            ]
            for row in selection.itertuples()
        ],
        "Every k that was tried",
        f"Tried: {listing(map(str, selection.k))}. The whole row of each stands in "
        "k_selection.",
        frozenset(range(len(columns))),
    )
