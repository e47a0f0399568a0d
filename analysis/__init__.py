"""Reading, summarising and drawing finished (or still running) runs, from their folders alone.

    from analysis import load_run, overview_figure, summarise

    run = load_run("outputs/quickstart/20250101T120000-ab12")
    run.pools.groupby("token", observed=True)["spot_price"].last()

The names below are imported on first use, so that `import analysis` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.concentration import ownership
    from analysis.figures import overview_figure, proceeds_figure
    from analysis.flexibility import flexibility_results
    from analysis.hindsight import price_errors, realised_values
    from analysis.inequality import gini, herfindahl
    from analysis.information import information_results
    from analysis.joining import joining_results
    from analysis.load import Run, load_run
    from analysis.manipulators import manipulation
    from analysis.mechanisms import mechanism_results
    from analysis.money import financing, money_flows, pool_money, proceeds, proceeds_by_channel
    from analysis.outside_money import outside_money_results
    from analysis.owners import holdings
    from analysis.participation import participation_results
    from analysis.pay import attackers_pay, relative_pay
    from analysis.prices import (
        largest_gap,
        price_gap,
        price_share_correlation,
        price_share_correlations,
    )
    from analysis.providers import impermanent_loss, lp_results, lp_returns
    from analysis.quotes import liquidation_quote
    from analysis.rewards import client_rewards
    from analysis.scalability import scalability_results
    from analysis.summary import summarise
    from analysis.sweeps import (
        Sweep,
        by_cell,
        headline,
        interval,
        load_sweep,
        paired_difference,
    )
    from analysis.wealth import (
        growth_by_kind,
        investor_tokens,
        returns_by_strategy,
        wealth_by_group,
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

_ROOMS = {
    "Run": "analysis.load",
    "Sweep": "analysis.sweeps",
    "attackers_pay": "analysis.pay",
    "by_cell": "analysis.sweeps",
    "client_rewards": "analysis.rewards",
    "financing": "analysis.money",
    "flexibility_results": "analysis.flexibility",
    "gini": "analysis.inequality",
    "growth_by_kind": "analysis.wealth",
    "headline": "analysis.sweeps",
    "herfindahl": "analysis.inequality",
    "holdings": "analysis.owners",
    "impermanent_loss": "analysis.providers",
    "information_results": "analysis.information",
    "interval": "analysis.sweeps",
    "investor_tokens": "analysis.wealth",
    "joining_results": "analysis.joining",
    "largest_gap": "analysis.prices",
    "liquidation_quote": "analysis.quotes",
    "load_run": "analysis.load",
    "load_sweep": "analysis.sweeps",
    "lp_results": "analysis.providers",
    "lp_returns": "analysis.providers",
    "manipulation": "analysis.manipulators",
    "mechanism_results": "analysis.mechanisms",
    "money_flows": "analysis.money",
    "outside_money_results": "analysis.outside_money",
    "overview_figure": "analysis.figures",
    "ownership": "analysis.concentration",
    "paired_difference": "analysis.sweeps",
    "participation_results": "analysis.participation",
    "pool_money": "analysis.money",
    "price_errors": "analysis.hindsight",
    "price_gap": "analysis.prices",
    "price_share_correlation": "analysis.prices",
    "price_share_correlations": "analysis.prices",
    "proceeds": "analysis.money",
    "proceeds_by_channel": "analysis.money",
    "proceeds_figure": "analysis.figures",
    "realised_values": "analysis.hindsight",
    "relative_pay": "analysis.pay",
    "returns_by_strategy": "analysis.wealth",
    "scalability_results": "analysis.scalability",
    "summarise": "analysis.summary",
    "wealth_by_group": "analysis.wealth",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
