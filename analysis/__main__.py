"""`python -m analysis RUN`: draw the figures of a run and print its summary."""

import argparse
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code is 2 when the folder cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m analysis", description=__doc__)
    parser.add_argument("run", help="a run folder, as in outputs/<name>/<time>-<id>")
    folder = parser.parse_args(arguments).run

    from .figures import save_overview, save_proceeds
    from .load import load_run
    from .summary import summarise, summary_text

    try:
        run = load_run(folder)
        print(summary_text(summarise(run)))
        for file in [*save_overview(run), save_proceeds(run)]:
            print(f"drawn: {file}", file=sys.stderr)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
