"""The ledger: who owns what, and every movement of it as a named transfer."""

from collections.abc import Sequence

import numpy as np

from simulator.components import Floats, Integers
from simulator.errors import LedgerError

__all__ = ["NUMERAIRE", "OUTSIDE", "Ledger"]

OUTSIDE = 0
"""Account of the world outside: customers, costs, minting and burning. May be negative."""
NUMERAIRE = 0
"""Asset in which prices, revenue and wealth are counted."""

Number = int | Integers
Real = float | Floats

AUDIT_TOLERANCE = 1e-11  # relative to the sum of absolute balances of an asset
SHORTFALL_TOLERANCE = 1e-12  # a payer's shortfall by rounding, relative to the payment


class Ledger:
    """Balances of all accounts in all assets, and the flows of the current period.

    Mint, burn, fee, dividend and swap are all transfers, so every asset sums to zero over all
    accounts, and only account `OUTSIDE` may be below zero.

    >>> ledger = Ledger(["outside", "bank"], ["numeraire"])
    >>> ledger.transfer("endowment", NUMERAIRE, OUTSIDE, 1, 5.0)
    >>> ledger.balances.tolist()
    [[-5.0], [5.0]]
    """

    def __init__(self, account_kinds: Sequence[str], assets: Sequence[str]) -> None:
        self.assets = tuple(assets)
        self.kinds = tuple(dict.fromkeys(account_kinds))
        self.kind_of: Integers = np.array([self.kinds.index(kind) for kind in account_kinds])
        self.first_of: Integers = np.unique(self.kind_of, return_index=True)[1]  # of each kind
        self.balances: Floats = np.zeros((len(account_kinds), len(assets)))
        self._flows: Floats = np.zeros((16, len(assets) * len(self.kinds) ** 2))
        self._row_of: dict[str, int] = {}  # of `_flows`, in the order of first use

    def transfer(
        self, flow: str, asset: Number, payer: Number, payee: Number, amount: Real, scale: float = 0
    ) -> None:
        """Move `amount` of `asset` from `payer` to `payee` and count it under the name `flow`.

        Arrays of one length are simultaneous payments: all debits, then all credits. See `move` for
        `scale` and the errors raised.
        """
        if not isinstance(amount, np.ndarray) and amount == 0:
            return
        paid = self.move(flow, asset, payer, payee, amount, scale)
        self.note(flow, asset, payer, payee, paid)

    def move(
        self, flow: str, asset: Number, payer: Number, payee: Number, amount: Real, scale: float = 0
    ) -> Floats:
        """Move amounts without counting them; returns the amounts paid `[payments]`.

        A payer short by rounding only, 1e-12 of its payments or of `scale` (the size of the numbers
        that the amounts were computed from), pays what it has. Raises LedgerError, moving nothing,
        when an amount is negative or not finite, a payer cannot pay, or a number is unknown.
        """
        from simulator.movements import BAD_AMOUNT, BAD_NUMBER, SHORT, move

        assets, payers, payees = _integers(asset), _integers(payer), _integers(payee)
        amounts = _floats(amount)
        sizes = {assets.size, payers.size, payees.size, amounts.size} - {1}
        if len(sizes) > 1:
            raise LedgerError(f"{flow}: accounts, assets and amounts are of lengths {sizes}")
        paid = np.empty(sizes.pop() if sizes else 1)
        limits = SHORTFALL_TOLERANCE, float(scale)
        verdict, row, total = move(self.balances, assets, payers, payees, amounts, *limits, paid)
        if verdict == BAD_AMOUNT:
            raise LedgerError(f"{flow}: amounts must be finite and not negative, got {amount}")
        if verdict == BAD_NUMBER:
            raise LedgerError(f"{flow}: no such account or asset: {asset}, {payer} to {payee}")
        if verdict == SHORT:
            short_of, account = (int(each[min(row, each.size - 1)]) for each in (assets, payers))
            raise LedgerError(
                f"{flow}: account {account} ({self.kinds[self.kind_of[account]]}) cannot pay "
                f"{total} {self.assets[short_of]}, it has {self.balances[account, short_of]}"
            )
        return paid

    def note(self, flow: str, asset: Number, payer: Number, payee: Number, amount: Real) -> None:
        """Count movements made without `transfer` under the name `flow`."""
        from simulator.movements import count

        row = self._row_of.setdefault(flow, len(self._row_of))
        if row == len(self._flows):
            self._flows = np.concatenate([self._flows, np.zeros_like(self._flows)])
        assets, payers, payees = _integers(asset), _integers(payer), _integers(payee)
        total, kinds = self._flows[row], len(self.kinds)
        count(total, self.kind_of, kinds, assets, payers, payees, _floats(amount))

    def take_flows(self) -> tuple[list[str], Integers, Integers, Integers, Floats]:
        """This period's flows as columns: names, assets, payer kinds, payee kinds, amounts.

        Assets and kinds are numbers into `assets` and `kinds`. Starts the next period's count.
        """
        flows, names = self._flows[: len(self._row_of)], list(self._row_of)
        row, code = np.nonzero(flows != 0)  # of floats it takes several times as long
        amount = flows[row, code]
        flows[:], self._row_of = 0.0, {}
        pair, payee = np.divmod(code, len(self.kinds))
        asset, payer = np.divmod(pair, len(self.kinds))
        return [names[number] for number in row.tolist()], asset, payer, payee, amount

    def supply(self, asset: Integers) -> Floats:
        """Amount of each asset that was minted and not burned: what `OUTSIDE` owes."""
        supply: Floats = -self.balances[OUTSIDE, asset]
        return supply

    def audit(self) -> None:
        """Raise LedgerError unless every asset sums to zero and only `OUTSIDE` is below zero.

        When almost all of an asset has been burned, `OUTSIDE` absorbs the remaining rounding error.
        """
        from simulator.movements import totals

        total, scale, below = totals(self.balances)
        balanced = (np.abs(total) <= AUDIT_TOLERANCE * scale) & (scale < np.inf)
        for asset in np.flatnonzero(~balanced).tolist():
            # Rounding of this period's movements: in the next period, nothing would explain it.
            size = scale[asset] + self._total_flow(asset)
            if not abs(total[asset]) <= AUDIT_TOLERANCE * size < np.inf:
                raise LedgerError(f"audit: {self.assets[asset]} sums to {total[asset]}, not to 0")
            self.balances[OUTSIDE, asset] -= total[asset]
        if below:
            account, asset = np.argwhere(self.balances[1:] < 0)[0] + (1, 0)
            raise LedgerError(
                f"audit: account {account} ({self.kinds[self.kind_of[account]]}) has "
                f"{self.balances[account, asset]} {self.assets[asset]}"
            )

    def _total_flow(self, asset: int) -> float:
        """Sum of all movements of an asset in this period."""
        return float(
            self._flows.reshape(-1, len(self.assets), len(self.kinds) ** 2)[:, asset].sum()
        )


def _integers(numbers: Number) -> Integers:
    if isinstance(numbers, np.ndarray):
        return np.ascontiguousarray(numbers, dtype=np.int64)
    return np.array([numbers])


def _floats(amount: Real) -> Floats:
    if isinstance(amount, np.ndarray):
        return np.ascontiguousarray(amount, dtype=np.float64)
    return np.array([amount], dtype=np.float64)
