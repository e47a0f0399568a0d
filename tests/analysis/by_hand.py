"""Rows of tables, one at a time, and a small run to compare with."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

from simulator import Scenario
from simulator.analysis import Run, load_run, load_sweep
from simulator.analysis.sweeps import Sweep
from simulator.cli import cli
from simulator.running import start

Write = Callable[..., Path]
Ran = Callable[[Scenario], Run]
Rows = dict[str, list[tuple[Any, ...]]]
MARKET = "market: {curve: {kind: constant_product}, fee: 0.2}\n"
SCENARIO = """\
name: measured
periods: 6
seed: 3
federation: {contribution: {kind: leave_one_out}}
clients: [{count: 2}, {count: 1, behaviour: {kind: free_rider}}, {count: 1, training_cost: 0.05}]
liquidity_providers: [{count: 1, deposit: 300}, {count: 1, deposit: 500, cash: 20}]
investors: [{count: 4, activity: 1}, {count: 4, activity: 1, strategy: {kind: noise}}]
"""


def client(
    period: int,
    name: str,
    behaviour: str,
    share: float,
    issued: float,
    dividends: float,
    *end: float,
) -> tuple[Any, ...]:
    """`end` is what it was paid directly, its tokens and its numeraire."""
    direct, tokens, numeraire = end
    seen = (period, name, behaviour, 50, 1, 0.1, 0.1, share, issued, dividends, 0.0)
    return (*seen, direct, 0.0, tokens, numeraire, 0.0, name)


def pool(period: int, token: str, tokens: float, numeraire: float, value: float) -> tuple[Any, ...]:
    return (period, token, tokens, numeraire, numeraire / tokens, 0.0, 0.0, 1000.0, value, 0.2)


def agent(
    period: int, name: str, kind: str, numeraire: float, lp_value: float, wealth: float
) -> tuple[Any, ...]:
    strategy = "passive" if kind == "liquidity_provider" else "noise"
    return (period, name, kind, strategy, 1, numeraire, 0.0, lp_value, wealth)


def fill(agent: str, side: str, paid: float, got: float, status: str = "filled") -> tuple[Any, ...]:
    return (1, 0, agent, 3, "any", "token_0", side, paid, got, 1.0, 0.0, status, 1)


def position(
    period: int,
    who: str,
    token: str,
    *,
    price: float,
    owns: tuple[float, float],
    put_in: tuple[float, float],
    moved: tuple[float, float] = (0.0, 0.0),
    fees: float = 0.0,
    lvr: float = 0.0,
) -> tuple[Any, ...]:
    """`owns`, `put_in` and `moved` are tokens and numeraire."""

    def valued(amounts: tuple[float, float]) -> tuple[float, float, float]:
        return (*amounts, amounts[0] * price + amounts[1])

    range_ = (1.0, 0.0, math.inf)
    return (period, who, token, *range_, *valued(owns), *valued(put_in), *valued(moved), fees, lvr)


def simulated(folder: Path, fee: float) -> Run:
    (folder / "measured.yaml").write_text(SCENARIO)
    return load_run(
        start(Scenario.load(folder / "measured.yaml", {"market.fee": fee}), folder / "out")
    )


def swept(folder: Path, study: str) -> Sweep:
    """The study, computed by the command line."""
    (folder / "study.yaml").write_text(study)
    words = ["sweep", "run", str(folder / "study.yaml"), "--out", str(folder), "--workers", "1"]
    answer = CliRunner().invoke(cli, words)
    assert answer.exit_code == 0, answer.output
    return load_sweep(folder / yaml.safe_load(study)["name"])


def booked(run: Run, flow: str, payer: str, payee: str, asset: str = "numeraire") -> float:
    rows = (run.flows[["flow", "asset", "payer", "payee"]] == [flow, asset, payer, payee]).all(
        axis=1
    )
    return float(run.flows.loc[rows, "amount"].sum())
