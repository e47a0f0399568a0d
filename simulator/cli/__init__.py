"""The command line: `wallstreetfeds`, also `python -m simulator`.

- `program`: the group of all commands, and `main`, which turns errors into messages and exit codes
- `running`: compute or check one scenario (run, resume, verify, validate)
- `sweeping`: compute many runs (sweep run, status, collect, schema)
- `viewing`: the page (view)
- `discovering`: what there is to set and to start from (list, schema, init, doctor)
- `options`: options that commands share, and what they mean
- `catalogue`: what `list` prints
- `printing`, `progress`: what is shown, and how far a command has come
"""

from simulator.cli.program import cli, main

__all__ = ["cli", "main"]
