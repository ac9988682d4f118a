"""What was sold: products and countries by month."""

from __future__ import annotations

import calendar
import math
from datetime import date

import pandas as pd
import plotly.graph_objects as go

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

# As many as a chooser can hold; the tables hold all.
SHOWN = 40

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
    select * from monthly_product_sales where dataset = $dataset
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


def _trends(series: pd.DataFrame, column: str, partial: list[date]) -> pd.DataFrame:
    """Fit a line to each name's months; slope per month against the mean.

    A trend is told from chance by its t statistic.
    """
    found = []
    for name, rows in series.groupby("product", sort=False):
        rows = rows[~rows.sales_month.dt.date.isin(partial)]
        months = rows.sales_month.dt.year * 12 + rows.sales_month.dt.month
        y, x = rows[column], months - months.mean()
        n, mean = len(rows), y.mean()
        if n < 4 or mean <= 0:
            continue
        slope = (x * y).sum() / (x**2).sum()
        rest = ((y - mean - slope * x) ** 2).sum()
        error = math.sqrt(rest / (n - 2) / (x**2).sum())
        t = slope / error if error else math.copysign(math.inf, slope) if slope else 0
        found.append((name, slope / mean, t))
    return pd.DataFrame(found, columns=["product", "slope", "t"])


def _products(published, dataset, partial) -> list[Chart]:
    products = published.frame(PRODUCTS, dataset=dataset.name, shown=SHOWN)
    names = list(dict.fromkeys(products["product"]))
    short = dict(zip(names, labels(names), strict=True))
    views = {}
    for title, column in (
        ("Average of a sale line", "average_amount"),
        ("Total of the month", "total_amount"),
    ):
        trends = _trends(products, column, partial)
        sure = trends[trends.t.abs() > 2].sort_values("slope", kind="stable")
        falling = sure[sure.slope < 0].head(3)
        rising = sure[sure.slope > 0].iloc[::-1].head(3)
        said = [
            f"{kind}: "
            + listing(
                f"{row.product} ({signed(row.slope, share)} a month)"
                for row in part.itertuples()
            )
            for kind, part in (("Rising", rising), ("Falling", falling))
            if len(part)
        ]
        sentence = (
            f"{'. '.join(said)}."
            if said
            else f"No product rises or falls by more than chance in {title.lower()}."
        )
        marked = [*rising["product"], *falling["product"], *names]
        marked = list(dict.fromkeys(marked))[: len(SERIES)]
        y_title = _money(dataset, title)
        views[("Overview", title)] = as_view(
            sentence,
            [
                lines(
                    short[name],
                    rows.sales_month.dt.strftime("%Y-%m-%d"),
                    rows[column],
                    SERIES[place][0],
                    line={"dash": SERIES[place][1]},
                )
                for place, name in enumerate(marked)
                for rows in [products[products["product"] == name]]
            ],
            y=y_title,
            xaxis={"hoverformat": "%b %Y"},
            height=420,
        )
        slopes = trends.set_index("product")
        for name in names:
            rows = products[products["product"] == name]
            views[(name, title)] = as_view(
                _series_sentence(name, rows, column, slopes, dataset),
                [
                    lines(
                        short[name],
                        rows.sales_month.dt.strftime("%Y-%m-%d"),
                        rows[column],
                        ACCENT,
                    )
                ],
                y=y_title,
                yaxis={"rangemode": "tozero"},
                xaxis={"hoverformat": "%b %Y"},
                height=420,
            )
    note = (
        "A trend is a straight line through the complete months whose slope is more "
        "than two standard errors from 0."
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


def _series_sentence(name, rows, column, slopes, dataset) -> str:
    best = rows.loc[rows[column].idxmax()]
    text = (
        f"{name} was highest in {as_month(best.sales_month)}, with "
        f"{amount(best[column], dataset.currency)}"
    )
    if name not in slopes.index:
        return f"{text}; sold in too few months for a trend."
    slope = slopes.loc[name]
    if abs(slope.t) > 2:
        way = "rises" if slope.slope > 0 else "falls"
        return f"{text}; it {way} by {share(abs(slope.slope))} of its mean a month."
    return f"{text}; no trend beyond chance."


def _countries(published, dataset, partial) -> list[Chart]:
    countries = published.frame(COUNTRIES, dataset=dataset.name, shown=SHOWN)
    names = list(dict.fromkeys(countries.country))
    if len(names) < 2:
        return []
    short = dict(zip(names, labels(names, 24), strict=True))
    revenue = countries.drop_duplicates("country").set_index("country").revenue
    total = float(dataset.revenue)
    views = {}
    for title, column in (
        (_money(dataset, "Total amount"), "total_amount"),
        (_money(dataset, "Average of a sale line"), "average_amount"),
        ("Orders", "orders"),
        ("Customers", "customers"),
    ):
        if not countries[column].sum():
            continue
        for place, (name, chosen) in enumerate(
            [("The five largest", names[:5]), *((name, [name]) for name in names)]
        ):
            rows = countries[countries.country == chosen[0]]
            if place:
                whole = rows[~rows.sales_month.dt.date.isin(partial)]
                best = (whole if len(whole) else rows).sort_values(column).iloc[-1]
                value = (
                    amount(best[column], dataset.currency)
                    if column.endswith("amount")
                    else f"{best[column]:,.0f}"
                )
                sentence = (
                    f"{name} brings {share(revenue[name] / total)} of the revenue. "
                    f"Best complete month: {as_month(best.sales_month)}, {value}."
                )
            else:
                sentence = (
                    f"{listing(chosen)} bring "
                    f"{share(revenue[chosen].sum() / total)} of the revenue, "
                    f"{chosen[0]} alone {share(revenue[chosen[0]] / total)}."
                )
            views[(name, title.split(",")[0])] = as_view(
                sentence,
                [
                    lines(
                        short[country],
                        part.sales_month.dt.strftime("%Y-%m-%d"),
                        part[column],
                        SERIES[at][0],
                        line={"dash": SERIES[at][1]},
                    )
                    for at, country in enumerate(chosen)
                    for part in [countries[countries.country == country]]
                ],
                y=title,
                yaxis={"rangemode": "tozero"},
                xaxis={"hoverformat": "%b %Y"},
                height=420,
            )
    note = ""
    if dataset.countries > len(names):
        note = (
            f"The {len(names)} countries of most revenue, of {dataset.countries:,}; "
            "monthly_country_sales holds all."
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
    below = published.frame(BELOW, dataset=dataset.name, shown=SHOWN)
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
        gap = 1 - within.measured.sum() / within.mean_of_products.sum()
        months = rows.sales_month.dt.strftime("%Y-%m-%d")
        views[(name, title)] = as_view(
            f"{name} lay below the average of the products for "
            f"{counted(int(first.months), 'month')} running, from "
            f"{as_month(first.first_month)} to {as_month(first.last_month)}, by "
            f"{share(gap)} on the whole.",
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
                f" Shown are the {SHOWN} of most revenue; products_below_average "
                "holds all."
                if any(count.products > SHOWN for count in counts.values())
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
