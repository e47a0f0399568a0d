"""The summary: known answers of a run made by hand, and runs that lack something."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.analysis import load_run, summarise
from simulator.analysis.summary import summary_text

Write = Callable[..., Path]
Toy = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def summary(finished: Write, toy: Toy) -> dict[str, Any]:
    return summarise(load_run(finished(toy)))


def test_model(summary: dict[str, Any]) -> None:
    assert summary["run"] == {"name": "toy", "seed": 7, "status": "complete"}
    assert summary["periods"] == 4
    assert summary["accuracy"] == pytest.approx({"first": 0.1, "last": 0.9})
    assert summary["loss"] == pytest.approx({"first": 2.0, "last": 0.4})


def test_clients(summary: dict[str, Any]) -> None:
    by_share, by_price = summary["clients"]["by_share"], summary["clients"]["by_price"]
    assert summary["clients"]["count"] == 2
    assert by_share["periods"] == 1
    assert by_share["best"] == {"name": "client-1", "behaviour": "honest", "value": 0.9}
    assert by_share["worst"]["name"] == "client-2"
    assert by_share["worst"]["value"] == pytest.approx(0.1)
    assert by_price["best"] == {"name": "client-1", "behaviour": "honest", "value": 1.8}
    assert by_price["worst"] == {"name": "client-2", "behaviour": "free_rider", "value": 0.6}


def test_the_last_quarter_is_rounded_up(finished: Write, toy: Toy) -> None:
    periods = toy["periods"]
    toy["periods"] = [*periods, (5, *periods[-1][1:])]
    toy["clients"] += [(5, *row[1:]) for row in toy["clients"] if row[0] == 0]
    by_share = summarise(load_run(finished(toy)))["clients"]["by_share"]
    assert by_share["periods"] == 2
    assert by_share["best"]["value"] == pytest.approx((0.9 + 0.5) / 2)


def test_traders(summary: dict[str, Any]) -> None:
    assert summary["liquidity_providers"] == pytest.approx(
        {"genesis": 400, "end": 440, "return_percent": 10}
    )
    assert list(summary["investors"]) == ["fundamentalist", "noise"]
    assert summary["investors"]["fundamentalist"] == pytest.approx(
        {"genesis": 100, "end": 112, "return_percent": 12}
    )
    assert summary["investors"]["noise"] == pytest.approx(
        {"genesis": 80, "end": 76, "return_percent": -5}
    )
    assert summary["trading"] == {
        "volume": 26.0,
        "fees": 2.0,  # 2 pools x 4 periods x 0.25
        "fills": {"filled": 2, "slippage": 1},
    }


def test_uses_of_revenue(summary: dict[str, Any]) -> None:
    revenue = summary["revenue"]
    assert revenue["total"] == 400
    assert {flow: use["amount"] for flow, use in revenue["uses"].items()} == {
        "direct": 240,
        "dividend": 90,
        "buyback": 50,  # 60, of which 10 came back
        "retained": 20,  # 50, of which 30 were released
    }
    assert revenue["uses"]["direct"]["percent"] == 60
    assert sum(use["percent"] for use in revenue["uses"].values()) == pytest.approx(100, abs=1e-12)


def test_only_tokens_are_burned(summary: dict[str, Any]) -> None:
    assert summary["tokens"] == {"issued": 40, "burned": 15}


def test_it_is_plain_json(summary: dict[str, Any]) -> None:
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_text(summary: dict[str, Any]) -> None:
    assert summary_text(summary).splitlines() == [
        "toy: 4 periods, seed 7, complete",
        "",
        "Model          test accuracy 0.100 -> 0.900, log loss 2.000 -> 0.400",
        "Best client    client-1 (honest): 90.0% of rewards, at the end",
        "Worst client   client-2 (free_rider): 10.0% of rewards",
        "Dearest token  client-1 (honest): 1.800 numeraire",
        "Cheapest       client-2 (free_rider): 0.600 numeraire",
        "",
        "Wealth in numeraire              genesis         end    return",
        "  liquidity providers                400         440    +10.0%",
        "  investors, fundamentalist          100         112    +12.0%",
        "  investors, noise                 80.00       76.00     -5.0%",
        "",
        "Revenue        400 numeraire: direct 60.0%, dividend 22.5%, buyback 12.5%, retained 5.0%",
        "Trading        26.00 numeraire, fees to pools 2.00 numeraire",
        "Orders         2 filled, 1 slippage",
        "Tokens         40.00 issued, 15.00 burned",
    ]


def test_a_running_run_is_summed_up_to_its_last_part(running: Write, toy: Toy) -> None:
    summary = summarise(load_run(running(toy, (0, 1), (2, 2))))
    assert (summary["periods"], summary["trading"]["volume"]) == (2, 11)
    assert summary_text(summary).startswith("toy: 2 periods, seed 7, running")


@pytest.mark.parametrize("last", [0, 1])
def test_a_run_of_hardly_a_period(running: Write, toy: Toy, last: int) -> None:
    summary = summarise(load_run(running(toy, (0, last))))
    assert summary["periods"] == last
    assert summary["clients"]["by_share"]["periods"] == 1
    assert summary["accuracy"]["last"] == pytest.approx(0.1 + 0.2 * last)
    assert summary["revenue"]["total"] == 200 * last
    assert (summary["revenue"]["uses"] == {}) == (last == 0)
    assert "Revenue" in summary_text(summary)


def test_cash_has_no_tokens_and_no_traders(finished: Write, toy: Toy) -> None:
    toy |= {"pools": [], "fills": []}
    toy["agents"] = [row for row in toy["agents"] if row[2] in ("client", "aggregator")]
    summary = summarise(load_run(finished(toy)))
    assert summary["liquidity_providers"] is None
    assert summary["investors"] == {}
    assert summary["clients"]["by_price"] == {"best": None, "worst": None}
    assert summary["trading"]["fees"] == summary["tokens"]["burned"] == 0
    text = summary_text(summary)
    assert "No liquidity providers and no investors took part." in text
    assert "token" not in text.split("Tokens")[0]


def test_a_shared_token_has_a_price_and_no_client(finished: Write, toy: Toy) -> None:
    toy["pools"] = [(t, "shared", *rest) for t, token, *rest in toy["pools"] if token == "token-1"]
    summary = summarise(load_run(finished(toy)))
    best = summary["clients"]["by_price"]["best"]
    assert best == {"name": "shared", "behaviour": None, "value": 1.8}
    assert "Token price    shared: 1.800 numeraire" in summary_text(summary)


def test_what_has_no_value_is_none(finished: Write, toy: Toy) -> None:
    nan = float("nan")
    toy["periods"] = [(row[0], nan, nan, *row[3:]) for row in toy["periods"]]
    toy["clients"] = [(*row[:7], nan, *row[8:]) for row in toy["clients"]]
    toy["agents"] = [(*row[:-1], 0.0) for row in toy["agents"]]
    summary = summarise(load_run(finished(toy)))
    assert summary["accuracy"] == {"first": None, "last": None}
    assert summary["clients"]["by_share"]["best"] is None
    assert summary["liquidity_providers"]["return_percent"] is None
    assert json.dumps(summary, allow_nan=False)
    assert "test accuracy - -> -" in summary_text(summary)
