"""Options that several commands share, and their effect on a scenario."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from simulator.reading import Named, Reading
    from simulator.scenario import Scenario

__all__ = ["load_scenario", "overrides_from", "scenario_type_with", "shared_options"]

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

SHARED: dict[str, Decorator] = {
    "set": click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="PATH=VALUE",
        help="Change a setting: market.fee=0.003, clients.1.behaviour.kind=label_flip.",
    ),
    "seed": click.option("--seed", type=int, help="Seed of all random streams."),
    "periods": click.option("--periods", type=int, help="Number of periods."),
    "out": click.option(
        "--out", default="outputs", show_default=True, help="Folder for run folders."
    ),
    "plugin": click.option(
        "--plugin",
        "plugins",
        multiple=True,
        metavar="FILE.py",
        help="Python file with components of your own. It is run: use only files you trust.",
    ),
    "figure": click.option(
        "--no-figure",
        "figure",
        flag_value=False,
        default=True,
        help="Draw no figure; `python -m simulator.analysis RUN` draws it later.",
    ),
    "json": click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
    "quiet": click.option("-q", "--quiet", is_flag=True, help="No progress and no messages."),
    "verbose": click.option("-v", "--verbose", is_flag=True, help="One line per period."),
}


def shared_options(*names: str) -> Decorator:
    """Add these shared options to a command; its help lists them in this order."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names):
            command = SHARED[name](command)
        return command

    return decorate


def overrides_from(
    settings: tuple[str, ...], seed: int | None = None, periods: int | None = None
) -> dict[str, Any]:
    """The overrides that `--set`, `--seed` and `--periods` give, by dotted path."""
    from simulator.reading import parse_overrides

    options = {"seed": seed, "periods": periods}
    return parse_overrides(settings) | {
        name: value for name, value in options.items() if value is not None
    }


def scenario_type_with(plugins: tuple[str, ...]) -> "type[Scenario]":
    """The type of scenarios that may name the components in the files of `--plugin`."""
    from simulator.scenario import scenario_type
    from simulator.scenario.plugins import load_plugins

    return scenario_type(load_plugins(plugins))


def load_scenario(
    name: str, overrides: Mapping[str, Any], plugins: tuple[str, ...]
) -> "tuple[Named, Reading[Scenario]]":
    """What the name of a scenario means, and that scenario, changed by overrides."""
    from simulator.scenario.loading import OPTION, load_with_entries
    from simulator.scenario.shipped import SCENARIOS, find_named

    named, kind = find_named(name, SCENARIOS), scenario_type_with(plugins)
    return named, load_with_entries(kind, named.path, overrides, option=OPTION)
