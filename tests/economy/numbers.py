"""Fingerprints of runs: what a change of the code that changes no number leaves as it is.

`python -m tests.economy.numbers` records them anew in `numbers.json`.
"""

import hashlib
import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from simulator.economy import Economy
from simulator.scenario import Scenario
from simulator.scenario.catalogue import places

__all__ = ["CASES", "RECORDED", "SHIPPED", "fingerprint", "machine"]

RECORDED = Path(__file__).with_name("numbers.json")
SHIPPED = {
    path.name: path for path in sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
}

SMALL = RECORDED.with_suffix(".yaml")

TOGETHER = {"clients": [{"count": 3}, {"behaviour": {"kind": "label_flip"}}]}  # all join at once
UNFUNDED = TOGETHER | {"liquidity_providers": []}
MANY = {"clients": [{"count": 7}], "liquidity_providers": [{"deposit": 200}]}
DEAR = {"clients.0.training_cost": 0.4}
MOVING = {"kind": "weighted", "weight": 0.9, "last_weight": 0.5, "periods": 3}
FILES = ("csv", "natural")  # kinds that read a file of the user's

SETTINGS: dict[str, dict[str, Any]] = {
    "federation.aggregation=norm_clipping": {"norm": 0.01},
    "clients[].behaviour=duplicate": {"original": 3},
    "clients[].participation=by_profit": {"patience": 1},
    "market.curve=weighted": {"weight": 0.3},
    "events[]=behaviour": {"clients": [0]},
    "events[]=clearing": {"clearing": {"kind": "fifo"}},
}
"""Settings of a kind's own, by place and kind: those that it needs, or that make it act early."""
NEEDS: dict[str, dict[str, Any]] = {
    "federation.aggregation=krum": MANY,
    "federation.aggregation=multi_krum": MANY,
    "clients[].participation=by_profit": DEAR,
    "clients[].effort=by_profit": DEAR,
    "clients[].policy=cover_costs": DEAR,
    "clients[].offering=for_data": {"clients.0.cash": 0, "clients.0.locked.fraction": 0.9},
    "market.launch=lbp": UNFUNDED | {"market.curve": MOVING},
    "market.launch=bonding_curve": UNFUNDED | {"market.curve": {"kind": "bonding_curve"}},
    "market.curve=bonding_curve": UNFUNDED | {"market.launch": {"kind": "bonding_curve"}},
    "market.clearing=priority": {"investors.0.tip": 0.1},
    "liquidity_providers[].strategy=range_keeper": {"market.curve": {"kind": "concentrated"}},
    "investors[].strategy=insider": {"market.information_delay": 1},
    "investors[].strategy=arbitrageur": {"market.outside_price": {"kind": "gbm"}},
}
"""Settings elsewhere without which a kind cannot be or would do nothing."""
MORE: dict[str, dict[str, Any]] = {
    "treasury provides": {
        "tokens.payout": {"dividend": 0.4, "buyback": 0.1, "liquidity": 0.2},
        "market.launch": {"kind": "seeded_pool", "client": 0.2},
    },
    "bought back for clients": {"tokens.payout.buybacks": {"then": "to_client"}},
    "passes, vesting and news": {
        "tokens.vesting": {"kind": "linear", "periods": 2},
        "market.passes": 2,
        "market.information_delay": 2,
    },
    "concentrated, fees and gas": {
        "market": {
            "curve": {"kind": "concentrated"},
            "volatility_fee": {"sensitivity": 0.5},
            "gas": 0.01,
        },
    },
    "summary": {"record": {"agents": "summary", "fills": "summary"}},
    "sample": {"record": {"agents": "sample", "fills": "sample", "sample": 4}},
}
"""Settings that change what the economy does together."""


def _one_by_one() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every kind of component on its own, with its defaults."""
    for place, members in places(Scenario).items():
        for member in members if isinstance(members, tuple) else ():
            kind = member.model_fields["kind"].default
            if kind in FILES:
                continue
            name = f"{place}={kind}"
            component = {"kind": kind} | SETTINGS.get(name, {})
            if place == "events[]":
                changes: dict[str, Any] = {"events": [component | {"period": 2}]}
            elif "[]" in place:
                group, _, setting = place.partition("[].")
                changes = {f"{group}.0.{setting}": component}
            else:
                changes = {place: component}
            yield name, NEEDS.get(name, {}) | changes


CASES: dict[str, dict[str, Any] | Path] = {
    **SHIPPED,
    **dict(_one_by_one()),
    **MORE,
}


def scenario(case: str) -> Scenario:
    """The scenario of a case."""
    what = CASES[case]
    return Scenario.load(what) if isinstance(what, Path) else Scenario.load(SMALL, what)


def fingerprint(case: str) -> dict[str, Any]:
    """A hash of every table of a run, and the numbers of its last period."""
    economy = Economy(scenario(case))
    hashes = {name: hashlib.sha256() for name in economy.tables}
    for period in range(economy.settings.periods + 1):
        if period:
            economy.step()
        for name, table in economy.tables.items():
            for column, values in sorted(table.items()):
                hashes[name].update(column.encode() + np.asarray(values).tobytes())
    categories = json.dumps({k: list(v) for k, v in economy.register.categories.items()})
    return {
        "tables": {name: result.hexdigest()[:12] for name, result in hashes.items()},
        "names": hashlib.sha256(categories.encode()).hexdigest()[:12],
        "last": {name: float(value) for name, value in economy.history[-1].items()},
    }


def machine() -> dict[str, str]:
    """What the last bits depend on: versions, and functions that processors compute differently."""
    numbers = np.random.default_rng(0).normal(size=(64, 300))
    result = [np.exp(numbers), np.log(np.abs(numbers)), numbers @ numbers.T, numbers.sum(axis=1)]
    arithmetic = hashlib.sha256(b"".join(each.tobytes() for each in result)).hexdigest()[:12]
    packages = {name: version(name) for name in ("numpy", "scipy", "numba", "scikit-learn")}
    return packages | {"arithmetic": arithmetic}


def main() -> None:
    lines = ",\n".join(f"{json.dumps(case)}: {json.dumps(fingerprint(case))}" for case in CASES)
    RECORDED.write_text(f'{{"machine": {json.dumps(machine())}, "cases": {{\n{lines}\n}}}}\n')


if __name__ == "__main__":
    main()
