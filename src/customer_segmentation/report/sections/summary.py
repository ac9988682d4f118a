"""Which segments there are, how far they can be trusted, and what changed."""

from __future__ import annotations

import plotly.graph_objects as go

from customer_segmentation.presentation.published import (
    Published,
    Segment,
    Segmentation,
)
from customer_segmentation.presentation.wording import (
    amount,
    as_date,
    counted,
    listing,
    number,
    share,
    signed,
    words,
)
from customer_segmentation.report.charts import Chart, Section, as_view
from customer_segmentation.report.parts import Cards, Facts, Findings

__all__ = ["summary"]

CHOSEN = """
select k, structure, silhouette_euclidean, min_jaccard, reason
from k_selection
where segmentation = $segmentation and is_chosen
"""
CHANGES = """
select
    from_segment_id, from_segment_name, to_segment_id, to_segment_name,
    from_model_version, model_version, entities
from segment_changes
where segmentation = $segmentation
"""
LINEAGE = """
select distinct segment_name, outcome
from segment_lineage
where
    segmentation = $segmentation and model_version = $model_version
    and outcome <> 'survived'
order by outcome, segment_name
"""
STRUCTURES = {
    "natural": (
        "The segments are natural groups",
        "they come back on other halves of the data, and between all neighbours "
        "lies a valley with fewer {entities}",
    ),
    "reproducible": (
        "The segments are reproducible, not separate",
        "they come back on other halves of the data, but some neighbours pass into "
        "each other without a gap",
    ),
    "constructed": (
        "The segments are cuts through a continuum",
        "useful to treat {entities} differently, but other cuts would be as true; "
        "do not read the borders as facts",
    ),
}


def summary(
    published: Published, segmentation: Segmentation, segments: list[Segment]
) -> Section:
    """Summarise a segmentation: segments, structure, stability, changes."""
    return Section(
        "summary",
        "Summary",
        _lead(segmentation, segments),
        [
            _facts(segmentation, segments),
            Cards(segments, segmentation.entity, segmentation.dataset.currency),
            *_sizes(segmentation, segments),
            _findings(published, segmentation),
        ],
    )


def _lead(segmentation: Segmentation, segments: list[Segment]) -> str:
    entities = segmentation.many
    first = segments[0]
    if first.revenue_share is None:
        first = max(segments, key=lambda segment: segment.share)
        return (
            f"{segmentation.everyone} in "
            f"{counted(len(segments), 'segment')}. The largest, {first.name}, "
            f"holds {share(first.share)} of them."
        )
    return (
        f"{segmentation.everyone} in "
        f"{counted(len(segments), 'segment')}. {first.name} are "
        f"{share(first.share)} of the {entities} and bring "
        f"{share(first.revenue_share)} of the revenue."
    )


def _facts(segmentation: Segmentation, segments: list[Segment]) -> Facts:
    dataset = segmentation.dataset
    facts = [(words(segmentation.many), f"{segmentation.entities:,}")]
    if segmentation.revenue:
        facts.append(("Revenue", amount(segmentation.revenue, dataset.currency)))
    facts.append(("Segments", str(len(segments))))
    if dataset.first_date:
        days = f"{as_date(dataset.first_date)} to {as_date(dataset.last_date)}"
        facts.append(("Sales", days))
    facts.append(
        (
            f"Model version {segmentation.model_version}, trained",
            as_date(segmentation.trained_on),
        )
    )
    return Facts(facts)


def _sizes(segmentation: Segmentation, segments: list[Segment]) -> list[Chart]:
    if segments[0].revenue_share is None or len(segments) < 2:
        return []

    def worth(segment: Segment) -> float:
        return segment.revenue_share / (segment.share or 1)

    richest, poorest = max(segments, key=worth), min(segments, key=worth)
    largest = max(max(s.share, s.revenue_share) for s in segments)
    least = min(s.revenue_share for s in segments)
    upwards = segments[::-1]
    traces = [
        go.Bar(
            name=name,
            orientation="h",
            x=[100 * (getattr(segment, key) or 0) for segment in upwards],
            y=[segment.label for segment in upwards],
            marker={
                "color": [segment.mark.colour for segment in upwards],
                "opacity": opacity,
            },
            text=[share(getattr(segment, key)) for segment in upwards],
            textposition="outside",
            cliponaxis=False,
            hovertemplate=f"%{{y}}: %{{text}} of {what}<extra></extra>",
        )
        for name, key, what, opacity in (
            ("Revenue", "revenue_share", "revenue", 1),
            (words(segmentation.many), "share", segmentation.many, 0.5),
        )
    ]
    view = as_view(
        f"Among {richest.name} a {segmentation.entity} brings "
        f"{number(worth(richest))} times the revenue of "
        f"the average {segmentation.entity}, among {poorest.name} "
        f"{number(worth(poorest))} times.",
        traces,
        x="Share, %",
        xaxis={"range": [min(0, 150 * least), 150 * largest]},
        height=90 + 64 * len(segments),
        showlegend=False,
    )
    return [
        Chart(
            "size-and-revenue",
            "Size against revenue",
            {(): view},
            note=f"Pale: share of the {segmentation.many}. Full: share of revenue.",
            is_wide=True,
        )
    ]


def _findings(published: Published, segmentation: Segmentation) -> Findings:
    return Findings(
        [
            *_structure(published, segmentation),
            *_retraining(published, segmentation),
            _changes(published, segmentation),
        ]
    )


def _structure(published: Published, segmentation: Segmentation) -> list:
    found = []
    for chosen in published.rows(CHOSEN, segmentation=segmentation.name):
        if chosen.structure in STRUCTURES:
            title, text = STRUCTURES[chosen.structure]
            text = text.format(entities=segmentation.many)
            found.append(
                (
                    f"Structure: {chosen.structure}",
                    f"{title}: {text}. Mean silhouette, Euclidean: "
                    f"{number(chosen.silhouette_euclidean)} (1: far apart, 0: "
                    "touching).",
                )
            )
        if chosen.min_jaccard is not None:
            found.append(
                (
                    f"Stability: {number(chosen.min_jaccard)}",
                    "That share of the least stable segment comes back when the fit "
                    "is repeated on random halves (Jaccard similarity; 0.6 is the "
                    "least that counts as stable, above 0.85 is very stable).",
                )
            )
        found.append((f"k = {chosen.k}", f"{words(chosen.reason)}."))
    return found


def _retraining(published: Published, segmentation: Segmentation) -> list:
    advice = published.advice(segmentation.name)
    return [(f"The model: {advice.verdict}", advice.text)] if advice else []


def _changes(published: Published, segmentation: Segmentation) -> tuple[str, str]:
    title = "Since the last build"
    changes = published.rows(CHANGES, segmentation=segmentation.name)
    entities = segmentation.many
    if not any(change.from_segment_id is not None for change in changes):
        return title, "This is the first build with this segmentation."
    new = sum(c.entities for c in changes if c.from_segment_id is None)
    gone = sum(c.entities for c in changes if c.to_segment_id is None)
    moves = [
        change
        for change in changes
        if None not in (change.from_segment_id, change.to_segment_id)
        and change.from_segment_id != change.to_segment_id
    ]
    said = []
    if new:
        said.append(f"{counted(new, segmentation.entity)} came")
    if gone:
        said.append(f"{counted(gone, segmentation.entity)} went")
    if moves:
        moves.sort(key=lambda move: (-move.entities, move.from_segment_id))
        said.append(
            f"{counted(sum(move.entities for move in moves), segmentation.entity)} "
            "moved: "
            + listing(
                (
                    f"{move.entities:,} from {move.from_segment_name} to "
                    f"{move.to_segment_name}"
                    for move in moves
                ),
                at_most=3,
                rest="other moves",
            )
        )
    versions = {
        (c.from_model_version, c.model_version)
        for c in changes
        if None not in (c.from_model_version, c.model_version)
        and c.from_model_version != c.model_version
    }
    for then, now in sorted(versions):
        fates = published.rows(
            LINEAGE, segmentation=segmentation.name, model_version=now
        )
        said.append(
            f"model version {now} took the place of {then}"
            + "".join(f", {fate.segment_name}: {fate.outcome}" for fate in fates)
        )
    if not said:
        return title, f"Nothing changed: the same {entities} in the same segments."
    sizes = {}
    for change in changes:
        for name, sign in (
            (change.from_segment_name, -1),
            (change.to_segment_name, 1),
        ):
            if name is not None:
                sizes[name] = sizes.get(name, 0) + sign * change.entities
    grown = [
        f"{name} {signed(difference)}"
        for name, difference in sorted(sizes.items())
        if difference
    ]
    end = f" In sum: {listing(grown)}." if grown else ""
    return title, f"{'; '.join(said)}.{end}"
