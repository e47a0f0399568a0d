"""The overview figure: the right numbers in the right panels, readable labels, stable files."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.analysis import load_run, overview_figure
from simulator.analysis.__main__ import main
from simulator.analysis.figures import save_overview
from simulator.analysis.labels import spread
from simulator.analysis.looks import COOL, FEW, WARM

Write = Callable[..., Path]
Toy = dict[str, list[tuple[Any, ...]]]
MODEL, SHARES, PRICES, WEALTH = range(4)


def drawn(axes: Axes) -> dict[str, list[float]]:
    """Heights of the lines by their label."""
    return {
        str(line.get_label()): np.asarray(line.get_ydata(), dtype=float).tolist()
        for line in axes.lines
        if not str(line.get_label()).startswith("_")
    }


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def colours(axes: Axes) -> dict[str, Any]:
    return {str(line.get_label()): line.get_color() for line in axes.lines}


def crowd(toy: Toy, count: int) -> Toy:
    """Like `toy`, of `count` clients of which every fifth is a free-rider."""
    rows: Toy = toy | {"clients": [], "pools": []}
    for t in range(5):
        for number in range(1, count + 1):
            behaviour = "free_rider" if number % 5 == 0 else "honest"
            share = number * (1 + t)
            rest = toy["clients"][0][3:7], toy["clients"][0][8:]
            rows["clients"].append((t, f"client-{number}", behaviour, *rest[0], share, *rest[1]))
            price = 1.0 * share
            rows["pools"].append((t, f"token-{number}", 1.0, 1.0, price, 0.0, 0.0, 1.0, 2.0, 0.0))
    return rows


@pytest.fixture
def figure(finished: Write, toy: Toy) -> Figure:
    return overview_figure(load_run(finished(toy)))


def test_model_panel(figure: Figure) -> None:
    model, behind = figure.axes[MODEL], figure.axes[-1]
    assert drawn(model)["accuracy"] == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])
    assert "0.900" in texts(model)
    (area,) = behind.collections
    assert area.get_paths()[0].vertices[:, 1].max() == 100
    assert "revenue" in texts(model)[0]


def test_shares_panel(figure: Figure) -> None:
    assert drawn(figure.axes[SHARES]) == {
        "client-1": pytest.approx([50, 60, 70, 80, 90]),
        "client-2": pytest.approx([50, 40, 30, 20, 10]),
    }
    equal = [line for line in figure.axes[SHARES].lines if line.get_label() == "_equal"]
    assert np.asarray(equal[0].get_ydata()).tolist() == [50] * 5
    assert {"client-1 90", "client-2 10"} <= set(texts(figure.axes[SHARES]))


def test_prices_panel(figure: Figure) -> None:
    lines = drawn(figure.axes[PRICES])
    assert lines["token-1"] == [1.0, 1.2, 1.4, 1.6, 1.8]
    assert lines["token-2 (fundamental value)"] == [0.5, 0.45, 0.4, 0.35, 0.3]
    assert figure.axes[PRICES].get_ylim()[0] == 0


def test_wealth_panel_is_indexed(figure: Figure) -> None:
    assert drawn(figure.axes[WEALTH]) == {
        "clients": [100] * 5,
        "liquidity providers": [100, 102.5, 105, 107.5, 110],
        "fundamentalist": pytest.approx([100, 103, 106, 109, 112]),
        "noise": pytest.approx([100, 98.75, 97.5, 96.25, 95]),
    }
    assert "noise 95.0" in texts(figure.axes[WEALTH])


def test_wealth_from_nothing_is_in_numeraire(finished: Write, toy: Toy) -> None:
    toy["agents"] = [(*row[:-1], 0.0 if row[0] == 0 else 5.0) for row in toy["agents"]]
    wealth = overview_figure(load_run(finished(toy))).axes[WEALTH]
    assert wealth.get_ylabel() == "numeraire"
    assert drawn(wealth)["clients"] == [0, 10, 10, 10, 10]


def test_a_client_has_one_colour(figure: Figure) -> None:
    shares, prices = colours(figure.axes[SHARES]), colours(figure.axes[PRICES])
    assert shares["client-1"] == prices["token-1"] == COOL[0]
    assert shares["client-2"] == prices["token-2"] == WARM[0]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["honest (1)", "free rider (1)"]


def test_heading_names_the_run(finished: Write, toy: Toy) -> None:
    figure = overview_figure(load_run(finished(toy, name="a $b_c$", status="interrupted")))
    assert figure.get_suptitle() == "a $b_c$, seed 7"
    assert figure.texts[1].get_text() == "4 periods, 2 clients, interrupted"
    figure.canvas.draw()


def test_a_crowd_is_summed_up_by_its_medians(finished: Write, toy: Toy) -> None:
    count = FEW + 3
    shares = overview_figure(load_run(finished(crowd(toy, count)))).axes[SHARES]
    lines = drawn(shares)
    assert len(lines) == count + 2
    assert lines["client-7"] == [700, 1400, 2100, 2800, 3500]
    assert lines["free rider"] == [1000, 2000, 3000, 4000, 5000]  # the median of 5, 10, 15
    assert lines["honest"][0] == 750  # of 1-4, 6-9, 11-14
    assert len(texts(shares)) == 1 + 2


def test_prices_far_apart_are_drawn_logarithmically(finished: Write, toy: Toy) -> None:
    toy["pools"] = [
        (*row[:4], row[4] * (100 if row[1] == "token-1" else 1), *row[5:]) for row in toy["pools"]
    ]
    assert overview_figure(load_run(finished(toy))).axes[PRICES].get_yscale() == "log"


def test_an_empty_pool_leaves_a_gap(finished: Write, toy: Toy) -> None:
    nan = float("nan")
    toy["pools"] = [
        (*row[:4], nan if row[0] == 4 and row[1] == "token-1" else row[4], *row[5:])
        for row in toy["pools"]
    ]
    prices = overview_figure(load_run(finished(toy))).axes[PRICES]
    assert "token-1 1.60" in texts(prices)


def test_no_pools_no_agents(finished: Write, toy: Toy) -> None:
    figure = overview_figure(load_run(finished(toy | {"pools": [], "agents": []})))
    assert "no token is traded in this run" in texts(figure.axes[PRICES])
    assert "no agent is recorded in this run" in texts(figure.axes[WEALTH])
    figure.canvas.draw()


@pytest.mark.parametrize("last", [0, 1])
def test_a_run_of_hardly_a_period_shows_its_points(running: Write, toy: Toy, last: int) -> None:
    figure = overview_figure(load_run(running(toy, (0, last))))
    figure.canvas.draw()
    assert all(axes.get_xlim() == (0, 1) for axes in figure.axes)
    assert figure.axes[MODEL].lines[0].get_marker() == "o"


def test_files_are_the_same_every_time(finished: Write, toy: Toy, tmp_path: Path) -> None:
    folder = finished(toy)
    first = save_overview(load_run(folder))
    assert first == [folder / "overview.png", folder / "overview.svg"]
    again = save_overview(load_run(folder), tmp_path)
    assert first[0].read_bytes() == again[0].read_bytes()
    assert first[1].read_bytes() == again[1].read_bytes()
    assert b"dc:date" not in first[1].read_bytes()


def test_the_command_prints_and_draws(
    finished: Write, toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = finished(toy)
    assert main([str(folder)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("toy: 4 periods, seed 7, complete\n")
    assert (folder / "overview.svg").exists()
    assert "overview.png" in err


def test_the_command_names_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert "not a run folder" in err


heights = st.lists(st.floats(0, 1), max_size=12).map(sorted)


@given(heights, st.floats(0.001, 0.2))
def test_labels_keep_their_order_and_distance(targets: list[float], gap: float) -> None:
    places = spread(targets, gap)
    fits = min(gap, 1 / max(len(targets) - 1, 1))
    assert all(after - before >= fits - 1e-9 for before, after in pairwise(places))
    assert all(-1e-9 <= place <= 1 + 1e-9 for place in places)


@pytest.mark.parametrize(
    ("targets", "places"),
    [
        ([], []),
        ([0.2, 0.8], [0.2, 0.8]),
        ([0.5, 0.5], [0.45, 0.55]),
        ([0.0, 0.0, 0.9], [0.0, 0.1, 0.9]),
        ([1.0, 1.0], [0.9, 1.0]),
        ([0.3, 0.35, 0.36], [0.3366666667 - 0.1, 0.3366666667, 0.3366666667 + 0.1]),
    ],
)
def test_labels_move_as_little_as_possible(targets: list[float], places: list[float]) -> None:
    assert spread(targets, 0.1).tolist() == pytest.approx(places)
