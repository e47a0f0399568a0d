"""Concentrated liquidity against the contracts of Uniswap v3, operation by operation."""

import contextlib
import copy
import math
from collections.abc import Sequence

import numpy as np
import pytest

from simulator.components import Floats
from simulator.errors import MarketError
from simulator.market.ticks import TickBook
from tests.onchain.chain import FOREVER, OWNER, Chain, Contract, Reverted

UNIT = 10**18  # of the contracts' integers in one of our numbers
SIDES = ("token", "numeraire")
SPACINGS = {100: 1, 500: 10, 3000: 60, 10_000: 200}  # by fee in millionths
OPERATIONS = 500
MOST_DRIFT = 5e-12  # 1.3e-12 in the worst run of 64, below 1e-13 in nine of ten
LAST_BITS = 4e-15  # relative, of a root in floats
MOST = 2**128 - 1  # of fees, to be collected


class Twins:
    """The same pool twice: `ours`, and `theirs` behind Uniswap's manager and router."""

    def __init__(self, chain: Chain, millionths: int, price: float) -> None:
        chain.wait(1)
        self.tokens, self.fee = chain.tokens(), millionths
        core, periphery = "@uniswap/v3-core/artifacts/", "@uniswap/v3-periphery/artifacts/"
        core, periphery = core + "contracts/", periphery + "contracts/"
        factory = chain.deploy(chain.artifact(core + "UniswapV3Factory.sol/UniswapV3Factory.json"))
        if millionths == 100:
            factory("enableFeeAmount", 100, 1)
        self.router = chain.deploy(
            chain.artifact(periphery + "SwapRouter.sol/SwapRouter.json"), factory.address, OWNER
        )
        name = "NonfungiblePositionManager"
        manager = chain.artifact(periphery + f"{name}.sol/{name}.json")
        self.manager = chain.deploy(manager, factory.address, OWNER, OWNER)
        for token in self.tokens:
            for spender in (self.router, self.manager):
                token("approve", spender.address, 2**256 - 1)
        self.pair = [token.address for token in self.tokens]
        pool = chain.artifact(core + "UniswapV3Pool.sol/UniswapV3Pool.json")
        root = int(math.sqrt(price) * 2**96)
        address = self.manager("createAndInitializePoolIfNecessary", *self.pair, millionths, root)
        self.theirs = Contract(chain, address, pool["abi"])
        self.ours = TickBook(price, millionths / 1e6, SPACINGS[millionths])

    @property
    def root(self) -> float:
        price: int = self.theirs("slot0")[0]
        return price / 2**96

    def mint(self, lower: int, upper: int, token: int, numeraire: int) -> tuple[int, ...]:
        """Number, liquidity and what it takes of both."""
        asked = (*self.pair, self.fee, lower, upper, token, numeraire, 0, 0, OWNER, FOREVER)
        made: tuple[int, ...] = self.manager("mint", asked)
        return made

    def swap(self, side: str, amount: int) -> tuple[int, int]:
        """What was spent and what came out."""
        paid = self.tokens[SIDES.index(side)]
        before = paid("balanceOf", OWNER)
        path = self.pair if side == "token" else self.pair[::-1]
        out = self.router("exactInputSingle", (*path, self.fee, OWNER, FOREVER, amount, 0, 0))
        return before - paid("balanceOf", OWNER), out


class Comparison:
    """Random operations on both pools, each of which must do the same.

    Our amounts are liquidity times differences of roots of prices, and a root has 53 bits where the
    contract's has 160. So they are right to 1e-12 or to the last bits of the virtual reserves
    (liquidity / root, liquidity x root), which in narrow ranges are far larger than the amounts.
    `drift` is how far the roots have been apart: a swap that ends in a segment with little
    liquidity magnifies the rounding of the amount that was left for it.
    """

    def __init__(self, chain: Chain, millionths: int, seed: int) -> None:
        self.chain, self.draws = chain, np.random.default_rng([seed, millionths])
        self.twins = Twins(chain, millionths, 10 ** self.draws.uniform(-4, 4))
        self.ours, self.manager = self.twins.ours, self.twins.manager
        self.positions: list[int] = []  # their numbers, by ours
        self.minted: list[float] = []  # liquidity
        self.burned: list[tuple[int, int]] = []  # and not collected yet
        self.drift, self.crossed, self.refused = 0.0, 0, 0

    def virtual(self, liquidity: float) -> Floats:
        """Virtual reserves of a liquidity at today's price."""
        return liquidity * np.array([1 / self.twins.root, self.twins.root])

    def same(self, ours: Sequence[float], theirs: Sequence[int], virtual: Floats) -> None:
        for mine, integer, reserve in zip(ours, theirs, virtual, strict=True):
            rounding = 3 / UNIT + (LAST_BITS + 2 * self.drift) * reserve
            assert mine == pytest.approx(integer / UNIT, rel=1e-12, abs=rounding)

    def same_state(self) -> None:
        off = abs(self.ours.sqrt_price / self.twins.root - 1)
        assert off < MOST_DRIFT
        self.drift = max(self.drift, off)
        liquidity = self.twins.theirs("liquidity") / UNIT
        assert self.ours.liquidity[self.ours.segment] == pytest.approx(liquidity, rel=1e-12)

    def mint(self) -> None:
        spacing, draws = self.ours.spacing, self.draws
        middle = self.twins.theirs("slot0")[1] + draws.normal(0, 10 * spacing)
        half = spacing * 10 ** draws.uniform(-0.3, 2)
        lower, upper = (round((middle + sign * half) / spacing) * spacing for sign in (-1, 1))
        token, money = 10 ** draws.uniform(2, 4, 2) * draws.choice([0, 1], p=[0.1, 0.9], size=2)
        offered = int(token * UNIT), int(money * self.ours.spot_price * UNIT)
        try:
            number, minted, *taken = self.twins.mint(lower, upper, *offered)
        except Reverted:
            self.refused += 1
            with pytest.raises(MarketError):
                self.minting(lower, upper, *offered)
            return
        part = np.array(self.ours.amounts(lower, upper)) / self.virtual(1)
        liquidity = self.minting(lower, upper, *offered)
        exact = 1e-12 + (LAST_BITS + 2 * self.drift) / part[part > 0].min()
        assert liquidity == pytest.approx(minted / UNIT, rel=exact)
        _, *paid = self.ours.mint(lower, upper, minted / UNIT)
        self.same(paid, taken, self.virtual(minted / UNIT))
        self.positions.append(number)
        self.minted.append(minted / UNIT)
        self.burned.append((0, 0))

    def minting(self, lower: int, upper: int, token: int, numeraire: int) -> float:
        """The liquidity of so much, where it can be minted."""
        liquidity = self.ours.liquidity_for(lower, upper, token / UNIT, numeraire / UNIT)
        copy.deepcopy(self.ours).mint(lower, upper, liquidity)
        return liquidity

    def burn(self) -> None:
        position = int(self.draws.integers(len(self.positions)))
        number, owned = self.positions[position], self.ours.owned[position]
        theirs = self.manager("positions", number)[7]
        liquidity = (
            theirs if self.draws.random() < 0.3 else int(theirs * self.draws.uniform(0, 0.9))
        )
        if not liquidity:
            assert owned == theirs == 0
            return
        mine = owned if liquidity == theirs else liquidity / UNIT
        taken = self.manager("decreaseLiquidity", (number, liquidity, 0, 0, FOREVER))
        self.same(self.ours.burn(position, mine), taken, self.virtual(mine))
        token, numeraire = self.burned[position]
        self.burned[position] = token + taken[0], numeraire + taken[1]

    def collect(self) -> None:
        position = int(self.draws.integers(len(self.positions)))
        number, owned = self.positions[position], self.virtual(self.minted[position])
        paid = self.manager("collect", (number, OWNER, MOST, MOST))
        fees = [each - part for each, part in zip(paid, self.burned[position], strict=True)]
        self.same(self.ours.collect(position), fees, owned)
        self.burned[position] = 0, 0

    def swap(self) -> None:
        side = SIDES[self.draws.integers(2)]
        (token, numeraire), price = self.ours.reserves, self.ours.spot_price
        depth = numeraire / price if side == "token" else token * price
        amount = int((depth + 1e-3) * 10 ** self.draws.uniform(-4, 0.3) * UNIT)
        quote, before = self.ours.quote_in(side, amount / UNIT), self.ours.segment
        if quote == 0:
            self.refused += 1
            snapshot = self.chain.evm.snapshot()
            with contextlib.suppress(Reverted):  # the router refuses where it can swap nothing
                assert self.twins.swap(side, amount)[0] < amount
            self.chain.evm.revert(snapshot)
            return
        deepest = self.ours.liquidity.max()
        spent, payout = self.twins.swap(side, amount)
        assert spent == amount
        assert self.ours.swap_in(side, amount / UNIT) == quote
        received = self.virtual(deepest)[SIDES.index(side) - 1]
        rounding = 3 / UNIT + 2 * self.drift * received
        assert quote == pytest.approx(payout / UNIT, rel=1e-12, abs=rounding)
        self.crossed += abs(self.ours.segment - before)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("millionths", SPACINGS)
def test_payouts_fees_liquidity_and_price_are_those_of_the_contracts(chain, millionths, seed):
    comparison = Comparison(chain, millionths, seed)
    for _ in range(5):
        comparison.mint()
    for _ in range(OPERATIONS):
        each = [comparison.mint, comparison.burn, comparison.collect, comparison.swap]
        each[comparison.draws.choice(4, p=[0.15, 0.15, 0.15, 0.55])]()
        comparison.same_state()
    assert comparison.crossed > OPERATIONS / 4
    assert comparison.refused > 5
