"""What all tests share: compiled kernels, the profiles of Hypothesis and the command line."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numba
import pytest
from hypothesis import HealthCheck, settings

from simulator import Economy, Scenario, recording, run

# Times say more of the machine than of the code: no test fails for its time. Where CI is set,
# Hypothesis has begun with a profile that draws the same examples each time, and so do these.
TIMELESS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("full", TIMELESS)
settings.register_profile("quick", TIMELESS, max_examples=20)
settings.load_profile("quick")  # unless pytest is given another as --hypothesis-profile

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a script
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile all kernels before there are workers, which would each compile them.

    A session without workers compiles only what its tests call.
    """
    workers = session.config.getoption("numprocesses", None)
    if workers and not session.config.option.collectonly and not numba.config.DISABLE_JIT:
        compiling = "from simulator.compiling import compile_kernels; compile_kernels()"
        subprocess.run([sys.executable, "-c", compiling], check=True)


class Answer(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Answer]]:
    """`wallstreetfeds ARGUMENTS` within this process."""
    from simulator.cli import main

    def called(*arguments: str | Path) -> Answer:
        words = [str(argument) for argument in arguments]
        monkeypatch.setattr(sys, "argv", ["wallstreetfeds", *words])
        with pytest.raises(SystemExit) as end:
            main(words)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Answer(int(end.value.code or 0), captured.out, captured.err)

    before = signal.getsignal(signal.SIGTERM)
    yield called
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that was interrupted in period 6, with checkpoints of periods 5 and 6."""
    monkeypatch.setattr(recording, "COMMIT_SECONDS", 0.0)
    monkeypatch.setattr(recording, "CHECKPOINT_FRACTION", 1e9)
    (tmp_path / "fast.yaml").write_text(
        "name: fast\nperiods: 9\nfederation: {contribution: {kind: leave_one_out}}\n"
        "clients: [{count: 3}]\nliquidity_providers: [{count: 1, deposit: 300}]\n"
        "investors: [{count: 2}]\n"
    )

    def interrupt(economy: Economy) -> None:
        if economy.period == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        scenario = Scenario.load(tmp_path / "fast.yaml")
        run(scenario, tmp_path / "out", progress=interrupt)
    return Path(caught.value.__notes__[0])
