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

AUDIT_TOLERANCE = 1e-11  # relative to the sum of absolute balances of an asset
SHORTFALL_TOLERANCE = 1e-12  # relative to the payment or the asset's largest balance


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
        self,
        flow: str,
        asset: int | Integers,
        payer: int | Integers,
        payee: int | Integers,
        amount: float | Floats,
    ) -> None:
        """Move `amount` of `asset` from `payer` to `payee`; arrays of one length go line by line.

        A payer short by rounding only (1e-12 of the payment, or of the asset's largest balance,
        where earlier roundings come from) pays what it has. Raises LedgerError, moving nothing,
        when an amount is negative or not finite or a payer cannot pay.
        """
        asset, payer, payee, amount = _columns(asset, payer, payee, amount)
        if not ((amount >= 0) & (amount < np.inf)).all():
            raise LedgerError(f"{flow}: amounts must be finite and not negative, got {amount}")
        flat = self.balances.reshape(-1)
        paid = payer * len(self.assets) + asset
        np.subtract.at(flat, paid, amount)
        if (short := (flat[paid] < 0) & (payer != OUTSIDE)).any():
            self._settle_shortfalls(flow, paid, amount, np.unique(paid[short]))
        np.add.at(flat, payee * len(self.assets) + asset, amount)
        self.note(flow, asset, payer, payee, amount)

    def _settle_shortfalls(
        self, flow: str, paid: Integers, amount: Floats, cells: Integers
    ) -> None:
        """Take what rounding left short from the last payment of its cell, or undo and raise."""
        flat = self.balances.reshape(-1)
        for cell in cells:
            account, asset = divmod(int(cell), len(self.assets))
            total = float(amount[paid == cell].sum())
            scale = max(total, float(np.abs(self.balances[:, asset]).max()))
            if -flat[cell] > SHORTFALL_TOLERANCE * scale:
                np.add.at(flat, paid, amount)
                raise LedgerError(
                    f"{flow}: account {account} ({self.kinds[self.kind_of[account]]}) cannot pay "
                    f"{total} {self.assets[asset]}, it has {flat[cell]}"
                )
        for cell in cells:
            last = np.flatnonzero(paid == cell)[-1]
            amount[last] = max(amount[last] + flat[cell], 0.0)
            flat[cell] = 0.0

    def note(
        self, flow: str, asset: Integers, payer: Integers, payee: Integers, amount: Floats
    ) -> None:
        """Count movements (arrays of one length) under the name `flow`.

        For a kernel that moved balances itself; `transfer` does it on its own.
        """
        kinds = len(self.kinds)
        code = (asset * kinds + self.kind_of[payer]) * kinds + self.kind_of[payee]
        total = self._flows.get(flow)
        if total is None:
            total = self._flows[flow] = np.zeros(len(self.assets) * kinds * kinds)
        np.add.at(total, code, amount)

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
        for asset in np.flatnonzero(~(np.abs(total) <= AUDIT_TOLERANCE * scale)):
            raise LedgerError(
                f"audit: {self.assets[asset]} sums to {total[asset]!r} over all accounts, not to 0"
            )
        if (self.balances[1:] < 0).any():
            account, asset = np.argwhere(self.balances[1:] < 0)[0] + (1, 0)
            raise LedgerError(
                f"audit: account {account} ({self.kinds[self.kind_of[account]]}) has "
                f"{self.balances[account, asset]!r} {self.assets[asset]}"
            )


def _columns(
    asset: int | Integers, payer: int | Integers, payee: int | Integers, amount: float | Floats
) -> tuple[Integers, Integers, Integers, Floats]:
    """All four as arrays of one length (`np.broadcast_arrays` takes four times as long)."""
    given = (asset, payer, payee, amount)
    size = max([column.size for column in given if isinstance(column, np.ndarray)], default=1)
    whole = [
        column if isinstance(column, np.ndarray) and column.size == size else np.full(size, column)
        for column in given[:3]
    ]
    amounts = np.empty(size)
    amounts[:] = amount
    return whole[0], whole[1], whole[2], amounts
