"""Whether prices know more than what is public."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from .clients import client_rows, joined
from .load import Run
from .tables import ROUNDING, wide
from .wealth import returns_by_strategy


def information_results(run: Run) -> pd.Series:
    """Whether prices tell more of contributions to come than the credit that is public.

    At the end of each quarter but the last, over clients who have joined: what they contribute in
    the next one (mean of phi_i / sum |phi_j|), their credit as it is public then, and the log of
    their token's price, each less its mean over clients and divided by its deviation.

    | name | meaning |
    |---|---|
    | `by_credit`, `by_price` | correlation of contributions to come with credit, and with price |
    | `beyond_credit` | partial correlation with price, given credit, if that leaves any |
    | `return_*` | `return` of `returns_by_strategy`, % |
    """
    delay = int(run.scenario["market"]["information_delay"])
    rows = client_rows(run)
    contribution, credit, price = (
        wide(rows, "client", name) for name in ("contribution", "credit", "spot_price")
    )
    parts = contribution.div(contribution.abs().sum(axis=1), axis=0).fillna(0.0)
    there = wide(rows.assign(there=joined(run, rows)), "client", "there").to_numpy()
    quarter = int(contribution.index[-1]) // 4
    ends = [quarter, 2 * quarter, 3 * quarter]
    to_come = [parts.loc[end + 1 : end + quarter].mean().where(there[end]) for end in ends]
    known = [credit.loc[max(end - delay, 0)].where(there[end]) for end in ends]
    priced = [np.log(price.loc[end]) for end in ends]
    table = pd.DataFrame(
        {
            "to_come": _standardised(to_come),
            "credit": _standardised(known),
            "price": _standardised(priced),
        }
    )
    found = table.corr()["to_come"]
    across = table["credit"].corr(table["price"])
    apart = (1 - found["credit"] ** 2) * (1 - across**2)
    free = math.sqrt(apart) if apart > ROUNDING else math.nan
    grown = 100 * returns_by_strategy(run)["return"]
    results = {
        "by_credit": found["credit"],
        "by_price": found["price"],
        "beyond_credit": (found["price"] - found["credit"] * across) / free,
    }
    return pd.Series(results | {f"return_{name}": value for name, value in grown.items()})


def _standardised(several: Sequence[Any]) -> np.ndarray:
    """All of `several`, each less its mean and divided by its deviation."""
    return np.concatenate([((each - each.mean()) / each.std()).to_numpy() for each in several])
