"""The ledger: who owns what, and every movement of it as a named transfer."""

from collections.abc import Sequence
from typing import NoReturn

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
SHORTFALL_TOLERANCE = 1e-12  # relative to the payment; what rounding may leave a payer short of


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
        self.balances: Floats = np.zeros((len(account_kinds), len(assets)))
        self._flows: dict[str, Floats] = {}

    def transfer(
        self, flow: str, asset: Number, payer: Number, payee: Number, amount: Real, scale: float = 0
    ) -> None:
        """Move `amount` of `asset` from `payer` to `payee` and count it under the name `flow`.

        Arrays of one length are so many payments, made together: all debits, then all credits. See
        `move` for `scale` and what is refused.
        """
        if not isinstance(amount, np.ndarray) and amount == 0:
            return
        moved = self.move(flow, asset, payer, payee, amount, scale)
        self.note(flow, asset, payer, payee, moved)

    def move(
        self, flow: str, asset: Number, payer: Number, payee: Number, amount: Real, scale: float = 0
    ) -> Real:
        """Move amounts without counting them; returns what was moved.

        A payer short by rounding only, 1e-12 of its payments or of `scale` (the size of the numbers
        that the amounts were computed from), pays what it has. Raises LedgerError, moving nothing,
        when an amount is negative or not finite, a payer cannot pay, or a number is unknown.
        """
        if not (_least(amount) >= 0 and _most(amount) < np.inf):
            raise LedgerError(f"{flow}: amounts must be finite and not negative, got {amount}")
        accounts, assets = self.balances.shape
        for numbers, end in ((asset, assets), (payer, accounts), (payee, accounts)):
            if not (_least(numbers) >= 0 and _most(numbers) < end):
                raise LedgerError(f"{flow}: an account or asset of {numbers} does not exist")
        if not isinstance(amount, np.ndarray):  # as often as there are payments
            sizes = [each.size for each in (asset, payer, payee) if isinstance(each, np.ndarray)]
            amount = np.full(sizes[0], amount) if sizes else amount
        amount = self._debit(flow, payer * assets + asset, amount, scale)
        self._credit(payee * assets + asset, amount)
        return amount

    def _debit(self, flow: str, paid: Number, amount: Real, scale: float) -> Real:
        """Take `amount` from the cells `paid`; returns what they could pay of it."""
        flat, outside = self.balances.reshape(-1), len(self.assets)  # outside's cells come first
        if not isinstance(paid, np.ndarray):
            total, balance = _total(amount), float(flat[paid])
            if total > balance and paid >= outside:
                if total - balance > SHORTFALL_TOLERANCE * max(total, scale):
                    self._refuse(flow, paid, total)
                amount, total = amount * (balance / total), balance
            flat[paid] = balance - total
            return amount
        cells, totals, group = _by_cell(paid, np.broadcast_to(amount, paid.shape))
        left = flat[cells] - totals
        if (short := (left < 0) & (cells >= outside)).any():
            if (-left > SHORTFALL_TOLERANCE * np.maximum(totals, scale))[short].any():
                self._refuse(flow, cells[short][0], totals[short][0])
            reduced = np.ones_like(totals)
            reduced[short], left[short] = flat[cells[short]] / totals[short], 0.0
            amount = amount * reduced[group]
        flat[cells] = left
        return amount

    def _credit(self, received: Number, amount: Real) -> None:
        flat = self.balances.reshape(-1)
        if isinstance(received, np.ndarray):
            np.add.at(flat, received, amount)
        else:
            flat[received] += _total(amount)

    def _refuse(self, flow: str, cell: int, total: float) -> NoReturn:
        account, asset = divmod(int(cell), len(self.assets))
        raise LedgerError(
            f"{flow}: account {account} ({self.kinds[self.kind_of[account]]}) cannot pay {total} "
            f"{self.assets[asset]}, it has {self.balances[account, asset]}"
        )

    def note(self, flow: str, asset: Number, payer: Number, payee: Number, amount: Real) -> None:
        """Count movements under the name `flow`, for who moved balances without `transfer`."""
        kinds = len(self.kinds)
        code = (asset * kinds + self.kind_of[payer]) * kinds + self.kind_of[payee]
        total = self._flows.get(flow)
        if total is None:
            total = self._flows[flow] = np.zeros(len(self.assets) * kinds * kinds)
        if isinstance(code, np.ndarray):
            np.add.at(total, code, amount)
        else:
            total[code] += _total(amount)

    def take_flows(self) -> tuple[list[str], Integers, Integers, Integers, Floats]:
        """This period's flows as columns: names, assets, payer kinds, payee kinds, amounts.

        Assets and kinds are numbers into `assets` and `kinds`. Starts the next period's count.
        """
        flows, self._flows = self._flows, {}
        found = {flow: np.flatnonzero(total) for flow, total in flows.items()}
        names = [flow for flow, codes in found.items() for _ in range(len(codes))]
        amounts = [flows[flow][codes] for flow, codes in found.items()]
        code = np.concatenate([np.zeros(0, dtype=np.int64), *found.values()])
        pair, payee = np.divmod(code, len(self.kinds))
        asset, payer = np.divmod(pair, len(self.kinds))
        return names, asset, payer, payee, np.concatenate([np.zeros(0), *amounts])

    def supply(self, asset: Integers) -> Floats:
        """What was minted and not burned of each asset: what `outside` owes of it."""
        supply: Floats = -self.balances[OUTSIDE, asset]
        return supply

    def audit(self) -> None:
        """Raise LedgerError unless every asset sums to zero and only `OUTSIDE` is below zero."""
        total = self.balances.sum(axis=0)
        scale = np.abs(self.balances).sum(axis=0)
        good = (np.abs(total) <= AUDIT_TOLERANCE * scale) & (scale < np.inf)
        for asset in np.flatnonzero(~good).tolist():
            # An asset burned to the last leaves only the rounding of what has moved.
            most = scale[asset] + self._moved(asset)
            if not abs(total[asset]) <= AUDIT_TOLERANCE * most < np.inf:
                raise LedgerError(f"audit: {self.assets[asset]} sums to {total[asset]}, not to 0")
        if (self.balances[1:] < 0).any():
            account, asset = np.argwhere(self.balances[1:] < 0)[0] + (1, 0)
            raise LedgerError(
                f"audit: account {account} ({self.kinds[self.kind_of[account]]}) has "
                f"{self.balances[account, asset]} {self.assets[asset]}"
            )

    def _moved(self, asset: int) -> float:
        """All movements of an asset in this period."""
        flows = (flow.reshape(len(self.assets), -1)[asset] for flow in self._flows.values())
        return sum(float(flow.sum()) for flow in flows)


def _by_cell(cells: Integers, amount: Floats) -> tuple[Integers, Floats, Integers]:
    """Distinct cells, the amounts summed by cell, and which of the cells each amount is in.

    Sums are pairwise, so that many small payments add up to the large sum they were divided from.
    """
    if (cells[1:] > cells[:-1]).all():
        return cells, amount, np.arange(cells.size)
    distinct, group = np.unique(cells, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(distinct.size))
    return distinct, np.add.reduceat(amount[order], starts), group


def _total(amount: Real) -> float:
    return float(amount.sum()) if isinstance(amount, np.ndarray) else amount


def _least(values: Number | Real) -> float:
    return float(values.min(initial=0)) if isinstance(values, np.ndarray) else values


def _most(values: Number | Real) -> float:
    return float(values.max(initial=0)) if isinstance(values, np.ndarray) else values
