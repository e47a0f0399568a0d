"""What all agents have in common: accounts in the ledger that can be looked at."""

from typing import Any

import mesa

from simulator.ledger import NUMERAIRE

__all__ = ["AccountHolder"]


class AccountHolder(mesa.Agent):
    """An agent that owns accounts of the model's ledger. It decides; the ledger moves money."""

    def __init__(self, model: Any, name: str, account: int, size: int = 1) -> None:
        super().__init__(model)
        self.name = name
        self.account = account  # the first of them
        self.accounts = slice(account, account + size)

    @property
    def numeraire(self) -> float:
        """Cash."""
        return float(self.model.ledger.balances[self.accounts, NUMERAIRE].sum())

    @property
    def holdings(self) -> dict[str, float]:
        """Tokens by name."""
        register = self.model.register
        balances = self.model.ledger.balances[self.accounts, register.token_assets].sum(axis=0)
        return dict(zip(register.tokens, balances.tolist(), strict=True))

    @property
    def wealth(self) -> float:
        """Numeraire, tokens and positions at spot prices."""
        return float(self.model.wealth[self.accounts].sum())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, wealth={self.wealth:.2f})"
