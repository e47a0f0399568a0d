"""Pay of each owner of clients per period, relative to an equal share."""

import pandas as pd

from .clients import client_rows, is_member
from .load import Run
from .tables import wide


def relative_pay(run: Run) -> pd.DataFrame:
    """Pay of each owner in each period in % of an equal share, `[periods, owners]`.

    Pay is issuance (at the spot price at the end of its period) and direct pay, in numeraire.
    Pay of an owner's clients is summed, under the name of the first; an equal share is total pay /
    number of owners, and 100 means an equal share. Periods without pay are left out. Before it
    joins, an owner does not count and its pay is NaN.

    An owner of two identities gets 5 + 3, two other owners 4 and 0: 200%, 100% and 0%.
    """
    rows = _owner_rows(run)
    pay = wide(rows, "owner", "pay")[rows["owner"].unique()]
    paid = pay[pay.sum(axis=1) > 0]
    return 100 * paid.div(paid.mean(axis=1), axis=0)


def attackers_pay(run: Run) -> pd.DataFrame:
    """Pay of the owners that are not honest, in % of an equal share.

    Pay and equal share are those of `relative_pay`. Only periods count in which the owner has
    joined and has the behaviour: `percent` = 100 sum_t pay_it / sum_t (all pay_t / number of owners
    who have joined). One row per (owner, behaviour) with `periods`, `pay`, `equal` (the equal
    share) and `percent`, which is NaN without any pay.

    Two clients together are paid 20 in each of periods 3 and 4, and one of them, a free rider in
    just these two, gets 10 and 0: its equal share is 20, its pay 10, or 50%.
    """
    rows = _owner_rows(run)
    rows["equal"] = rows.groupby("period")["pay"].transform("mean")
    others = rows[rows["behaviour"] != "honest"]
    table = others.groupby(["owner", "behaviour"], sort=False).agg(
        periods=("period", "size"), pay=("pay", "sum"), equal=("equal", "sum")
    )
    table["percent"] = 100 * table["pay"] / table["equal"].where(table["equal"] > 0)
    return table


def _owner_rows(run: Run) -> pd.DataFrame:
    """`pay` and `behaviour` of each owner in each period since it joined, without genesis."""
    rows = client_rows(run).query("period > 0").astype({"owner": str})
    rows = rows[is_member(run, rows)].copy()
    rows["pay"] = rows["issuance"] + rows["direct"]
    owners = rows.groupby(["period", "owner"], sort=False, as_index=False)
    return owners.agg(behaviour=("behaviour", "first"), pay=("pay", "sum"))
