"""Numbers of numpy, pandas, fractions and decimal are taken wherever Python's own are."""

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import Economy, Scenario
from simulator.components import as_python
from simulator.errors import ScenarioError
from simulator.federation import CoalitionGame, Shapley
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import (
    BondingCurve,
    ConstantProduct,
    LiquidityOrders,
    Orders,
    Pool,
    StableSwap,
    Weighted,
    settle,
)
from simulator.market.ticks import TickBook
from simulator.running import start
from tests.laws import law

WHOLE: dict[str, Callable[[int], Any]] = {
    "int": int,
    **{
        np.dtype(kind).name: kind
        for kind in (np.int16, np.int32, np.int64, np.uint16, np.uint32, np.uint64)
    },
    "0-d array": lambda number: np.array(number),
    "0-d unsigned": lambda number: np.array(number, dtype=np.uint32),
    "Fraction": Fraction,
    "Decimal": Decimal,
    "pandas": lambda number: pd.Series([number]).iloc[0],
}
REAL: dict[str, Callable[[int], Any]] = WHOLE | {
    "float": float,
    "float32": np.float32,
    "float64": np.float64,
    "longdouble": np.longdouble,
}
FEW = {"federation": {"task": {"kind": "wine"}}, "liquidity_providers": [{"deposit": 100}]}
whole, real = st.sampled_from(list(WHOLE)), st.sampled_from(list(REAL))
amounts = st.integers(1, 30_000)  # which all types have


@law(200)
@given(amounts, amounts, amounts, real, real, real)
def test_a_pool_is_the_same_of_all_numbers(x, y, paid, one, two, three):
    for curve in (ConstantProduct(), Weighted(weight=0.3), StableSwap()):
        plain = Pool(curve, float(x), float(y), 0.25)
        other = Pool(curve, REAL[one](x), REAL[two](y), Fraction(1, 4))
        assert other.shares == plain.shares
        amount = REAL[three](paid)
        assert other.quote_in("token", amount) == plain.quote_in("token", float(paid))
        assert other.swap_in("token", amount) == plain.swap_in("token", float(paid))
        assert other.add_liquidity(amount, amount, account=OUTSIDE) == (
            plain.add_liquidity(float(paid), float(paid), account=OUTSIDE)
        )
        half = REAL[three](max(x // 4, 1))
        burned = min(float(half), plain.shares / 2)
        assert other.remove_liquidity(np.float64(burned)) == plain.remove_liquidity(burned)
        assert other.ledger.balances.tobytes() == plain.ledger.balances.tobytes()


@pytest.mark.parametrize("number", REAL.values(), ids=REAL)
def test_a_bonding_curve_and_a_tick_book_are_the_same_of_all_numbers(number):
    plain, other = Pool(BondingCurve(), 100.0, 50.0), Pool(BondingCurve(), number(100), number(50))
    assert other.spot_price == plain.spot_price
    books = [TickBook(make(2), 0.0, WHOLE["int32"](1)) for make in (float, number)]
    for book, make in zip(books, (float, number), strict=True):
        liquidity = book.liquidity_for(0, 20000, make(100), make(100))
        position, *_ = book.mint(np.int64(0), np.int32(20000), make(int(liquidity)))
        book.add(position, make(3))
        book.swap_in("token", make(5))
        book.burn(position, make(2))
    assert books[0].reserves == books[1].reserves and books[1].owned.dtype == np.float64


def test_large_whole_numbers_do_not_wrap_around():
    for number in (np.int64(5_000_000_000), 10**10, 10**18, np.uint64(2**63)):
        assert Pool(ConstantProduct(), number, number).shares == float(number)
    assert Pool(ConstantProduct(), np.int32(100_000), np.int32(100_000)).shares == 1e5
    reserves = np.array([5_000_000_000, 4])
    assert ConstantProduct().invariant(reserves, reserves).tolist() == [5e9, 4.0]


@law(60)
@given(st.integers(1, 200), whole, real)
def test_settings_are_the_same_of_all_numbers(number, kind, other):
    periods, wealth = WHOLE[kind](number), REAL[other](number)
    expected = Scenario(periods=number, investors=[{"wealth": {"mean": number}}])
    given_ = Scenario(periods=periods, investors=[{"wealth": {"mean": wealth}}])
    assert given_ == expected and type(given_.periods) is int
    path = Path(__file__).parents[1] / "scenarios" / "quickstart.yaml"
    changes = {"periods": periods, "investors.0.wealth.mean": wealth, "seed": WHOLE[kind](number)}
    loaded = Scenario.load(path, changes)
    assert loaded == Scenario.load(path, as_python(changes))
    assert (loaded.periods, loaded.seed) == (number, number)


def test_truth_values_and_lists_of_numpy():
    path = Path(__file__).parents[1] / "scenarios" / "quickstart.yaml"
    changes = {"tokens.payout.pools_earn": np.bool_(True), "seed": np.arange(10, 20)[0]}
    assert Scenario.load(path, changes).tokens.payout.pools_earn is True
    event = {"period": 2, "clients": np.array([1, 2]), "behaviour": {"kind": "label_flip"}}
    assert Scenario(events=[event]).events[0].clients == (1, 2)


@pytest.mark.parametrize("number", [np.float64(2.5), Fraction(5, 2), Decimal("2.5"), 2.0])
def test_what_is_not_whole_is_no_number_of_periods(number):
    with pytest.raises(ScenarioError, match="periods: expected a whole number, got "):
        Scenario(periods=number)


@pytest.mark.parametrize("number", [np.float64("nan"), Decimal("inf"), np.array([1, 2])])
def test_what_is_no_number_is_refused(number):
    path = Path(__file__).parents[1] / "scenarios" / "quickstart.yaml"
    with pytest.raises(ScenarioError, match=r"market\.fee"):
        Scenario.load(path, {"market.fee": number})


def test_overrides_of_numpy_are_noted_in_the_manifest(tmp_path: Path) -> None:
    scenario = Scenario(periods=1, **FEW | {"clients": [{"count": 3}]})
    folder = start(
        scenario, tmp_path, overrides={"seed": np.int64(3), "market.fee": Decimal("0.5")}
    )
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["overrides"] == {"seed": 3, "market.fee": 0.5}


def a_market():
    ledger = Ledger(["outside", "pool", "trader"], ["numeraire", "token", "lp"])
    for asset in (NUMERAIRE, 1):
        ledger.transfer("endowment", asset, OUTSIDE, 1, 1000)
        ledger.transfer("endowment", asset, OUTSIDE, 2, np.float32(500))
    return ledger, [Pool.on(ledger, ConstantProduct(), 0.01, account=1, token=1, share=2)]


@pytest.mark.parametrize("gas", [1, np.int8(1), Fraction(1), Decimal(1)])
@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.uint8, np.uint64, np.int64])
def test_orders_are_the_same_of_all_columns(dtype, gas):
    """Columns of 32 bits used to be read as half as many of 64."""
    columns = ([2, 2, 2, 2], [0, 0, 0, 0]), [True, False, True, False], [3, 5, 7, 20]
    expected, pools = a_market()
    plain = Orders(
        *(np.array(column) for column in columns[0]),
        np.array(columns[1]),
        np.array(columns[2], dtype=float),
        np.zeros(4),
    )
    wanted = settle(expected, pools, plain, 1.0)
    ledger, pools = a_market()
    orders = Orders(
        *(np.array(column, dtype=dtype) for column in columns[0]),
        np.array(columns[1]),
        np.array(columns[2], dtype=dtype),
        np.zeros(4, dtype=np.float32),
    )
    found = settle(ledger, pools, orders, gas)
    assert found.amount_out.tolist() == wanted.amount_out.tolist()
    assert ledger.balances.tobytes() == expected.balances.tobytes()
    assert len(Orders([2], [0], [True], [Decimal(3)], [0])) == 1


@pytest.mark.parametrize(
    "change", [{"account": [1.5]}, {"token": ["a"]}, {"buy": [1]}, {"amount": [[1.0]]}]
)
def test_a_column_that_would_lose_values_is_refused(change):
    columns = {"account": [2], "token": [0], "buy": [True], "amount": [1.0], "min_out": [0.0]}
    with pytest.raises(TypeError, match="order column of"):
        Orders(**(columns | change))


def test_liquidity_orders_take_all_numbers():
    orders = LiquidityOrders.deposits(
        np.array([0], dtype=np.int32), [0], np.array([3], dtype=np.uint8), [Decimal(2)]
    )
    assert orders.account.dtype == np.int64 and orders.deposit_numeraire.tolist() == [2.0]


@pytest.mark.parametrize("number", WHOLE.values(), ids=WHOLE)
def test_games_take_all_numbers(number):
    if isinstance(number(3), Fraction | Decimal):
        with pytest.raises(TypeError):
            CoalitionGame.from_function(number(3), len)
        return
    game = CoalitionGame.from_function(number(3), lambda members: number(len(members)))
    assert Shapley().contributions(game) == pytest.approx([1, 1, 1])


def test_an_economy_of_numpys_numbers_is_the_same() -> None:
    counts = np.int32(3), 3
    economies = [Economy(Scenario(periods=2, **FEW, clients=[{"count": each}])) for each in counts]
    for economy in economies:
        economy.step()
    assert np.array_equal(economies[0].ledger.balances, economies[1].ledger.balances)
