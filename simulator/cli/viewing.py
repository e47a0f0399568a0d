"""The command that shows a scenario or a run in the browser."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli.options import overrides_from, scenario_type_with, shared_options
from simulator.cli.printing import analysis_errors, warn_of_doubts
from simulator.cli.progress import compiling_bar
from simulator.errors import ScenarioError

if TYPE_CHECKING:
    from simulator.dashboard.stage import Stage
    from simulator.scenario import Scenario

__all__ = ["view"]


@click.command()
@click.argument("scenario", default="quickstart")
@shared_options("set", "seed", "periods", "plugin", "out")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Port of the page on this machine; 0 takes a free one.",
)
@click.option("--open/--no-open", "opens", default=True, help="Open a browser, by default yes.")
def view(
    scenario: str,
    settings: tuple[str, ...],
    seed: int | None,
    periods: int | None,
    plugins: tuple[str, ...],
    out: Path,
    port: int,
    opens: bool,
) -> None:
    """Watch SCENARIO in the browser: play it, steer it, change its settings and start again.

    \b
    SCENARIO is a YAML file, the name of a shipped scenario, or the folder of a run, which is then
    shown as it was. The page is served to this machine alone, until Ctrl-C; a run folder is written
    (under --out) when its button is pressed.

    \b
    Examples:
      wallstreetfeds view
      wallstreetfeds view quickstart --set market.fee=0.003 --seed 7
      wallstreetfeds view mine.yaml --plugin my_strategy.py --port 9000 --no-open
      wallstreetfeds view outputs/quickstart/20260101T120000Z-1a2b3c4d
    """
    overrides = overrides_from(settings, seed, periods)
    scenario_type = scenario_type_with(plugins)
    from simulator.dashboard.serving import serve

    if os.path.isdir(scenario):
        stage, name = _recorded_stage(Path(scenario), scenario_type, overrides, plugins), scenario
    else:
        from simulator.compiling import FIRST_RUN
        from simulator.dashboard.stage import Stage

        stage = Stage(scenario_type, scenario, overrides, plugins, out)
        warn_of_doubts(stage.initial_choice.settings, quiet=False)
        name = stage.initial_choice.settings.name
        with compiling_bar(FIRST_RUN):
            stage.rehearse()

    def announce(address: str) -> None:
        click.echo(f"{name} is at {address} (Ctrl-C ends it)")
        if opens:
            click.launch(address)

    serve(stage, port, announce)


def _recorded_stage(
    folder: Path,
    scenario_type: "type[Scenario]",
    overrides: Mapping[str, Any],
    plugins: tuple[str, ...],
) -> "Stage":
    """A stage that shows the recorded run in `folder`."""
    from simulator.recording import read_manifest
    from simulator.running import recorded_scenario

    manifest = read_manifest(folder)
    if overrides:
        raise ScenarioError(f"a recorded run is shown as it is: leave out {', '.join(overrides)}")
    settings = recorded_scenario(folder, manifest, plugins)
    from simulator.dashboard.showing import Recorded
    from simulator.dashboard.stage import Stage

    with analysis_errors():
        recorded = Recorded.of(folder, settings)
    return Stage(scenario_type, str(folder), {}, plugins, recorded=recorded)
