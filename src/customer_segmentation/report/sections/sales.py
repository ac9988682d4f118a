"""What was sold: products and countries by month."""

from __future__ import annotations

import calendar
from datetime import date

import pandas as pd
import plotly.graph_objects as go

from customer_segmentation.presentation.chance import trend
from customer_segmentation.presentation.palette import ACCENT, ALERT, GREY, SERIES
from customer_segmentation.presentation.published import Dataset, Published
from customer_segmentation.presentation.wording import (
    amount,
    as_date,
    as_month,
    counted,
    label,
    labels,
    listing,
    share,
    signed,
    words,
)
from customer_segmentation.report.charts import (
    Chart,
    Section,
    Table,
    as_view,
    lines,
)

__all__ = ["sales"]

OVERVIEW = "Overview"

PRODUCTS = """
with products as (
    select product, sum(total_amount) as revenue
    from monthly_product_sales
    where dataset = $dataset
    group by product
    order by revenue desc, product
    limit $shown
)
select
    product, sales_month, average_amount, cast(total_amount as double) as total_amount,
    sale_lines, cast(revenue as double) as revenue
from monthly_product_sales
inner join products using (product)
where dataset = $dataset
order by revenue desc, product, sales_month
"""
COUNTRIES = """
with countries as (
    select country, sum(total_amount) as revenue
    from monthly_country_sales
    where dataset = $dataset
    group by country
    order by revenue desc, country
    limit $shown
)
select
    country, sales_month, cast(total_amount as double) as total_amount, average_amount,
    orders, customers, cast(revenue as double) as revenue
from monthly_country_sales
inner join countries using (country)
where dataset = $dataset
order by revenue desc, country, sales_month
"""
# Months that count together: of the average those with a sale, of the total all.
BELOW = """
with months as (
    select distinct sales_month from monthly_product_sales where dataset = $dataset
),
products as (
    select product, sum(total_amount) as revenue
    from monthly_product_sales
    where dataset = $dataset
    group by product
),
streaks as (
    select
        product, measure, max(months) as months,
        max_by(first_month, (months, last_month)) as first_month,
        max_by(last_month, (months, last_month)) as last_month,
        max(revenue) as revenue
    from products_below_average
    inner join products using (product)
    where dataset = $dataset
    group by product, measure
    qualify row_number() over (
        partition by measure order by max(revenue) desc, product
    ) <= $shown
),
means as (
    select
        sales_month, avg(average_amount) as average_amount,
        cast(sum(total_amount) as double) / (select count(*) from products)
            as total_amount
    from monthly_product_sales
    where dataset = $dataset
    group by sales_month
)
select
    measure, product, streaks.months, first_month, last_month,
    sales_month,
    case measure
        when 'average_amount' then monthly.average_amount
        else coalesce(cast(monthly.total_amount as double), 0)
    end as measured,
    case measure
        when 'average_amount' then means.average_amount else means.total_amount
    end as mean_of_products
from streaks
cross join months
inner join means using (sales_month)
left join (
    select product, sales_month, average_amount, total_amount
    from monthly_product_sales
    where dataset = $dataset
) as monthly using (product, sales_month)
order by measure, streaks.revenue desc, product, sales_month
"""
BELOW_COUNTS = """
select
    measure, count(distinct product) as products, max(months) as months,
    min(months) as least
from products_below_average
where dataset = $dataset
group by measure
order by measure
"""


def sales(published: Published, dataset: Dataset) -> Section:
    """Show what was sold, by product and country."""
    if not dataset.sale_lines:
        return Section("sales", "Sales", f"{dataset.title} holds no sales.")
    lead = (
        f"{counted(dataset.sale_lines, 'sale line')} of "
        f"{counted(dataset.products, 'product')} brought "
        f"{amount(float(dataset.revenue), dataset.currency)} from "
        f"{as_date(dataset.first_date)} to {as_date(dataset.last_date)}"
        + (
            f", in {counted(dataset.countries, 'country')}."
            if dataset.countries > 1
            else "."
        )
    )
    partial = _partial_months(dataset)
    if partial:
        lead += (
            f" {listing(map(as_month, partial))} "
            f"{'is' if len(partial) == 1 else 'are'} not complete, and left out of "
            "trends."
        )
    return Section(
        "sales",
        "Sales",
        lead,
        [
            *_products(published, dataset, partial),
            *_countries(published, dataset, partial),
            *_below(published, dataset),
        ],
    )


def _partial_months(dataset: Dataset) -> list[date]:
    """Find the first and the last month where the data do not cover them."""
    first, last = dataset.first_date, dataset.last_date
    partial = set()
    # Shops rest on holidays and weekends: three days do not make a part of a month.
    if first.day > 4:
        partial.add(first.replace(day=1))
    if calendar.monthrange(last.year, last.month)[1] - last.day > 3:
        partial.add(last.replace(day=1))
    return sorted(partial)


def _money(dataset: Dataset, title: str) -> str:
    return f"{title}, {dataset.currency}" if dataset.currency else title


def _shown(dataset: Dataset) -> int:
    """Give how many names a chooser has: the longer the history, the fewer."""
    return max(10, min(40, 1500 // len(_months(dataset))))


def _months(dataset: Dataset) -> pd.DatetimeIndex:
    first, last = dataset.first_date, dataset.last_date
    return pd.date_range(first.replace(day=1), last, freq="MS")


def _by_month(rows: pd.DataFrame, key: str, column: str, dataset: Dataset):
    """Lay out a measure by month and name; a month without a sale has no average."""
    table = rows.pivot(index="sales_month", columns=key, values=column)
    table = table.reindex(_months(dataset)).astype(float)
    return table if column == "average_amount" else table.fillna(0)


def _drawn(table: pd.DataFrame, names: list[str], title: str, sentence: str):
    """Draw the first name in the accent, or several in shades."""
    shades = SERIES if len(names) > 1 else [(ACCENT, "solid")]
    return as_view(
        sentence,
        [
            lines(short, table.index.strftime("%Y-%m-%d"), table[name], colour).update(
                line_dash=dash
            )
            for name, short, (colour, dash) in zip(
                names, labels(names), shades, strict=False
            )
        ],
        y=title,
        xaxis={"hoverformat": "%b %Y"},
        yaxis={"rangemode": "tozero"},
        height=420,
    )


def _option(name: str) -> str:
    """Keep a name apart from the chooser's own first option."""
    return f"{name} (the name)" if name == OVERVIEW else name


def _products(published, dataset, partial) -> list[Chart]:
    shown = _shown(dataset)
    products = published.frame(PRODUCTS, dataset=dataset.name, shown=shown)
    names = list(dict.fromkeys(products["product"]))
    views = {}
    for title, column in (
        ("Average of a sale line", "average_amount"),
        ("Total of the month", "total_amount"),
    ):
        table = _by_month(products, "product", column, dataset)
        whole = table[~table.index.isin(pd.to_datetime(partial))]
        trends = {name: found for name in names if (found := trend(whole[name]))}
        sure = {name for name in trends if trends[name][1] * len(trends) < 0.05}
        clearest = sorted(trends, key=lambda name: trends[name][1])
        falling = [name for name in clearest if trends[name][0] < 0][:3]
        rising = [name for name in clearest if trends[name][0] > 0][:3]
        y_title = _money(dataset, title)
        named = [name for name in (*rising, *falling) if name in sure]
        views[(OVERVIEW, title)] = _drawn(
            table,
            list(dict.fromkeys([*named, *rising, *falling, *names]))[: len(SERIES)],
            y_title,
            _overview(trends, sure, rising, falling),
        )
        for name in names:
            sentence = _series_sentence(name, table[name], trends, sure, dataset)
            views[(_option(name), title)] = _drawn(table, [name], y_title, sentence)
    note = (
        "A trend is a straight line through the complete months that is steeper than "
        "chance makes one of so many products in one of 20 cases (t test, Bonferroni)."
    )
    if dataset.products > len(names):
        note += (
            f" The {len(names)} products of most revenue, of {dataset.products:,}; "
            "monthly_product_sales holds all."
        )
    return [
        Chart(
            "products",
            "Products by month",
            views,
            ["Product", "Measure"],
            note,
            is_wide=True,
        )
    ]


def _overview(trends: dict, sure: set, rising: list, falling: list) -> str:
    """Name the products that rise and fall, and whether chance would do it."""
    if not trends:
        return "There are too few complete months for a trend."

    def said(names: list[str]) -> str:
        return listing(
            f"{name} ({signed(trends[name][0], share)} a month)" for name in names
        )

    found = [
        f"{kind}: {said([name for name in names if name in sure])}."
        for kind, names in (("Rising", rising), ("Falling", falling))
        if sure & set(names)
    ]
    if found:
        return " ".join(found)
    clearest = [
        f"{kind} most clearly: {said(names[:1])}."
        for kind, names in (("Rising", rising), ("Falling", falling))
        if names
    ]
    end = f"Chance makes as much of one of {counted(len(trends), 'product')}."
    return " ".join([*clearest, end])


def _series_sentence(name, values, trends, sure, dataset) -> str:
    best = values.idxmax()
    text = (
        f"{name} was highest in {as_month(best)}, with "
        f"{amount(values[best], dataset.currency)}"
    )
    if name not in trends:
        return f"{text}; no trend can be told from so few months."
    if name not in sure:
        return f"{text}; no trend beyond chance."
    slope = trends[name][0]
    way = "rises" if slope > 0 else "falls"
    return f"{text}; it {way} by {share(abs(slope))} of its mean a month."


def _countries(published, dataset, partial) -> list[Chart]:
    countries = published.frame(COUNTRIES, dataset=dataset.name, shown=_shown(dataset))
    names = list(dict.fromkeys(countries.country))
    if len(names) < 2:
        return []
    revenue = countries.drop_duplicates("country").set_index("country").revenue
    total = float(dataset.revenue)
    views = {}
    for title, column, unit in (
        ("Total amount", "total_amount", dataset.currency),
        ("Average of a sale line", "average_amount", dataset.currency),
        ("Orders", "orders", "orders"),
        ("Customers", "customers", "customers"),
    ):
        if not countries[column].sum():
            continue
        table = _by_month(countries, "country", column, dataset)
        whole = table[~table.index.isin(pd.to_datetime(partial))]
        y_title = _money(dataset, title) if column.endswith("amount") else title
        means = whole[names].mean()
        most = means.idxmax() if means.notna().any() else names[0]
        sentence = (
            f"On average of the complete months {most} has most: "
            f"{amount(means[most], unit)}."
        )
        if column == "total_amount" and total > 0:
            sentence = (
                f"{listing(names[:5])} bring "
                f"{share(revenue[names[:5]].sum() / total)} of the revenue, {names[0]} "
                f"alone {share(revenue[names[0]] / total)}."
            )
        views[(OVERVIEW, title)] = _drawn(table, names[:5], y_title, sentence)
        for name in names:
            values = whole[name].dropna()
            sentence = f"{name} has no complete month with a sale."
            if len(values):
                best = values.idxmax()
                sentence = (
                    f"Best complete month of {name}: {as_month(best)}, with "
                    f"{amount(values[best], unit)}."
                )
            if column == "total_amount" and total > 0:
                sentence += f" It brings {share(revenue[name] / total)} of the revenue."
            views[(_option(name), title)] = _drawn(table, [name], y_title, sentence)
    note = "First come the five of most revenue."
    if dataset.countries > len(names):
        note += (
            f" The {len(names)} countries of most revenue can be chosen, of "
            f"{dataset.countries:,}; monthly_country_sales holds all."
        )
    return [
        Chart(
            "country-sales",
            "Countries by month",
            views,
            ["Country", "Measure"],
            note,
            is_wide=True,
        )
    ]


def _below(published, dataset) -> list[Chart | Table]:
    shown = _shown(dataset)
    below = published.frame(BELOW, dataset=dataset.name, shown=shown)
    counts = {
        row.measure: row for row in published.rows(BELOW_COUNTS, dataset=dataset.name)
    }
    if below.empty:
        return []
    views, streaks = {}, {}
    for (measure, name), rows in below.groupby(["measure", "product"], sort=False):
        first = rows.iloc[0]
        title = {
            "average_amount": "Average of a sale line",
            "total_amount": "Total of the month",
        }[measure]
        within = rows[
            (rows.sales_month >= first.first_month)
            & (rows.sales_month <= first.last_month)
        ]
        sold, mean = within.measured.sum(), within.mean_of_products.sum()
        gap = f", by {share(1 - sold / mean)} on the whole" if 0 <= sold < mean else ""
        months = rows.sales_month.dt.strftime("%Y-%m-%d")
        views[(name, title)] = as_view(
            f"{name} lay below the average of the products for "
            f"{counted(int(first.months), 'month')} running, from "
            f"{as_month(first.first_month)} to {as_month(first.last_month)}"
            f"{gap}.",
            [
                lines(
                    "Average of the products",
                    months,
                    rows.mean_of_products,
                    GREY,
                    line={"dash": "dash"},
                ),
                lines(label(name), months, rows.measured, ACCENT),
                go.Scatter(
                    name="Months of the streak",
                    x=within.sales_month.dt.strftime("%Y-%m-%d"),
                    y=within.measured,
                    mode="markers",
                    marker={"color": ALERT, "size": 11, "symbol": "diamond"},
                ),
            ],
            y=_money(dataset, title),
            yaxis={"rangemode": "tozero"},
            xaxis={"hoverformat": "%b %Y"},
            height=420,
        )
        streaks.setdefault(title, []).append(first)
    said = [
        f"by {words(measure).lower()} {count.products:,} of {dataset.products:,} "
        f"products, for up to {count.months} months"
        for measure, count in counts.items()
    ]
    least = min(count.least for count in counts.values())
    rows = [
        [
            title,
            row["product"],
            as_month(row.first_month),
            as_month(row.last_month),
            str(int(row.months)),
        ]
        for title, found in streaks.items()
        for row in found
    ]
    return [
        Chart(
            "below-average",
            "Products below average",
            views,
            ["Product", "Measure"],
            f"Below average for {least} months or more: {listing(said)}. A month "
            "without a sale ends a streak of the average; it is 0 in the total."
            + (
                f" Shown are the {shown} of most revenue; products_below_average "
                "holds all."
                if any(count.products > shown for count in counts.values())
                else ""
            ),
            is_wide=True,
        ),
        Table(
            ["Measure", "Product", "From", "To", "Months"],
            rows,
            "Longest streak of each product",
            numeric=frozenset({4}),
        ),
    ]
