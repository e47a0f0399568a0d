"""The command line: `wallstreetfeds`, also `python -m simulator`.

- `program`: the group of all commands, and `main`, which turns errors into messages and exit codes
- `running`: compute or check one scenario (run, resume, verify, validate)
- `sweeping`: compute many runs (sweep run, status, collect, schema)
- `viewing`: the page (view)
- `discovering`: settings, shipped scenarios and the installation (list, schema, init, doctor)
- `options`: options that commands share, and their meaning
- `catalogue`: what `list` prints
- `printing`, `progress`: results and warnings; progress bars
"""

from simulator.cli.program import cli, main

__all__ = ["cli", "main"]
