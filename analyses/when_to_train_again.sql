-- How old does a model get, by which measure, and what is to be done today?
select
    advice.segmentation,
    advice.verdict,
    advice.reasons,
    backtest.measure,
    backtest.lag_months,
    backtest.value,
    backtest.low,
    backtest.high,
    backtest.threshold,
    backtest.is_crossed,
    backtest.cut_offs
from {{ ref('retraining_advice') }} as advice
left join {{ ref('retraining_backtest') }} as backtest
    on advice.segmentation = backtest.segmentation
order by
    advice.segmentation asc, backtest.measure asc, backtest.lag_months asc
