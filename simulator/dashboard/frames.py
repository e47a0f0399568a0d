"""Frames: the data of one period that the page shows, in one form for live and recorded runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np

from simulator.components import Booleans, Floats, Integers
from simulator.dashboard.flows import Flows
from simulator.economy.register import Register
from simulator.scenario import Scenario

__all__ = ["Cast", "Frame", "TableColumns", "Tables"]

TableColumns = Mapping[str, Any]
"""Columns of a table in one period, by name: arrays of equal length, names as integer codes."""
Tables = Mapping[str, TableColumns]
"""Rows of one period by table, as in `Economy.tables`: a scalar applies to every row."""


@dataclass(frozen=True)
class Cast:
    """Names of everything in frames; the index of a name in its tuple is its code."""

    settings: Scenario
    clients: tuple[str, ...]
    tokens: tuple[str, ...]
    token_of: Integers
    """Number of the token of each client, -1 for none `[clients]`."""
    providers: tuple[str, ...]
    kinds: tuple[str, ...]
    """Kinds of accounts, the payers and payees of flows."""
    assets: tuple[str, ...]
    """The numeraire, the tokens, and the LP shares of their pools."""
    names: Mapping[str, tuple[str, ...]]
    """Names behind the codes of category columns, such as `agent`, `strategy` and `status`."""

    @classmethod
    def of(cls, settings: Scenario) -> Self:
        """The cast of a scenario."""
        register = Register(settings)
        return cls(
            settings,
            register.clients,
            register.tokens,
            register.token_of,
            register.providers,
            register.categories["payer"],
            register.assets,
            register.categories,
        )

    @cached_property
    def behaviours(self) -> dict[str, str]:
        """Behaviour of each client at the end of the run, by name."""
        last = self.settings.periods
        kinds = (behaviour.at(last).kind for behaviour in self.settings.behaviours)
        return dict(zip(self.clients, kinds, strict=True))

    @cached_property
    def _register(self) -> Register:
        return Register(self.settings)

    def joined(self, period: int) -> Booleans:
        """Whether each client has joined by a period `[clients]`."""
        return self._register.joined(period)

    @property
    def behaviour_by_token(self) -> dict[str, str]:
        """Behaviour of each token's client, "" for a token that all clients share."""
        if not self.settings.tokens.mechanism.by_client:
            return dict.fromkeys(self.tokens, "")
        return dict(zip(self.tokens, self.behaviours.values(), strict=True))


class Frame(NamedTuple):
    """The data of one period that the page shows.

    A show keeps all frames of its run, so a live run keeps `fills` for its newest frame only.
    """

    row: TableColumns
    """The row of table `periods`: scalars."""
    clients: TableColumns
    """Table `clients`: columns `[clients]`."""
    pools: TableColumns
    """Table `pools`: columns `[tokens]`, NaN for tokens not launched yet."""
    agents: TableColumns
    """Table `agents`: columns `[agents]`, the recorded agents only."""
    positions: TableColumns
    """Table `positions`: columns `[positions]`."""
    flows: Flows
    """Table `flows`, and its sums so far."""
    fills: TableColumns | None = None
    """Table `fills`: columns `[fills]`."""

    @classmethod
    def of(cls, tables: Tables, cast: Cast, previous: Self | None) -> Self:
        """The frame of `tables`; `previous` is the frame one period earlier, None at genesis."""
        clearing = cast.kinds.index("clearing")
        return cls(
            tables["periods"],
            _full_columns(tables["clients"]),
            _by_token(_full_columns(tables["pools"]), len(cast.tokens)),
            _full_columns(tables["agents"]),
            _full_columns(tables["positions"]),
            Flows.of(tables["flows"], clearing, previous.flows if previous else None),
            _full_columns(tables["fills"]),
        )

    @property
    def period(self) -> int:
        """Number of the period."""
        return int(self.row["period"])

    def holdings(self, cast: Cast) -> Floats:
        """Balance of each kind of account in each asset `[kinds, assets]`; negative for outside."""
        balances = np.zeros((len(cast.kinds), len(cast.assets)))
        for (_, asset, payer, payee), amount in self.flows.so_far:
            balances[payee, asset] += amount
            balances[payer, asset] -= amount
        return balances


def _full_columns(columns: TableColumns) -> TableColumns:
    """The columns except the period, with scalars repeated for every row."""
    length = max((len(column) for column in columns.values() if np.ndim(column)), default=1)
    return {
        name: column if np.ndim(column) else np.full(length, column)
        for name, column in columns.items()
        if name != "period"
    }


def _by_token(pools: TableColumns, tokens: int) -> TableColumns:
    """Columns `[tokens]` from rows of the launched tokens, NaN for the others."""
    by_token = {}
    for name, column in pools.items():
        if name != "token":
            by_token[name] = np.full(tokens, np.nan)
            by_token[name][pools["token"]] = column
    return by_token
