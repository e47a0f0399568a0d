"""The command that shows a scenario or a run in the browser."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli.options import overrides_from, scenario_type_with, shared_options
from simulator.cli.printing import analysis_errors, show_names, warn_of_doubts
from simulator.cli.progress import compiling_bar
from simulator.errors import Problem, ScenarioError

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
    SCENARIO is the name of a shipped scenario, the path of a YAML file (see `wallstreetfeds run
    --help`), or a folder: that of a run, which is then shown as it was, or one that holds runs, of
    which the newest is shown. The page is served to this machine alone, until Ctrl-C; a run folder
    is written (under --out) when its button is pressed.

    \b
    Examples:
      wallstreetfeds view
      wallstreetfeds view quickstart --set market.fee=0.003 --seed 7
      wallstreetfeds view mine.yaml --plugin my_strategy.py --port 9000 --no-open
      wallstreetfeds view outputs/quickstart/20260101T120000Z-1a2b3c4d
      wallstreetfeds view outputs
    """
    overrides = overrides_from(settings, seed, periods)
    scenario_type = scenario_type_with(plugins)
    from simulator.dashboard.serving import serve

    if _means_folder(scenario):
        folder = _run_in(Path(scenario))
        stage, name = _recorded_stage(folder, scenario_type, overrides, plugins), str(folder)
    else:
        from simulator.compiling import FIRST_RUN
        from simulator.dashboard.stage import Stage
        from simulator.scenario.loading import OPTION, load_with_entries
        from simulator.scenario.shipped import SCENARIOS, find_named

        named = find_named(scenario, SCENARIOS)
        reading = load_with_entries(scenario_type, named.path, overrides, option=OPTION)
        show_names("scenario", named, reading.bases, quiet=False)
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


def _means_folder(name: str) -> bool:
    """Whether a name is that of a folder; the bare name of a shipped scenario is not."""
    from simulator.scenario.shipped import SCENARIOS

    if not os.path.isdir(name):
        return False
    if name in SCENARIOS.files():
        click.echo(f"scenario: {name} is the shipped one, not the folder ./{name}", err=True)
        return False
    return True


def _run_in(folder: Path) -> Path:
    """The folder, if it is that of a run, or else the newest run inside, which is announced."""
    from simulator.running import runs_in

    if (folder / "manifest.json").exists():
        return folder
    runs = runs_in(folder)
    if not runs:
        what = "neither the folder of a run (it has no manifest.json) nor one that holds runs"
        raise ScenarioError([Problem(str(folder), what)])
    number = f"the newest of {len(runs)} runs" if len(runs) > 1 else "the only run"
    click.echo(f"run: {runs[-1]}, {number} in {folder}", err=True)
    return runs[-1]


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
