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
    from analysis.summary import summarise

__all__ = ["Run", "load_run", "overview_figure", "summarise"]

_ROOMS = {
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
