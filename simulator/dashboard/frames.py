"""Frames: what pages show of one period, the same of a run that is going on and of a run folder."""

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
"""Columns of a table in one period, by name: arrays of one length; names stand as codes."""
Tables = Mapping[str, TableColumns]
"""Rows of one period by table, as `Economy.tables` has them: scalars hold for every row."""


@dataclass(frozen=True)
class Cast:
    """Who and what appears in frames, by name; a name's place in its tuple is its code."""

    settings: Scenario
    clients: tuple[str, ...]
    tokens: tuple[str, ...]
    token_of: Integers
    """Number of the token of each client, -1 for none `[clients]`."""
    providers: tuple[str, ...]
    kinds: tuple[str, ...]
    """Kinds of accounts, that pay and are paid in flows."""
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
        """What each client does at the end of the run, by name."""
        last = self.settings.periods
        kinds = (behaviour.at(last).kind for behaviour in self.settings.behaviours)
        return dict(zip(self.clients, kinds, strict=True))

    @cached_property
    def _register(self) -> Register:
        return Register(self.settings)

    def joined(self, period: int) -> Booleans:
        """Which clients have joined by a period `[clients]`."""
        return self._register.joined(period)

    @property
    def issuers(self) -> dict[str, str]:
        """The behaviour behind each token, "" where it does not belong to one client."""
        if not self.settings.tokens.mechanism.by_client:
            return dict.fromkeys(self.tokens, "")
        return dict(zip(self.tokens, self.behaviours.values(), strict=True))


class Frame(NamedTuple):
    """What pages show of a period.

    All of a run are kept, so they are small; `fills` are therefore of the newest frame only.
    """

    row: TableColumns
    """The row of table `periods`: scalars."""
    clients: TableColumns
    """Table `clients`: columns `[clients]`."""
    pools: TableColumns
    """Table `pools`: columns `[tokens]`, NaN for tokens that are not launched yet."""
    agents: TableColumns
    """Table `agents`: columns `[agents]`, as far as they are recorded."""
    positions: TableColumns
    """Table `positions`: columns `[positions]`."""
    flows: Flows
    """Table `flows`, and its sums so far."""
    fills: TableColumns | None = None
    """Table `fills`: columns `[fills]`."""

    @classmethod
    def of(cls, tables: Tables, cast: Cast, before: Self | None) -> Self:
        """The frame of `tables`; `before` is that of the period before, None at genesis."""
        clearing = cast.kinds.index("clearing")
        return cls(
            tables["periods"],
            _filled(tables["clients"]),
            _by_token(_filled(tables["pools"]), len(cast.tokens)),
            _filled(tables["agents"]),
            _filled(tables["positions"]),
            Flows.of(tables["flows"], clearing, None if before is None else before.flows),
            _filled(tables["fills"]),
        )

    @property
    def period(self) -> int:
        """Number of the period."""
        return int(self.row["period"])

    def holdings(self, cast: Cast) -> Floats:
        """What accounts of each kind have of each asset `[kinds, assets]`, outside below zero."""
        held = np.zeros((len(cast.kinds), len(cast.assets)))
        for (_, asset, payer, payee), amount in self.flows.so_far:
            held[payee, asset] += amount
            held[payer, asset] -= amount
        return held


def _filled(columns: TableColumns) -> TableColumns:
    """The columns without the period, all of them arrays of one length."""
    length = max((len(column) for column in columns.values() if np.ndim(column)), default=1)
    return {
        name: column if np.ndim(column) else np.full(length, column)
        for name, column in columns.items()
        if name != "period"
    }


def _by_token(pools: TableColumns, tokens: int) -> TableColumns:
    """Rows of some tokens as columns of all."""
    found = {}
    for name, column in pools.items():
        if name != "token":
            found[name] = np.full(tokens, np.nan)
            found[name][pools["token"]] = column
    return found
