"""What is done differently with many orders comes to the same as with few."""

from dataclasses import replace

import numpy as np
import pytest

from simulator.components import Floats
from simulator.market import ConstantProduct, Curve, MarketView, Orders, Status, Weighted, orders
from simulator.market.kernels import tally

MANY, TOKENS = 5000, 4


def made_up(tip: Floats | None = None) -> Orders:
    draws = np.random.default_rng(3)
    columns = (
        draws.integers(0, 50, MANY),
        draws.integers(0, TOKENS, MANY),
        draws.random(MANY) < 0.5,
        draws.lognormal(0, 2, MANY),
        draws.lognormal(-1, 2, MANY),
    )
    return Orders(*columns) if tip is None else Orders(*columns, tip)


def assert_same(left: Orders, right: Orders) -> None:
    for name, column in vars(right).items():
        np.testing.assert_array_equal(getattr(left, name), column)
        assert getattr(left, name).dtype == column.dtype


def by_columns(several: Orders, rows: np.ndarray) -> Orders:
    return Orders(**{name: column[rows] for name, column in vars(several).items()})


@pytest.mark.parametrize("tip", [None, np.arange(MANY) / 7.0])
def test_rows_are_taken_as_by_numpy(tip: Floats | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "MANY_ORDERS", 10)
    several, draws = made_up(tip), np.random.default_rng(4)
    mask, some = draws.random(MANY) < 0.3, draws.integers(0, MANY, 2 * MANY)
    for rows in (draws.permutation(MANY), some, some.astype(np.int32), mask, -1 - some):
        assert_same(several.take(rows), by_columns(several, rows))
    with pytest.raises(IndexError):
        several.take(np.full(MANY, MANY))


def test_tips_stay_one_number_until_somebody_tips() -> None:
    plain = made_up()
    rows = np.arange(MANY) % 3 == 0
    for same in (plain.take(rows), Orders.join([plain, plain]), plain.tipped(np.zeros(MANY))):
        assert same.tip.strides == (0,)
        assert same.tip.shape == same.account.shape
        assert same.tips.tolist() == [0.0]
    tipped = plain.tipped(np.where(rows, 2.0, 0.0))
    assert tipped.tip.tolist() == np.where(rows, 2.0, 0.0).tolist()
    joined = Orders.join([plain, tipped])
    assert joined.tips.tolist() == [0.0] * MANY + tipped.tip.tolist()
    one = replace(plain, tip=np.broadcast_to(3.0, (MANY,)))
    assert Orders.join([plain, one]).tip.tolist() == [0.0] * MANY + [3.0] * MANY


@pytest.mark.parametrize("curve", [ConstantProduct(), Weighted(weight=0.8)])
def test_bounds_are_quotes_less_tolerance(curve: Curve) -> None:
    whole, tolerance = np.ones(TOKENS), np.linspace(0, 0.5, 50)
    view = MarketView(
        period=1,
        curve=curve,
        fee=np.array([0.0, 0.01, 0.003, 0.02]),
        reserve_token=np.array([100.0, 200.0, 0.0, 30.0]),
        reserve_numeraire=np.array([50.0, 700.0, 10.0, 1e-3]),
        **dict.fromkeys(
            ("spot_price", "supply", "twap", "fundamental_value", "share", "dividend"), whole.copy()
        ),
    )
    several = made_up()
    several.min_out[::10] = np.nan
    several.amount[::7] = 1e308  # whose quote overflows
    quote = view.quote(several.token, several.buy, several.amount)
    expected = several.bounded((1 - tolerance[several.account]) * quote)
    assert_same(view.bounded(several, tolerance), expected)
    assert_same(view.bounded(Orders.none(), tolerance), Orders.none())


def test_flows_are_tallied_as_one_by_one() -> None:
    several, draws = made_up(), np.random.default_rng(5)
    kinds, paid = draws.integers(0, 3, 50).astype(np.int8), draws.random(MANY)
    status, totals = draws.integers(0, 3, MANY), np.zeros((TOKENS, 3, 2, 2))
    columns = several.account, several.token, several.buy, several.amount
    tally(kinds, *columns, paid, status, totals)
    expected = np.zeros_like(totals)
    place = several.token, kinds[several.account], several.buy.astype(int)
    for side, amounts in enumerate((several.amount, paid)):
        np.add.at(expected[..., side], place, np.where(status == Status.FILLED, amounts, 0.0))
    np.testing.assert_array_equal(totals, expected)
