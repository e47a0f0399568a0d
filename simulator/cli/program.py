"""The program: all commands, and its exit codes.

Results go to stdout, progress and messages to stderr. Exit codes: 0 done, 1 the run failed, 2 bad
usage, scenario or plugin, 3 runs of a sweep failed, 130 interrupted. Heavy packages are imported by
the commands that need them.
"""

import atexit
import gc
import os
import signal
import sys
import threading
from typing import NoReturn

import click

from simulator.caching import REMEDY, is_temporary
from simulator.cli.discovering import doctor, init, list_, schema
from simulator.cli.printing import show_how_to_resume, show_problems
from simulator.cli.running import resume, run, validate, verify
from simulator.cli.sweeping import sweep
from simulator.cli.viewing import view
from simulator.errors import ComponentError, Problem, ScenarioError, SimulatorError
from simulator.foreign import described_error, is_of_plugin

__all__ = ["cli", "main"]

COMMANDS = (doctor, init, list_, resume, run, schema, sweep, validate, verify, view)


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
    if is_temporary():
        click.echo(f"warning: {REMEDY}", err=True)


for command in COMMANDS:
    cli.add_command(command)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    atexit.register(gc.freeze)  # what is left needs no collecting, which would take 0.5 s
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    words = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in words
    try:
        sys.exit(cli.main(words, standalone_mode=False) or 0)
    except (click.Abort, KeyboardInterrupt) as interrupt:
        click.echo("interrupted", err=True)
        show_how_to_resume(
            interrupt if isinstance(interrupt, KeyboardInterrupt) else interrupt.__context__
        )
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ScenarioError as error:
        show_problems(error.problems, as_json)
        sys.exit(2)
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except (SimulatorError, OSError) as error:
        show_problems([Problem("", str(error))], as_json)
        show_how_to_resume(error)
        began = bool(getattr(error, "__notes__", ()))  # the note names the run's folder
        sys.exit(2 if isinstance(error, ComponentError) and not began else 1)
    except (Exception, SystemExit) as error:
        if not is_of_plugin(error):
            raise
        show_problems([Problem("--plugin", f"cannot be used: {described_error(error)}")], as_json)
        sys.exit(2)
