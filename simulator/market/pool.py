"""A pool: two reserves on a ledger, a curve between them, and LP shares for its providers."""

import math
from typing import Any

from simulator.answers import answers_of
from simulator.components import as_python
from simulator.errors import MarketError
from simulator.ledger import NUMERAIRE, OUTSIDE, SHORTFALL_TOLERANCE, Ledger
from simulator.market.curves import HUGE, Concentrated, Curve, Side
from simulator.market.fees import fee_rate, fees_earned

__all__ = ["Pool"]


class Pool:
    """An automated market maker for one token against the numeraire.

    Constructed directly, it has a private ledger: swaps are with the world outside, LP shares
    belong to one owner. `fee` is the fraction of the input that stays in the pool.

    >>> from simulator.market import ConstantProduct
    >>> pool = Pool(ConstantProduct(), reserve_token=1000, reserve_numeraire=1000, fee=0.003)
    >>> round(pool.swap_in("numeraire", 10), 9)
    9.871580344
    >>> round(pool.spot_price, 7)
    1.0200697
    """

    def __init__(
        self, curve: Curve, reserve_token: float, reserve_numeraire: float, fee: float = 0.003
    ) -> None:
        _check_kind(curve)
        reserve_token = _positive("a reserve", reserve_token)
        reserve_numeraire = _positive("a reserve", reserve_numeraire)
        ledger = Ledger(["outside", "pool", "owner"], ["numeraire", "token", "lp_share"])
        self._set_up(ledger, curve, fee, account=1, token=1, share=2)
        for asset, amount in ((1, reserve_token), (NUMERAIRE, reserve_numeraire)):
            ledger.transfer("endowment", asset, OUTSIDE, 2, amount)
        if curve.mints:
            ledger.transfer("deposit", NUMERAIRE, 2, self.account, reserve_numeraire)
        else:
            self.add_liquidity(reserve_token, reserve_numeraire, account=2)

    @classmethod
    def on(
        cls, ledger: Ledger, curve: Curve, fee: float, account: int, token: int, share: int
    ) -> "Pool":
        """The pool whose reserves are the balances of `account` in `token` and numeraire.

        Raises MarketError for a concentrated curve, which takes a `ConcentratedPool`.
        """
        _check_kind(curve)
        pool = cls.__new__(cls)
        pool._set_up(ledger, curve, fee, account, token, share)
        return pool

    def _set_up(
        self, ledger: Ledger, curve: Curve, fee: float, account: int, token: int, share: int
    ) -> None:
        self.ledger, self.curve, self.fee = ledger, curve, fee_rate(fee)
        self.account, self.token, self.share = account, token, share

    @property
    def token_account(self) -> int:
        """Account that the pool sells tokens from: its own, or outside if it mints them."""
        return OUTSIDE if self.curve.mints else self.account

    @property
    def reserve_token(self) -> float:
        """Tokens the pool holds; all tokens in existence if it mints them."""
        held = float(self.ledger.balances[self.token_account, self.token])
        return -held if self.curve.mints else held

    @property
    def reserve_numeraire(self) -> float:
        """Numeraire the pool holds."""
        return float(self.ledger.balances[self.account, NUMERAIRE])

    @property
    def empty(self) -> bool:
        """Whether the pool lacks reserves to trade."""
        return self.reserve_token <= 0 or self.reserve_numeraire <= 0

    @property
    def spot_price(self) -> float:
        """Numeraire per token for an infinitely small swap, before the fee.

        Raises MarketError when the pool is empty.
        """
        if self.empty:
            raise MarketError("an empty pool has no price: call add_liquidity first")
        with answers_of(self.curve, "spot_price") as answers:
            price = self.curve.spot_price(self.reserve_token, self.reserve_numeraire)
            return answers.number(price, least=0)

    @property
    def shares(self) -> float:
        """LP shares in existence."""
        return float(self.ledger.balances[1:, self.share].sum())

    def quote_in(self, side: Side, amount: float) -> float:
        """Payout now for `amount` of `side` paid in; moves nothing. An empty pool pays 0.

        Raises MarketError when the side or the amount is invalid.
        """
        pays_token = _is_token(side)
        amount = _positive("an amount", amount)
        reserves = (self.reserve_token, self.reserve_numeraire)
        reserve_in, reserve_out = reserves if pays_token else reserves[::-1]
        if reserve_in <= 0 or reserve_out <= 0:
            return 0.0
        with answers_of(self.curve, "payout") as answers:
            payout = self.curve.payout(reserve_in, reserve_out, amount, self.fee, pays_token)
            # A huge amount may overflow, which no pool can pay for.
            return answers.number(payout, least=0) if amount < HUGE else float(payout)

    def swap_in(
        self, side: Side, amount: float, *, min_out: float = 0.0, account: int = OUTSIDE
    ) -> float:
        """Pay `amount` of `side` into the pool; returns the payout in the other asset.

        Raises MarketError, moving nothing, when the account cannot pay, the pool is empty or too
        small, or would pay less than `min_out`.
        """
        assets = (self.token, NUMERAIRE)
        asset_in, asset_out = assets if _is_token(side) else assets[::-1]
        amount = self._payable(account, asset_in, _positive("an amount", amount))
        if self.curve.mints and account == OUTSIDE:
            raise MarketError(
                f"a {self.curve.kind} mints and burns on a ledger: give its account (account=...)"
            )
        payout = self.quote_in(side, amount)
        if not 0 < payout < self.payout_bound(side):
            raise MarketError(
                f"the pool cannot pay for {amount!r}: it is empty or too small; pay in less, or "
                "call add_liquidity first"
            )
        if not payout >= min_out:  # nor if that is NaN
            raise MarketError(
                f"the pool would pay {payout!r}, less than min_out {min_out!r}: lower min_out"
            )
        payee, payer = self._holder(asset_in), self._holder(asset_out)
        self.ledger.move("swap", asset_in, account, payee, amount)
        self.ledger.move("swap", asset_out, payer, account, payout)
        fee_in, fee_out = map(
            float, fees_earned(self.fee, self.curve.fee_on_output, amount, payout)
        )
        fee_account = self._collect_fee(side, amount, fee_in)
        self.ledger.note("swap", asset_in, account, payee, amount - fee_in)
        self.ledger.note("fee", asset_in, account, fee_account, fee_in)
        self.ledger.note("swap", asset_out, payer, account, payout + fee_out)
        self.ledger.note("fee", asset_out, account, payer, fee_out)
        return payout

    def _collect_fee(self, side: Side, amount: float, fee: float) -> int:
        """Move the `fee` within `amount` of `side` to the account that keeps it; returns that."""
        return self._holder(self.token if side == "token" else NUMERAIRE)

    def payout_bound(self, side: Side) -> float:
        """Exclusive upper bound on the payout for `side` paid in.

        A pool keeps a millionth of each reserve: a smaller rest would be rounded so coarsely that
        its buyer could sell back at a gain.
        """
        from simulator.market.kernels import PAYABLE

        if self.curve.mints and not _is_token(side):
            return math.inf
        return PAYABLE * (self.reserve_numeraire if _is_token(side) else self.reserve_token)

    @property
    def virtual_reserves(self) -> tuple[float, float]:
        """(tokens, numeraire) that the curve prices by."""
        return self.reserve_token, self.reserve_numeraire

    def set_fee(self, fee: float) -> None:
        """Set the fee of future swaps. Raises MarketError unless it is at least 0 and below 1."""
        self.fee = fee_rate(fee)

    def _holder(self, asset: int) -> int:
        return self.token_account if asset == self.token else self.account

    def _payable(self, account: int, asset: int, amount: float, scale: float = 0) -> float:
        """`amount`, or the account's balance if that is less by rounding only."""
        balance = float(self.ledger.balances[account, asset])
        if account == OUTSIDE or amount <= balance:
            return amount
        if amount - balance > SHORTFALL_TOLERANCE * max(amount, scale):
            raise MarketError(f"account {account} cannot pay {amount!r}: it has {balance!r}")
        return balance

    def add_liquidity(
        self,
        token: float,
        numeraire: float,
        *,
        account: int = 2,
        scale: float = 0,
        lower: float = 0.0,
        upper: float = math.inf,
    ) -> float:
        """Deposit at most `token` and `numeraire` at the pool's ratio; returns LP shares minted.

        It serves all prices: only a concentrated pool uses `lower` and `upper`.

        The first deposit sets the ratio and mints the curve's invariant in shares, sqrt(token
        numeraire) for a constant product; later ones mint min(token/x, numeraire/y) of the shares
        in existence (Uniswap v2). `scale` is the size of the numbers that the amounts were computed
        from, as in `Ledger.move`. Raises MarketError if the curve has no LP shares.
        """
        token, numeraire = _positive("a deposit", token), _positive("a deposit", numeraire)
        if self.curve.mints:
            raise MarketError(
                f"a pool with a {self.curve.kind} takes no deposits: buy its tokens by swap_in"
            )
        if self.shares > 0:
            fraction = min(token / self.reserve_token, numeraire / self.reserve_numeraire)
            token, numeraire = fraction * self.reserve_token, fraction * self.reserve_numeraire
            minted = fraction * self.shares
        else:
            with answers_of(self.curve, "invariant") as answers:
                minted = float(answers.positive(self.curve.invariant(token, numeraire), ()))
        token = self._payable(account, self.token, token, scale)
        numeraire = self._payable(account, NUMERAIRE, numeraire, scale)
        self.ledger.transfer("deposit", self.token, account, self.account, token)
        self.ledger.transfer("deposit", NUMERAIRE, account, self.account, numeraire)
        self.ledger.transfer("lp_mint", self.share, OUTSIDE, account, minted)
        return minted

    def remove_liquidity(self, shares: float, *, account: int = 2) -> tuple[float, float]:
        """Burn `shares`; returns (tokens, numeraire), their fraction of both reserves."""
        shares = _positive("shares", shares)
        owned = float(self.ledger.balances[account, self.share])
        if shares > owned:
            raise MarketError(f"cannot burn {shares!r} LP shares: the account has {owned!r}")
        fraction = shares / self.shares
        token, numeraire = fraction * self.reserve_token, fraction * self.reserve_numeraire
        self.ledger.transfer("lp_burn", self.share, account, OUTSIDE, shares)
        self.ledger.transfer("withdrawal", self.token, self.account, account, token)
        self.ledger.transfer("withdrawal", NUMERAIRE, self.account, account, numeraire)
        return token, numeraire


def _check_kind(curve: Any) -> None:
    if isinstance(curve, Concentrated):
        raise MarketError("a Pool cannot have a concentrated curve: use ConcentratedPool")
    if not isinstance(curve, Curve):
        raise MarketError(f"a pool needs a curve, such as ConstantProduct(), got {curve!r}")


def _positive(what: str, amount: Any) -> float:
    if not isinstance(as_python(amount), int | float) or not 0 < amount < math.inf:
        raise MarketError(f"{what} must be positive and finite, got {amount!r}")
    return float(amount)


def _is_token(side: str) -> bool:
    if side not in ("token", "numeraire"):
        raise MarketError(f"the side paid in is 'token' or 'numeraire', not {side!r}")
    return side == "token"
