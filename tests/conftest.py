"""What a whole session of tests shares: compiled kernels."""

import subprocess
import sys

import pytest


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile all kernels before there are workers, which would each compile them.

    A session without workers compiles only what its tests call.
    """
    if session.config.getoption("numprocesses", None) and not session.config.option.collectonly:
        command = [sys.executable, "-m", "simulator", "doctor", "--compile"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
