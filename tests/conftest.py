"""What a whole session of tests shares: compiled kernels and the profiles of Hypothesis."""

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, settings

# Times say more of the machine than of the code: no test fails for its time.
TIMELESS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("full", TIMELESS)
settings.register_profile("quick", TIMELESS, max_examples=20)
settings.load_profile("quick")  # unless pytest is given another as --hypothesis-profile


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile all kernels before there are workers, which would each compile them.

    A session without workers compiles only what its tests call.
    """
    if session.config.getoption("numprocesses", None) and not session.config.option.collectonly:
        command = [sys.executable, "-m", "simulator", "doctor", "--compile"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
