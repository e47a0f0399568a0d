"""The periods of an economy that somebody steps, as those of a run that is loaded."""

from typing import TYPE_CHECKING, Any

from simulator.arrow import arrow_table
from simulator.datafiles import PORTABLE
from simulator.economy import Economy
from simulator.errors import RunError
from simulator.tables import RUN_FORMAT, TABLES

if TYPE_CHECKING:
    from simulator.analysis import Run

__all__ = ["recorded"]


def recorded(economy: Any) -> "Run":
    """All periods so far of an `Economy(scenario, keep=True)`, as `load_run` gives a run.

    Its tables are pandas DataFrames: `periods`, `clients`, `pools`, `positions`, `agents`, `fills`
    and `flows`. What measures and draws runs takes it too; figures are saved in the working
    directory. Later steps do not change it. Raises RunError when the economy keeps nothing.

    >>> from simulator import Economy, Scenario, recorded
    >>> economy = Economy(Scenario.load("quickstart"), keep=True)
    >>> economy.step()
    >>> recorded(economy).clients.groupby("period").size().tolist()
    [10, 10]
    """
    if not isinstance(economy, Economy):
        what = f"recorded needs an Economy, not a {type(economy).__name__}"
        raise RunError(f"{what}; write recorded(Economy(scenario, keep=True)) after its steps")
    if economy.kept is None:
        raise RunError("only the last period is kept; write Economy(..., keep=True)")
    if not economy.kept:
        raise RunError("nothing is kept yet: a restored economy keeps the periods that follow")
    from simulator.analysis import run_of

    settings, names = economy.settings, economy.register.categories
    tables = {
        name: arrow_table(columns, names, [rows[name] for rows in economy.kept])
        for name, columns in TABLES.items()
    }
    manifest = {
        "format": RUN_FORMAT,
        "status": "running" if economy.running else "complete",
        "name": settings.name,
        "seed": settings.seed,
        "periods": settings.periods,
    }
    return run_of(tables, manifest, settings.model_dump(mode="json", context=PORTABLE))
