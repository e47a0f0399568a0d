"""Reading, summarising and drawing finished (or still running) runs, from their folders alone.

    from analysis import load_run, overview_figure, summarise

    run = load_run("outputs/quickstart/20250101T120000-ab12")
    run.pools.groupby("token", observed=True)["spot_price"].last()

The names below are imported on first use, so that `import analysis` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.figures import overview_figure
    from analysis.load import Run, load_run
    from analysis.measures import (
        attackers_pay,
        client_rewards,
        gini,
        herfindahl,
        impermanent_loss,
        largest_gap,
        liquidation_quote,
        lp_returns,
        money_flows,
        price_gap,
        price_share_correlation,
        price_share_correlations,
        returns_by_strategy,
    )
    from analysis.summary import summarise

__all__ = [
    "Run",
    "attackers_pay",
    "client_rewards",
    "gini",
    "herfindahl",
    "impermanent_loss",
    "largest_gap",
    "liquidation_quote",
    "load_run",
    "lp_returns",
    "money_flows",
    "overview_figure",
    "price_gap",
    "price_share_correlation",
    "price_share_correlations",
    "returns_by_strategy",
    "summarise",
]

_ROOMS = dict.fromkeys(__all__, "analysis.measures") | {
    "Run": "analysis.load",
    "load_run": "analysis.load",
    "overview_figure": "analysis.figures",
    "summarise": "analysis.summary",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
