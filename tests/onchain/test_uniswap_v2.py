"""Our pools against the contracts of Uniswap v2, operation by operation."""

import numpy as np
import pytest

from simulator.errors import MarketError
from simulator.ledger import NUMERAIRE, OUTSIDE
from simulator.market import ConstantProduct, Oracle, Pool
from tests.onchain.chain import FOREVER, OWNER, Chain, Contract, Reverted

UNIT = 10**18  # of the contracts' integers in one of our numbers
FEE = 0.003
OPERATIONS = 2_000
SIDES = ("token", "numeraire")


class Pair:
    """The same pool twice: `ours`, and `theirs` behind Uniswap's router."""

    def __init__(self, chain: Chain, token: int, numeraire: int) -> None:
        self.chain, self.tokens, self.time = chain, chain.tokens(), 1
        chain.wait(self.time)
        core, periphery = "@uniswap/v2-core/build/", "@uniswap/v2-periphery/build/"
        factory = chain.deploy(chain.artifact(core + "UniswapV2Factory.json"), OWNER)
        self.router = chain.deploy(
            chain.artifact(periphery + "UniswapV2Router02.json"), factory.address, OWNER
        )
        self.addresses = [each.address for each in self.tokens]
        factory("createPair", *self.addresses)
        pair = chain.artifact(core + "UniswapV2Pair.json")
        self.theirs = Contract(chain, factory("getPair", *self.addresses), pair["abi"])
        for each in (*self.tokens, self.theirs):
            each("approve", self.router.address, 2**256 - 1)
        self.deposit(token, numeraire)
        self.ours = Pool(ConstantProduct(), token / UNIT, numeraire / UNIT, FEE)
        for asset in (NUMERAIRE, 1):
            self.ours.ledger.transfer("endowment", asset, OUTSIDE, 2, 1e40)

    def deposit(self, token: int, numeraire: int) -> tuple[int, int, int]:
        wanted = (token, numeraire, 0, 0)
        added: tuple[int, int, int] = self.router(
            "addLiquidity", *self.addresses, *wanted, OWNER, FOREVER
        )
        return added

    def withdraw(self, shares: int) -> tuple[int, int]:
        removed: tuple[int, int] = self.router(
            "removeLiquidity", *self.addresses, shares, 0, 0, OWNER, FOREVER
        )
        return removed

    def swap(self, side: str, amount: int, min_out: int = 0) -> int:
        path = self.addresses if side == "token" else self.addresses[::-1]
        name = "swapExactTokensForTokens"
        paid: int = self.router(name, amount, min_out, path, OWNER, FOREVER)[-1]
        return paid

    def quote(self, side: str, amount: int) -> int:
        path = self.addresses if side == "token" else self.addresses[::-1]
        paid: int = self.router("getAmountsOut", amount, path)[-1]
        return paid

    def wait(self) -> None:
        """A second passes and the accumulators see the price that stood in it."""
        self.time += 1
        self.chain.wait(self.time)
        self.theirs("sync")

    @property
    def reserves(self) -> tuple[int, int]:
        token, numeraire, _ = self.theirs("getReserves")
        return token, numeraire


def same(ours: tuple[float, ...] | float, theirs: tuple[int, ...] | int) -> None:
    numbers = theirs if isinstance(theirs, tuple) else (theirs,)
    assert min(numbers) > 10**13  # or the contracts' rounding would show
    assert np.atleast_1d(ours) == pytest.approx([each / UNIT for each in numbers], rel=1e-12)


def deposit(pair: Pair, draws: np.random.Generator) -> None:
    wanted = [int(part * x) for part, x in zip(draws.uniform(0, 1, 2), pair.reserves, strict=True)]
    token, numeraire, minted = pair.deposit(*wanted)
    before = pair.ours.reserve_token, pair.ours.reserve_numeraire
    same(pair.ours.add_liquidity(*(each / UNIT for each in wanted)), minted)
    same((before[0] + token / UNIT, before[1] + numeraire / UNIT), pair.reserves)


def withdraw(pair: Pair, draws: np.random.Generator) -> None:
    owned = pair.theirs("balanceOf", OWNER)
    shares = int(owned * (1.1 if draws.random() < 0.1 else 10 ** draws.uniform(-6, -0.3)))
    if shares <= owned:
        same(pair.ours.remove_liquidity(shares / UNIT), pair.withdraw(shares))
        return
    with pytest.raises(Reverted):
        pair.withdraw(shares)
    with pytest.raises(MarketError, match="cannot burn"):
        pair.ours.remove_liquidity(shares / UNIT)


def swap(pair: Pair, draws: np.random.Generator) -> None:
    side = SIDES[draws.integers(2)]
    amount = int(pair.reserves[SIDES.index(side)] * 10 ** draws.uniform(-9, 0.1))
    quote = pair.quote(side, amount)
    same(pair.ours.quote_in(side, amount / UNIT), quote)
    min_out = int(quote * draws.choice([0.99, 1 - 1e-11, 1 + 1e-11, 1.01]))
    if min_out <= quote:
        paid = pair.swap(side, amount, min_out)
        same(pair.ours.swap_in(side, amount / UNIT, min_out=min_out / UNIT), paid)
        return
    with pytest.raises(Reverted):
        pair.swap(side, amount, min_out)
    with pytest.raises(MarketError, match="less than min_out"):
        pair.ours.swap_in(side, amount / UNIT, min_out=min_out / UNIT)


@pytest.mark.parametrize("seed", range(5))
def test_payouts_shares_refusals_and_average_prices_are_those_of_the_contracts(chain, seed):
    draws = np.random.default_rng(seed)
    pair = Pair(chain, *(int(10 ** draws.uniform(24, 27)) for _ in SIDES))
    oracle = Oracle(window=20)
    memory = oracle.initial(np.array([pair.ours.spot_price]))
    start = pair.ours.shares
    accumulated, refused = [pair.theirs("price0CumulativeLast")], 0
    for _ in range(OPERATIONS):
        if draws.random() < 0.2:
            pair.wait()
            memory = oracle.observe(memory, np.array([pair.ours.spot_price]))
            accumulated.append(pair.theirs("price0CumulativeLast"))
        before = pair.reserves
        small = pair.ours.shares < start * 10 ** draws.uniform(-1, 1)
        operation = swap if draws.random() < 0.6 else deposit if small else withdraw
        operation(pair, draws)
        refused += pair.reserves == before
        same((pair.ours.reserve_token, pair.ours.reserve_numeraire), pair.reserves)
        same(pair.ours.shares, pair.theirs("totalSupply"))
    assert 0.25 < refused / OPERATIONS < 0.4  # both kinds of refusals have happened
    seconds = 20
    theirs = (accumulated[-1] - accumulated[-1 - seconds]) / 2**112 / seconds
    assert oracle.twap(memory) == pytest.approx([theirs], rel=1e-12)


# Where we differ, because our numbers are not integers


def test_the_contract_locks_a_thousand_units_of_the_first_deposit_and_we_none(chain):
    pair = Pair(chain, 4_000_000, 9_000_000)
    assert pair.theirs("MINIMUM_LIQUIDITY") == 1000
    assert pair.theirs("balanceOf", OWNER) == 6_000_000 - 1000
    assert pair.theirs("totalSupply") == 6_000_000
    assert pair.ours.shares * UNIT == pytest.approx(6_000_000)
    assert pair.ours.ledger.balances[2, 2] == pair.ours.shares
    with pytest.raises(Reverted):  # as 1000 shares are all that would be minted
        Pair(Chain(chain.packages), 1000, 1000)


def test_the_contract_refuses_what_rounds_to_nothing_and_we_pay_a_fraction(chain):
    pair = Pair(chain, 4_000_000, 9_000)
    with pytest.raises(Reverted):
        pair.swap("token", 100)
    assert pair.ours.swap_in("token", 100 / UNIT) * UNIT == pytest.approx(0.2243, rel=1e-3)
    with pytest.raises(Reverted):
        pair.withdraw(10)
    assert pair.ours.remove_liquidity(10 / UNIT)[1] * UNIT == pytest.approx(0.4743, rel=1e-3)
