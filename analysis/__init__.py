"""Reading, summarising and drawing finished (or still running) runs, from their folders alone.

    from analysis import load_run, overview_figure, summarise

    run = load_run("outputs/quickstart/20250101T120000-ab12")
    run.pools.groupby("token", observed=True)["spot_price"].last()

The names below are imported on first use, so that `import analysis` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.figures import overview_figure, proceeds_figure
    from analysis.hindsight import price_errors, realised_values
    from analysis.joining import joining_results
    from analysis.load import Run, load_run
    from analysis.measures import (
        attackers_pay,
        client_rewards,
        flexibility_results,
        gini,
        growth_by_kind,
        herfindahl,
        impermanent_loss,
        information_results,
        investor_tokens,
        largest_gap,
        liquidation_quote,
        lp_results,
        lp_returns,
        manipulation,
        mechanism_results,
        money_flows,
        outside_money_results,
        participation_results,
        price_gap,
        price_share_correlation,
        price_share_correlations,
        relative_pay,
        returns_by_strategy,
        scalability_results,
        wealth_by_group,
    )
    from analysis.money import financing, pool_money, proceeds, proceeds_by_channel
    from analysis.owners import holdings, ownership
    from analysis.summary import summarise
    from analysis.sweeps import (
        Sweep,
        by_cell,
        headline,
        interval,
        load_sweep,
        paired_difference,
    )

__all__ = [
    "Run",
    "Sweep",
    "attackers_pay",
    "by_cell",
    "client_rewards",
    "financing",
    "flexibility_results",
    "gini",
    "growth_by_kind",
    "headline",
    "herfindahl",
    "holdings",
    "impermanent_loss",
    "information_results",
    "interval",
    "investor_tokens",
    "joining_results",
    "largest_gap",
    "liquidation_quote",
    "load_run",
    "load_sweep",
    "lp_results",
    "lp_returns",
    "manipulation",
    "mechanism_results",
    "money_flows",
    "outside_money_results",
    "overview_figure",
    "ownership",
    "paired_difference",
    "participation_results",
    "pool_money",
    "price_errors",
    "price_gap",
    "price_share_correlation",
    "price_share_correlations",
    "proceeds",
    "proceeds_by_channel",
    "proceeds_figure",
    "realised_values",
    "relative_pay",
    "returns_by_strategy",
    "scalability_results",
    "summarise",
    "wealth_by_group",
]

_ROOMS = dict.fromkeys(__all__, "analysis.measures") | {
    "Run": "analysis.load",
    "Sweep": "analysis.sweeps",
    "by_cell": "analysis.sweeps",
    "financing": "analysis.money",
    "headline": "analysis.sweeps",
    "holdings": "analysis.owners",
    "interval": "analysis.sweeps",
    "joining_results": "analysis.joining",
    "load_run": "analysis.load",
    "load_sweep": "analysis.sweeps",
    "overview_figure": "analysis.figures",
    "ownership": "analysis.owners",
    "paired_difference": "analysis.sweeps",
    "pool_money": "analysis.money",
    "price_errors": "analysis.hindsight",
    "proceeds": "analysis.money",
    "proceeds_by_channel": "analysis.money",
    "proceeds_figure": "analysis.figures",
    "realised_values": "analysis.hindsight",
    "summarise": "analysis.summary",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
