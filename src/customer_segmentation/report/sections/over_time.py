"""How segments, customers and the model change from month to month."""

from __future__ import annotations

from itertools import groupby, islice

import plotly.graph_objects as go

from customer_segmentation.presentation.palette import ACCENT, ALERT, GREY, INK, mark
from customer_segmentation.presentation.published import (
    Published,
    Segmentation,
)
from customer_segmentation.presentation.wording import (
    amount,
    as_month,
    counted,
    label,
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
    lines,
)

__all__ = ["over_time"]

SIZES = """
select
    as_of_date, segment_id, segment_name, customers, share,
    cast(revenue as double) as revenue, revenue_share, mean_distance
from monthly_segment_sizes
where segmentation = $segmentation
order by segment_id, as_of_date
"""
TRANSITIONS = """
select
    as_of_date, from_state, from_segment_id, from_segment_name, to_state,
    to_segment_id, to_segment_name, customers, cast(revenue as double) as revenue
from segment_transitions
where segmentation = $segmentation and customers > 0
order by as_of_date desc, from_segment_id nulls last, from_state,
    to_segment_id nulls last, to_state
"""
DRIFT = """
select
    comparison, unit, feature, psi, psi_by_chance, reference_date, as_of_date,
    reference_mean, current_mean, alert
from feature_drift
where dataset = $dataset and is_latest and psi is not null
order by comparison, unit, psi desc, feature
"""
MIX = """
select comparison, mix_psi, mix_psi_by_chance, alert, reference_date, as_of_date
from segment_drift
where segmentation = $segmentation and is_latest
order by comparison
"""
BACKTEST = """
select measure, lag_months, value, low, high, threshold, is_crossed, cut_offs
from retraining_backtest
where segmentation = $segmentation
order by measure, lag_months
"""
MEASURES = {
    "disagreement": "It is 1 less the adjusted Rand index of the frozen model and a "
    "retrain",
    "excess_inertia": "It is the inertia of the frozen model by that of a retrain, "
    "less 1",
    "feature_psi": "It is the population stability index of the feature that shifted "
    "most",
    "mix_psi": "It is the population stability index of the segments' sizes",
}
TITLES = {
    "disagreement": "Disagreement",
    "excess_inertia": "Excess inertia",
    "feature_psi": "Shift of a feature (PSI)",
    "mix_psi": "Shift of the sizes (PSI)",
}
COMPARISONS = {
    "since_reference": "Since the first months",
    "since_training": "Since the training",
    "year_on_year": "Against a year ago",
}
UNITS = {"customer": "Customers", "sale": "Sales"}


def over_time(published: Published, segmentation: Segmentation) -> Section:
    """Show what changed over time, and when to train again."""
    charts = [
        *_sizes(published, segmentation),
        *_transitions(published, segmentation),
        *_drift(published, segmentation),
        *_backtest(published, segmentation),
    ]
    advice = published.advice(segmentation.name)
    lead = f"Advice: {advice.verdict}. {advice.text}" if advice else ""
    if segmentation.as_of_date is None:
        lead = "The data have no dates, and so no history."
    elif not charts:
        lead += " There is no history to draw."
    return Section("time", "Over time", lead, charts)


def _sizes(published, segmentation) -> list[Chart]:
    sizes = published.frame(SIZES, segmentation=segmentation.name)
    if sizes.as_of_date.nunique() < 2:
        return []
    currency = segmentation.dataset.currency
    views = {}
    for title, column, unit, factor in (
        (f"Share of {segmentation.many}", "share", "%", 100),
        (words(segmentation.many), "customers", None, 1),
        ("Revenue of the month", "revenue", currency, 1),
        ("Share of revenue", "revenue_share", "%", 100),
    ):
        ends = sizes.pivot(index="segment_name", columns="as_of_date", values=column)
        if ends.isna().all(axis=None):
            continue
        ends = ends.fillna(0)[[ends.columns[0], ends.columns[-1]]]
        most = (ends.iloc[:, 1] - ends.iloc[:, 0]).abs().idxmax()
        then, now = (
            share(value) if factor == 100 else amount(value, unit)
            for value in ends.loc[most]
        )
        views[(title,)] = as_view(
            f"{title}: from {as_month(ends.columns[0])} to "
            f"{as_month(ends.columns[1])} {most} changed most, from {then} to {now}.",
            [
                lines(
                    label(rows.segment_name.iloc[0], 60),
                    rows.as_of_date.dt.strftime("%Y-%m"),
                    factor * rows[column],
                    mark(int(segment_id)).colour,
                    line={"dash": mark(int(segment_id)).dash},
                    marker={"symbol": mark(int(segment_id)).symbol},
                )
                for segment_id, rows in sizes.groupby("segment_id")
            ],
            y=f"{title}, {unit}" if unit else title,
            xaxis={"hoverformat": "%b %Y"},
            yaxis={"rangemode": "tozero"},
            height=420,
        )
    return [
        Chart(
            "sizes",
            "Sizes of the segments",
            views,
            ["Show"],
            f"At month ends; {segmentation.many} who are inactive keep their segment.",
            is_wide=True,
        )
    ]


MONTHS = 12
STATES = {
    "new": "New",
    "inactive": "Inactive",
    "outside": "Outside the segmentation",
    "segment": "In a segment",
}


def _transitions(published, segmentation) -> list[Chart]:
    moves = published.rows(TRANSITIONS, segmentation=segmentation.name)
    views = {}
    months = groupby(moves, lambda move: move.as_of_date)
    for day, rows in islice(months, MONTHS):
        rows = list(rows)
        # Segments first, in the order of their ids, then the states.
        before = _nodes(
            (r.from_segment_id, r.from_segment_name, r.from_state) for r in rows
        )
        after = _nodes((r.to_segment_id, r.to_segment_name, r.to_state) for r in rows)
        place = {("before", key): at for at, key in enumerate(before)}
        place |= {("after", key): len(before) + at for at, key in enumerate(after)}
        nodes = [*before.values(), *after.values()]
        total = sum(row.customers for row in rows)
        moved = [
            row
            for row in rows
            if (row.from_segment_id, row.from_state)
            != (row.to_segment_id, row.to_state)
        ]
        moved.sort(key=lambda row: -row.customers)
        gone = sum(row.customers for row in moved)
        said = [f"{row.customers:,} {_said(row)}" for row in moved]
        sentence = (
            f"In {as_month(day)} {counted(gone, segmentation.entity)} of {total:,} "
            f"({share(gone / total)}) came, moved or fell silent"
            + (f": {listing(said, 3, 'smaller moves')}." if said else ".")
        )
        views[(as_month(day),)] = as_view(
            sentence,
            [
                go.Sankey(
                    node={
                        "label": [name for name, _ in nodes],
                        "color": [colour for _, colour in nodes],
                        "pad": 14,
                        "thickness": 16,
                        "line": {"width": 0},
                        "hovertemplate": "%{label}: %{value:,}<extra></extra>",
                    },
                    link={
                        "source": [
                            place["before", (r.from_segment_id, r.from_state)]
                            for r in rows
                        ],
                        "target": [
                            place["after", (r.to_segment_id, r.to_state)] for r in rows
                        ],
                        "value": [row.customers for row in rows],
                        "color": [
                            _pale(before[r.from_segment_id, r.from_state][1], 0.35)
                            for r in rows
                        ],
                        "hovertemplate": "%{source.label} to %{target.label}: "
                        "%{value:,}<extra></extra>",
                    },
                    valueformat=",",
                )
            ],
            table=Table(
                ["From", "To", words(segmentation.many)],
                [[_name(r, "from"), _name(r, "to"), f"{r.customers:,}"] for r in rows],
            ),
            height=460,
            margin={"l": 8, "r": 8, "t": 16, "b": 16},
        )
    if not views:
        return []
    return [
        Chart(
            "transitions",
            "Who went where",
            views,
            ["Month"],
            f"Left: the month end before; right: that of the month. The last {MONTHS} "
            "months can be chosen; segment_transitions holds all.",
            is_wide=True,
        )
    ]


def _name(row, side: str) -> str:
    return getattr(row, f"{side}_segment_name") or STATES[getattr(row, f"{side}_state")]


def _said(row) -> str:
    """Tell a move in words."""
    if row.to_state == "segment":
        if row.from_state == "new":
            return f"new in {row.to_segment_name}"
        if row.from_state == "inactive":
            return f"active again in {row.to_segment_name}"
    if row.from_state == "segment" and row.to_state == "inactive":
        return f"of {row.from_segment_name} fell silent"
    return f"from {_name(row, 'from')} to {_name(row, 'to')}"


def _nodes(keys) -> dict:
    """Give each end of a move its label and colour, segments first."""
    found = {(segment, state): name for segment, name, state in keys}
    ordered = sorted(found, key=lambda key: (key[0] is None, key[0] or 0, key[1]))
    return {
        (segment, state): (
            (label(found[segment, state], 28), mark(segment).colour)
            if segment is not None
            else (STATES[state], GREY)
        )
        for segment, state in ordered
    }


def _pale(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"


def _drift(published, segmentation) -> list[Chart]:
    drift = published.frame(DRIFT, dataset=segmentation.dataset.name)
    mix = {
        row.comparison: row
        for row in published.rows(MIX, segmentation=segmentation.name)
    }
    views = {}
    for (comparison, unit), rows in drift.groupby(["comparison", "unit"], sort=True):
        alerts = rows[rows.alert != "none"]
        first = rows.iloc[0]
        beyond = int((rows.psi > rows.psi_by_chance).sum())
        sentence = (
            f"{listing(map(words, alerts.feature))} "
            f"{'raises' if len(alerts) == 1 else 'raise'} an alert"
            if len(alerts)
            else f"No feature of the {UNITS[unit].lower()} raises an alert"
        )
        sentence += (
            f" between the windows that end with {as_month(first.reference_date)} and "
            f"{as_month(first.as_of_date)}; {beyond} of {len(rows)} differ by more "
            "than chance makes."
        )
        if comparison in mix and unit == segmentation.grain:
            row = mix[comparison]
            sentence += (
                f" The sizes of the segments: PSI {number(row.mix_psi)}, chance makes "
                f"up to {number(row.mix_psi_by_chance)}; alert: {row.alert}."
            )
        names = wrapped([words(feature) for feature in rows.feature], 18)
        views[(f"{UNITS[unit]}, {COMPARISONS[comparison].lower()}",)] = as_view(
            sentence,
            [
                go.Bar(
                    name="PSI",
                    orientation="h",
                    y=names,
                    x=list(rows.psi),
                    marker_color=[
                        {"none": GREY, "watch": ALERT, "act": ALERT}[alert]
                        for alert in rows.alert
                    ],
                    customdata=list(rows.alert),
                    hovertemplate="%{y}: %{x:.3f}, alert: %{customdata}<extra></extra>",
                    showlegend=False,
                ),
                go.Scatter(
                    name="By chance, 1 of 20",
                    mode="markers",
                    y=names,
                    x=list(rows.psi_by_chance),
                    marker={
                        "symbol": "line-ns",
                        "size": 14,
                        "line": {"color": INK, "width": 2},
                    },
                ),
            ],
            x="PSI",
            table=Table(
                ["Feature", "PSI", "By chance", "Mean then", "Mean now", "Alert"],
                [
                    [
                        words(row.feature),
                        *(
                            number(value)
                            for value in (
                                *(row.psi, row.psi_by_chance),
                                *(row.reference_mean, row.current_mean),
                            )
                        ),
                        row.alert,
                    ]
                    for row in rows.itertuples()
                ],
            ),
            yaxis={"autorange": "reversed"},
            height=120 + 28 * len(rows),
        )
    if not views:
        return []
    return [
        Chart(
            "drift",
            "Drift per feature",
            views,
            ["Compare"],
            "An alert needs a PSI above 0.1 (watch) or 0.25 (act), and above what "
            "chance makes of windows of that size.",
        )
    ]


def _backtest(published, segmentation) -> list[Chart]:
    curves = published.frame(BACKTEST, segmentation=segmentation.name)
    views = {}
    for measure, rows in curves.groupby("measure", sort=True):
        crossed = rows[rows.is_crossed]
        title = TITLES[measure]
        months = list(rows.lag_months)
        limit = number(rows.threshold.iloc[0])
        sentence = (
            f"{title} is above {limit} by more than chance from "
            f"{counted(int(crossed.lag_months.min()), 'month')} after the training on."
            if len(crossed)
            else f"{title} does not cross {limit} by more than chance within "
            f"{counted(int(rows.lag_months.max()), 'month')}."
        )
        last = rows.iloc[-1]
        views[(title,)] = as_view(
            f"{sentence} After {counted(int(last.lag_months), 'month')} it is "
            f"{number(last.value)} ({number(last.low)} to {number(last.high)}). "
            f"{MEASURES[measure]}.",
            [
                go.Scatter(
                    x=months + months[::-1],
                    y=[*rows.high, *rows.low[::-1]],
                    mode="lines",
                    fill="toself",
                    fillcolor=_pale(ACCENT, 0.15),
                    line={"width": 0},
                    name="95 % interval",
                    hoverinfo="skip",
                ),
                lines(title, months, rows.value, ACCENT),
                go.Scatter(
                    name="Threshold",
                    x=[months[0], months[-1]],
                    y=[float(last.threshold)] * 2,
                    mode="lines",
                    line={"color": ALERT, "dash": "dash"},
                ),
            ],
            x="Months since the training",
            y=title,
            table=Table(
                ["Months", title, "Low", "High", "Cut-offs", "Crossed"],
                [
                    [
                        str(row.lag_months),
                        *(number(v) for v in (row.value, row.low, row.high)),
                        str(row.cut_offs),
                        "yes" if row.is_crossed else "no",
                    ]
                    for row in rows.itertuples()
                ],
            ),
            xaxis={"dtick": 1},
            yaxis={"rangemode": "tozero"},
            height=400,
        )
    if not views:
        return []
    return [
        Chart(
            "backtest",
            "How long a model serves",
            views,
            ["Measure"],
            "Models were frozen at each month end of the past and compared with a "
            "retrain so many months later; chance is taken off.",
        )
    ]
