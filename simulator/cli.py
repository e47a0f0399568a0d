"""The command line: `wallstreetfeds`, also `python -m simulator`.

Results go to stdout, progress and messages to stderr. Exit codes: 0 done, 1 the run failed, 2 bad
usage or scenario, 3 runs of a sweep failed, 130 interrupted. Heavy packages are imported by the
commands that need them.
"""

import json
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from simulator.errors import Problem, RunError, ScenarioError, SimulatorError

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from simulator.dashboard.stage import Stage
    from simulator.running import Progress
    from simulator.scenario import Scenario
    from simulator.sweep import Run, Sweep

__all__ = ["main"]

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

COMPILING = "compiling, once on this machine (about a minute)"


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    words = sys.argv[1:] if arguments is None else arguments
    try:
        sys.exit(cli.main(words, standalone_mode=False) or 0)
    except (click.Abort, KeyboardInterrupt) as interrupt:
        click.echo("interrupted", err=True)
        _show_way_on(
            interrupt if isinstance(interrupt, KeyboardInterrupt) else interrupt.__context__
        )
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ScenarioError as error:
        _show_problems(error.problems, "--json" in words)
        sys.exit(2)
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except (SimulatorError, OSError) as error:
        _show_problems([Problem("", str(error))], "--json" in words)
        _show_way_on(error)
        sys.exit(1)


def _show_problems(problems: Iterable[Problem], as_json: bool) -> None:
    if as_json:
        listed = [{"where": problem.where, "what": problem.what} for problem in problems]
        click.echo(json.dumps({"problems": listed}, indent=2))
    for problem in problems:
        click.echo(f"error: {problem}", err=True)


def _show_way_on(error: BaseException | None) -> None:
    """How to go on with the run folder that the error names, if it does."""
    for folder in map(Path, getattr(error, "__notes__", ())):
        if (folder / "manifest.json").is_file():
            plugins = sorted((folder / "plugins").glob("*.py"))
            words = [str(folder), *(word for file in plugins for word in ("--plugin", str(file)))]
            click.echo(f"what was computed is in {folder}", err=True)
            click.echo(f"go on with: wallstreetfeds resume {shlex.join(words)}", err=True)


def _options(*names: str) -> Decorator:
    """The options in common, those named of them."""
    known = {
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
        "json": click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
        "quiet": click.option("-q", "--quiet", is_flag=True, help="No progress and no messages."),
        "verbose": click.option("-v", "--verbose", is_flag=True, help="One line per period."),
    }

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names):
            command = known[name](command)
        return command

    return decorate


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="wallstreetfeds", prog_name="wallstreetfeds")
@click.pass_context
def cli(context: click.Context) -> None:
    """A laboratory for tokenised federated learning.

    \b
    Clients train a shared model, are paid in tokens of their own by what they
    contributed, and investors trade those tokens on automated market makers.

    \b
    Examples:
      wallstreetfeds run scenarios/quickstart.yaml
      wallstreetfeds run quickstart --set market.fee=0.003 --seed 7
      wallstreetfeds list
      wallstreetfeds init my-study
    """
    if os.environ.get("NO_COLOR"):
        context.color = False


@cli.command()
@click.argument("scenario", default="quickstart")
@_options("set", "seed", "periods", "out", "plugin", "json", "quiet", "verbose")
def run(
    scenario: str,
    settings: tuple[str, ...],
    seed: int | None,
    periods: int | None,
    out: str,
    plugins: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Run SCENARIO, a YAML file or the name of a shipped scenario.

    \b
    Examples:
      wallstreetfeds run scenarios/quickstart.yaml
      wallstreetfeds run quickstart --periods 200 --seed 3 --out /tmp/runs
      wallstreetfeds run quickstart --set tokens.payout.dividend=0.7 --set tokens.payout.buyback=0
      wallstreetfeds run mine.yaml --plugin my_strategy.py --json
    """
    overrides = _overrides(settings, seed, periods)
    loaded = _load(scenario, overrides, plugins)
    _warn(loaded, quiet)
    from simulator.running import run as run_scenario

    with _progress(loaded.periods, quiet, verbose) as progress:
        folder = run_scenario(loaded, out, overrides=overrides, plugins=plugins, progress=progress)
    _show_run(folder, as_json, quiet)


@cli.command()
@click.argument("scenario")
@_options("set", "seed", "periods", "plugin", "json")
def validate(
    scenario: str,
    settings: tuple[str, ...],
    seed: int | None,
    periods: int | None,
    plugins: tuple[str, ...],
    as_json: bool,
) -> None:
    """Check SCENARIO without running it; tells everything that is wrong with it at once.

    \b
    Examples:
      wallstreetfeds validate mine.yaml
      wallstreetfeds validate quickstart --set market.fee=0.5
    """
    loaded = _load(scenario, _overrides(settings, seed, periods), plugins)
    from simulator.randomness import Streams

    loaded.federation.gather(loaded.behaviours, Streams(loaded.seed), loaded.owners)
    loaded.tokens.revenue.initial()
    loaded.market.outside_price.initial(loaded.token_names, loaded.market.launch.price)
    if as_json:
        from simulator.scenario import doubts

        click.echo(json.dumps({"problems": [], "warnings": doubts(loaded)}, indent=2))
    else:
        _warn(loaded, quiet=False)
        click.echo(f"{scenario} is a valid scenario")


@cli.command()
@_options("plugin")
def schema(plugins: tuple[str, ...]) -> None:
    """Print the JSON Schema of scenario files, for editors that complete and check YAML.

    \b
    Example:
      wallstreetfeds schema > scenario.schema.json
    A scenario names it in its first line:
      # yaml-language-server: $schema=scenario.schema.json
    """
    click.echo(json.dumps(_scenario_type(plugins).json_schema(), indent=2))


@cli.command("list")
@click.argument("place", required=False)
@_options("plugin", "json")
def list_(place: str | None, plugins: tuple[str, ...], as_json: bool) -> None:
    """List what a scenario can set, and the components it can name; PLACE narrows it down.

    \b
    Examples:
      wallstreetfeds list
      wallstreetfeds list investors
      wallstreetfeds list tokens.payout
    """
    from simulator.scenario.catalogue import defaults, places

    found = {
        path or "scenario": entry
        for path, entry in places(_scenario_type(plugins)).items()
        if place is None or place in path
    }
    if not found:
        raise click.BadParameter(f"no place {place!r}; `wallstreetfeds list` shows all")
    if as_json:
        click.echo(json.dumps(_catalogue_json(found), indent=2))
        return
    for path, entry in found.items():
        click.secho(path, bold=True)
        if isinstance(entry, dict):
            _show_settings(defaults(entry), indent=2)
            continue
        for member in entry:
            click.echo(f"  {member.model_fields['kind'].default:<18} {_first_line(member)}")
            _show_settings(defaults(member.model_fields), indent=4)


@cli.command()
@click.argument("directory", type=click.Path(path_type=Path))
def init(directory: Path) -> None:
    """Make DIRECTORY with the shipped scenarios and a scenario of your own to start from.

    \b
    Example:
      wallstreetfeds init my-study
    """
    shipped = _shipped()
    hint = "# yaml-language-server: $schema=scenario.schema.json\n"
    own = f"{hint}extends: quickstart.yaml\nname: mine\n"
    files = {path.name: path.read_text("utf-8") for path in shipped} | {"mine.yaml": own}
    try:
        if taken := [name for name in files if os.path.lexists(directory / name)]:
            raise ScenarioError(Problem(str(directory / name), "exists already") for name in taken)
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (directory / name).write_text(text, "utf-8")
    except OSError as error:
        raise ScenarioError([Problem(str(directory), error.strerror or str(error))]) from error
    click.echo(f"{directory}: {', '.join(sorted(files))}")
    mine = shlex.quote(str(directory / "mine.yaml"))
    click.echo(f"edit mine.yaml, then: wallstreetfeds run {mine}")


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@_options("plugin", "json", "quiet", "verbose")
def resume(
    folder: Path, plugins: tuple[str, ...], as_json: bool, quiet: bool, verbose: bool
) -> None:
    """Take the run in FOLDER to its end after a kill, Ctrl-C or failure.

    \b
    Example:
      wallstreetfeds resume outputs/quickstart/20260101T120000Z-1a2b3c4d
    """
    from simulator.recording import read_manifest
    from simulator.running import resume as resume_run

    with _progress(read_manifest(folder)["periods"], quiet, verbose) as progress:
        unfinished = resume_run(folder, plugins=plugins, progress=progress)
    if not unfinished and not quiet:
        click.echo(f"{folder} is complete already", err=True)
    _show_run(folder, as_json, quiet)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@_options("plugin", "json", "quiet", "verbose")
def verify(
    folder: Path, plugins: tuple[str, ...], as_json: bool, quiet: bool, verbose: bool
) -> None:
    """Run the scenario in FOLDER again and compare all tables; exit code 1 when they differ.

    \b
    Example:
      wallstreetfeds verify outputs/quickstart/20260101T120000Z-1a2b3c4d
    """
    from simulator.recording import read_manifest
    from simulator.running import moved, same
    from simulator.running import verify as verify_run

    manifest = read_manifest(folder)
    with _progress(manifest["periods"], quiet, verbose) as progress:
        found = verify_run(folder, plugins=plugins, progress=progress)
    differs = moved(manifest)
    others = bool(differs.keys() - {"git_commit"})
    good = all(same(text, other_versions=others) for text in found.values())
    if as_json:
        click.echo(json.dumps({"verified": good, "tables": found, "versions": differs}, indent=2))
    else:
        for name, text in (found | differs).items():
            click.echo(f"{name:<14} {text}")
        click.echo("verified" if good else "NOT the same")
    sys.exit(0 if good else 1)


@cli.command()
@click.argument("scenario", default="quickstart")
@_options("set", "seed", "periods", "plugin", "out")
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
    overrides, kind = _overrides(settings, seed, periods), _scenario_type(plugins)
    from simulator.dashboard.serving import serve

    if os.path.isdir(scenario):
        stage, shown = _recorded_stage(Path(scenario), kind, overrides, plugins), scenario
    else:
        from simulator.compiling import FIRST_RUN
        from simulator.dashboard.stage import Stage

        stage = Stage(kind, scenario, overrides, plugins, out)
        beginning = stage.first.settings
        _warn(beginning, quiet=False)
        shown = beginning.name
        with _bar(FIRST_RUN):
            stage.rehearse()

    def announce(address: str) -> None:
        click.echo(f"{shown} is at {address} (Ctrl-C ends it)")
        if opens:
            click.launch(address)

    serve(stage, port, announce)


def _recorded_stage(
    folder: Path, kind: "type[Scenario]", overrides: Mapping[str, Any], plugins: tuple[str, ...]
) -> "Stage":
    """The stage on which the run in `folder` is shown."""
    from simulator.recording import read_manifest
    from simulator.running import recorded_scenario

    manifest = read_manifest(folder)
    if overrides:
        raise ScenarioError(f"a recorded run is shown as it is: leave out {', '.join(overrides)}")
    settings = recorded_scenario(folder, manifest, plugins)
    from simulator.dashboard.showing import Recorded
    from simulator.dashboard.stage import Stage

    return Stage(kind, str(folder), {}, plugins, recorded=Recorded.of(folder, settings))


@cli.group()
def sweep() -> None:
    """Run a scenario in many variants and seeds, and gather their numbers.

    \b
    A study is a YAML file:
      name: fees
      base: quickstart.yaml
      seeds: 10
      grid: {market.fee: [0.003, 0.01, 0.03]}

    \b
    Examples:
      wallstreetfeds sweep run fees.yaml
      wallstreetfeds sweep status outputs/fees
      wallstreetfeds sweep collect outputs/fees
    """


@sweep.command("run")
@click.argument("study")
@_options("set")
@click.option("--seeds", type=click.IntRange(min=1), help="Number of seeds instead of the study's.")
@click.option(
    "--workers", type=click.IntRange(min=1), help="Number of processes, by default one per core."
)
@_options("out", "plugin", "json", "quiet")
def sweep_run(
    study: str,
    settings: tuple[str, ...],
    seeds: int | None,
    workers: int | None,
    out: str,
    plugins: tuple[str, ...],
    as_json: bool,
    quiet: bool,
) -> None:
    """Compute the runs of STUDY, a YAML file or a shipped study, that are not complete yet.

    \b
    A run is known by its complete scenario and seed: what is complete is never computed again, and
    a changed study computes only what it changes. Exit code 3 when some runs failed.

    \b
    Examples:
      wallstreetfeds sweep run manipulation
      wallstreetfeds sweep run fees.yaml --workers 4
      wallstreetfeds sweep run fees.yaml --seeds 2 --set periods=5 --out /tmp/trial
    """
    from simulator.sweep import study_file

    study = study_file(study)
    planned, warnings = _planned(study, out, _overrides(settings, None, None), seeds, plugins)
    if not quiet:
        for warning in warnings:
            click.echo(f"warning: {warning}", err=True)
    failed: dict[str, str] = {}
    with _sweep_progress(len(planned.missing()), quiet) as progress:

        def told(run: "Run", error: str) -> None:
            if error:
                failed[f"{run.cell}, seed {run.seed}"] = error
            if progress:
                progress(len(failed))

        planned.compute(study, workers or _cores(), told)
    for name, error in failed.items():
        click.echo(f"failed: {name}: {error}", err=True)
    if planned.study.report and not planned.missing():
        from simulator.analysis.reports import save_report
        from simulator.analysis.sweeps import load_sweep

        with _told_in_one_line():
            files = save_report(load_sweep(planned.folder), planned.study.report)
        for file in files:
            click.echo(f"report   {file}", err=as_json or quiet)
    _show_sweep(planned.folder, as_json, quiet)
    sys.exit(3 if failed else 0)


@sweep.command("status")
@click.argument("study", metavar="STUDY_OR_FOLDER")
@_options("out", "json")
def sweep_status(study: str, out: str, as_json: bool) -> None:
    """Count the runs of a sweep, as it was last run, that are complete, failed and missing.

    \b
    Examples:
      wallstreetfeds sweep status fees.yaml
      wallstreetfeds sweep status outputs/fees
    """
    from simulator.sweep import read_study, study_file

    if os.path.isdir(study):
        folder = Path(study)
    else:
        folder = Path(out) / read_study(study_file(study))[0].name
    _show_sweep(folder, as_json, quiet=False)


@sweep.command("collect")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--csv",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write, by default FOLDER.csv.",
)
def sweep_collect(folder: Path, file: Path | None) -> None:
    """Write one row per complete run of a sweep: cell, varied settings, seed, headline numbers.

    \b
    Example:
      wallstreetfeds sweep collect outputs/fees --csv fees.csv
    """
    from simulator.recording import write_text
    from simulator.sweep import read_cells

    read_cells(folder)
    from simulator.analysis.sweeps import headline, load_sweep

    with _told_in_one_line():
        found = load_sweep(folder)
        table = found.table(headline)
    target = file or folder.resolve().with_name(f"{folder.resolve().name}.csv")
    write_text(target, table.to_csv(index=False))
    if lacking := len(found.runs) - len(table):
        click.echo(f"{lacking} of {len(found.runs)} runs are not complete and left out", err=True)
    click.echo(str(target))


@contextmanager
def _told_in_one_line() -> Iterator[None]:
    """What the analysis finds wrong with the files of a run or sweep."""
    try:
        yield
    except ValueError as error:
        raise RunError(str(error)) from error


@sweep.command("schema")
def sweep_schema() -> None:
    """Print the JSON Schema of study files, for editors that complete and check YAML.

    \b
    Example:
      wallstreetfeds sweep schema > study.schema.json
    """
    from simulator.sweep import study_schema

    click.echo(json.dumps(study_schema(), indent=2))


@cli.command()
@click.option(
    "--compile",
    "compiles",
    is_flag=True,
    help="Compile all kernels now. Otherwise the first runs on a machine do it, and wait for it.",
)
@_options("json")
def doctor(compiles: bool, as_json: bool) -> None:
    """Check that this installation works: packages, compiled kernel, a tiny run.

    \b
    Examples:
      wallstreetfeds doctor
      wallstreetfeds doctor --compile
    """
    from simulator.doctor import Check, examine

    checks: Iterable[Check] = examine(compiles)
    if compiles:
        from simulator.compiling import ALL

        with _bar(ALL):
            checks = list(checks)
    found = list[Check]()
    for check in checks:  # each is printed as it ends
        found.append(check)
        if not as_json:
            click.echo(f"{'ok  ' if check.good else 'FAIL'} {check.name:<22} {check.found}")
    if as_json:
        click.echo(json.dumps([check._asdict() for check in found], indent=2))
    sys.exit(0 if all(check.good for check in found) else 1)


def _scenario_type(plugins: tuple[str, ...]) -> "type[Scenario]":
    from simulator.scenario import scenario_type
    from simulator.scenario.plugins import load_plugins

    return scenario_type(load_plugins(plugins))


def _load(name: str, overrides: Mapping[str, Any], plugins: tuple[str, ...]) -> "Scenario":
    from simulator.scenario.shipped import scenario_file

    return _scenario_type(plugins).load(scenario_file(name), overrides)


def _shipped() -> list[Path]:
    """The scenario files that come with the package, and their schema."""
    from simulator.scenario.shipped import FOLDER

    return sorted(path for path in FOLDER.iterdir() if path.suffix in (".yaml", ".json"))


def _overrides(settings: tuple[str, ...], seed: int | None, periods: int | None) -> dict[str, Any]:
    from simulator.reading import parse_overrides

    given = {"seed": seed, "periods": periods}
    return parse_overrides(settings) | {
        name: value for name, value in given.items() if value is not None
    }


def _warn(scenario: "Scenario", quiet: bool) -> None:
    if not quiet:
        from simulator.scenario import doubts

        for warning in doubts(scenario):
            click.echo(f"warning: {warning}", err=True)


@contextmanager
def _progress(periods: int, quiet: bool, verbose: bool) -> "Iterator[Progress | None]":
    """Something to call after every period: a bar on a terminal, lines when verbose."""
    if verbose and not quiet:
        from simulator.compiling import watched

        with watched(cache(lambda: click.echo(COMPILING, err=True))):
            yield lambda economy: click.echo(_period_line(economy.history[-1]), err=True)
    elif quiet or not sys.stderr.isatty():
        yield None
    else:
        from simulator.compiling import FIRST_RUN

        with _bar(FIRST_RUN) as bar:
            task = bar.add_task("periods", total=periods)
            yield lambda economy: bar.update(task, completed=economy.period)


@contextmanager
def _bar(compiles: int) -> "Iterator[Bar]":
    """Show a progress bar on a terminal, with an extra line while numba compiles.

    `compiles` is roughly the number of functions that a new installation compiles.
    """
    from rich.console import Console
    from rich.progress import Progress as Bar

    from simulator.compiling import watched

    console = Console(stderr=True)
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(COMPILING, total=compiles, visible=False)
        with watched(lambda: bar.update(task, advance=1, visible=True)):
            yield bar


def _planned(
    study: str,
    out: str,
    overrides: Mapping[str, Any],
    seeds: int | None,
    plugins: tuple[str, ...],
) -> "tuple[Sweep, list[str]]":
    """The sweep of a study, and the warnings about its cells, each once."""
    from simulator.scenario import doubts
    from simulator.sweep import Sweep, cells_of, read_study

    read, entries = read_study(study, {"seeds": seeds} if seeds else {})
    cells = cells_of(read, entries, _scenario_type(plugins), overrides)
    warnings = dict.fromkeys(text for cell in cells for text in doubts(cell.scenario))
    return Sweep(read, cells, out, plugins), list(warnings)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _sweep_progress(missing: int, quiet: bool) -> Iterator[Callable[[int], None] | None]:
    """Something to call after every run with the number of failed ones: a bar on a terminal."""
    if quiet or not missing or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    text = "{task.completed} of {task.total} done, {task.fields[failed]} failed"
    columns = (TextColumn(text), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("runs", total=missing, failed=0)
        yield lambda failed: bar.update(task, advance=1, failed=failed)


def _show_sweep(folder: Path, as_json: bool, quiet: bool) -> None:
    from collections import Counter

    from simulator.recording import read_manifest
    from simulator.sweep import read_cells, state_of

    runs = read_cells(folder)
    states = {run: state_of(folder / run.folder) for run in runs}
    counts = dict.fromkeys(("complete", "failed", "missing"), 0) | Counter(states.values())
    failures = [
        {"folder": str(place), "error": read_manifest(place).get("error", "")}
        for place in (folder / run.folder for run in runs if states[run] == "failed")
    ]
    if as_json:
        answer = {"folder": str(folder), "runs": len(runs), **counts, "failures": failures}
        click.echo(json.dumps(answer, indent=2))
    elif quiet:
        click.echo(str(folder))
    else:
        told = ", ".join(f"{count} {state}" for state, count in counts.items())
        click.echo(f"{folder.name}: {len(runs)} runs, {told}")
        for failure in failures:
            click.echo(f"failed   {failure['folder']}: {failure['error']}")
        click.echo(f"results  {folder}")
        click.echo(f"table    wallstreetfeds sweep collect {shlex.quote(str(folder))}")


def _period_line(row: Mapping[str, Any]) -> str:
    return (
        f"period {row['period']}: accuracy {row['accuracy']:.3f}, revenue {row['revenue']:.1f}, "
        f"issued {row['issued']:.1f}, volume {row['volume']:.1f}"
    )


def _show_run(folder: Path, as_json: bool, quiet: bool) -> None:
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    if as_json:
        click.echo(json.dumps({"folder": str(folder)} | summary, indent=2))
    elif quiet:
        click.echo(str(folder))
    else:
        from simulator.analysis.summary import summary_text

        click.echo(summary_text(summary))
        click.echo(f"\nresults  {folder}")
        click.echo(f"figure   {folder / 'overview.png'}")
        click.echo(f"look     {_opener()} {shlex.quote(str(folder / 'overview.png'))}")


def _opener() -> str:
    return {"darwin": "open", "win32": "start"}.get(sys.platform, "xdg-open")


def _first_line(component: type) -> str:
    return (component.__doc__ or "").strip().splitlines()[0]


def _shown(default: Any) -> str:
    if isinstance(default, list):
        return ", ".join(map(str, default))
    return f"{default:.4g}" if isinstance(default, float) else str(default)


def _show_settings(settings: Mapping[str, tuple[Any, str]], indent: int) -> None:
    for name, (default, description) in settings.items():
        click.echo(f"{'':<{indent}}{name:<{20 - indent}} {_shown(default):<10} {description}")


def _catalogue_json(found: Mapping[str, Any]) -> dict[str, Any]:
    from simulator.scenario.catalogue import defaults

    def listed(fields: dict[str, Any]) -> dict[str, Any]:
        return {
            name: {"default": default, "description": description}
            for name, (default, description) in defaults(fields).items()
        }

    return {
        path: listed(entry)
        if isinstance(entry, dict)
        else {
            member.model_fields["kind"].default: {
                "description": _first_line(member),
                "parameters": listed(member.model_fields),
            }
            for member in entry
        }
        for path, entry in found.items()
    }
