"""Whether prices contain more information than the public credit."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from .clients import client_rows, is_member
from .load import Run
from .tables import ROUNDING_TOLERANCE, wide
from .wealth import returns_by_strategy


def information_results(run: Run) -> pd.Series:
    """Whether prices predict contributions better than the public credit.

    At the end of each quarter but the last, over clients who have joined: their contribution in the
    next quarter (mean of phi_i / sum |phi_j|), their credit that is public then, and the log of
    their token's price, each standardised over clients.

    | name | meaning |
    |---|---|
    | `by_credit`, `by_price` | correlation of later contributions with credit, and with price |
    | `beyond_credit` | partial correlation with price given credit; NaN without variance left |
    | `return_*` | `return` of `returns_by_strategy`, % |
    """
    delay = int(run.scenario["market"]["information_delay"])
    rows = client_rows(run)
    contribution, credit, price = (
        wide(rows, "client", name) for name in ("contribution", "credit", "spot_price")
    )
    fractions = contribution.div(contribution.abs().sum(axis=1), axis=0).fillna(0.0)
    present = wide(rows.assign(present=is_member(run, rows)), "client", "present").to_numpy()
    quarter = int(contribution.index[-1]) // 4
    ends = [quarter, 2 * quarter, 3 * quarter]
    later = [fractions.loc[end + 1 : end + quarter].mean().where(present[end]) for end in ends]
    public = [credit.loc[max(end - delay, 0)].where(present[end]) for end in ends]
    log_price = [np.log(price.loc[end]) for end in ends]
    table = pd.DataFrame(
        {
            "later": _standardised(later),
            "credit": _standardised(public),
            "price": _standardised(log_price),
        }
    )
    correlation = table.corr()["later"]
    credit_and_price = table["credit"].corr(table["price"])
    unexplained = (1 - correlation["credit"] ** 2) * (1 - credit_and_price**2)
    scale = math.sqrt(unexplained) if unexplained > ROUNDING_TOLERANCE else math.nan
    returns = 100 * returns_by_strategy(run)["return"]
    results = {
        "by_credit": correlation["credit"],
        "by_price": correlation["price"],
        "beyond_credit": (correlation["price"] - correlation["credit"] * credit_and_price) / scale,
    }
    return pd.Series(results | {f"return_{name}": value for name, value in returns.items()})


def _standardised(columns: Sequence[Any]) -> np.ndarray:
    """All columns joined, each less its mean and divided by its standard deviation."""
    return np.concatenate([((each - each.mean()) / each.std()).to_numpy() for each in columns])
