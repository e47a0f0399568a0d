"""Which clients a way of paying keeps in the federation."""

import pandas as pd

from .clients import mean_participation, member_rows
from .load import Run
from .mechanisms import mechanism_results
from .rewards import client_rewards
from .tables import wide


def participation_results(run: Run) -> pd.Series:
    """Which clients a way of paying keeps in the federation, and the effects.

    | name | meaning |
    |---|---|
    | `participation` | fraction of joined clients that took part, mean over periods, % |
    | `participation_<behaviour>` | fraction of its periods in which a client took part, mean over \
those of a behaviour at the end, % |
    | `honest_end` | fraction of the honest clients that took part in the last period, % |
    | `accuracy_quarter`, `accuracy` | at the end of the first quarter, and at the end |
    | `revenue`, `training` | paid by customers, and by clients for training, numeraire |
    | `reward` | `total` of `client_rewards`, mean over clients, numeraire |
    | `reward_<behaviour>` | mean `total` of the clients of a behaviour |
    | `distance`, `inequality` | of rewards, as in `mechanism_results` |

    Clients count from their joining on; those who never join are left out. Of two honest clients
    one leaves after half of the periods: participation is 75%, at the end 50%.
    """
    rows, quarter = member_rows(run), int(run.periods["period"].max()) // 4
    rewards = client_rewards(run).loc[rows["client"].unique()]
    took_part = 100 * wide(rows, "client", "participated")[rewards.index]
    behaviour = rewards["behaviour"].astype(str)
    honest = behaviour.index[behaviour == "honest"]
    periods = run.periods.set_index("period")
    return pd.Series(
        {
            "participation": mean_participation(rows),
            **_by_behaviour("participation", took_part.mean(), behaviour),
            "honest_end": took_part[honest].iloc[-1].mean(),
            "accuracy_quarter": periods["accuracy"].loc[quarter],
            "accuracy": periods["accuracy"].iloc[-1],
            "revenue": periods["revenue"].sum(),
            "training": _paid(run, "training_cost"),
            "reward": rewards["total"].mean(),
            **_by_behaviour("reward", rewards["total"], behaviour),
            **mechanism_results(run)[["distance", "inequality"]],
        },
        dtype=float,
    )


def _by_behaviour(name: str, values: pd.Series, behaviour: pd.Series) -> dict[str, float]:
    """Means of clients' values by their behaviour."""
    means = values.groupby(behaviour, sort=False).mean()
    return {f"{name}_{kind}": float(mean) for kind, mean in means.items()}


def _paid(run: Run, flow: str) -> float:
    """Numeraire transferred by a flow in the whole run."""
    rows = (run.flows["flow"] == flow) & (run.flows["asset"] == "numeraire")
    return float(run.flows["amount"][rows].sum())
