"""Tables with fewer rows: the same investors all along, and sums that agree with every row."""

import numpy as np
import pandas as pd
import pytest

from simulator.economy import Economy
from simulator.economy.detail import Details
from simulator.economy.register import Register
from simulator.scenario import Record, Scenario

SMALL = {
    "federation": {"contribution": {"kind": "equal"}},
    "clients": [{"count": 3}],
    "liquidity_providers": [{"count": 1, "deposit": 300}],
    "investors": [
        {"count": 12, "activity": 1},
        {"count": 9, "activity": 1, "strategy": {"kind": "noise"}, "tolerance": 0.0},
        {"count": 4, "activity": 1, "wealth": {"mean": 50}},
    ],
}


def tables(periods=3, **record):
    """Frames of agents and fills over some periods, with names for codes."""
    economy = Economy(Scenario.model_validate(SMALL | {"record": record}))
    result = {"agents": [], "fills": []}
    for _ in range(periods):
        economy.step()
        for name, frames in result.items():
            frames.append(pd.DataFrame(economy.tables[name]))
    joined = {name: pd.concat(frames, ignore_index=True) for name, frames in result.items()}
    for frame in joined.values():
        for column in frame.columns.intersection(list(economy.register.categories)):
            names = np.array(economy.register.categories[column], dtype=object)
            frame[column] = names[frame[column].astype(int)]
    return joined["agents"], joined["fills"]


@pytest.fixture(scope="module")
def everything():
    return tables()


def are_investors(frame):
    return frame["agent"].str.startswith("investor")


def test_a_sample_has_the_same_investors_in_both_tables_all_along(everything):
    agents, fills = tables(agents="sample", fills="sample", sample=5)
    sampled = set(agents.loc[are_investors(agents), "agent"])
    assert len(sampled) == 5
    for result, whole in zip((agents, fills), everything, strict=True):
        kept = whole[~are_investors(whole) | whole["agent"].isin(sampled)]
        pd.testing.assert_frame_equal(result, kept.reset_index(drop=True))


def test_a_sample_of_more_than_there_are_is_everybody(everything):
    for result, whole in zip(tables(agents="sample", fills="sample"), everything, strict=True):
        pd.testing.assert_frame_equal(result, whole)


def test_every_investor_may_be_drawn():
    register, drawn = Register(Scenario.model_validate(SMALL)), set()
    for seed in range(60):
        details = Details.draw(Record(sample=3), register, np.random.default_rng(seed))
        drawn.update((details.sampled - register.first_investor).tolist())
    assert drawn == set(range(25))


def test_a_summary_of_agents_has_the_sums_by_strategy(everything):
    agents, _ = tables(agents="summary")
    whole, _ = everything
    pd.testing.assert_frame_equal(
        agents[~are_investors(agents)].reset_index(drop=True),
        whole[~are_investors(whole)].reset_index(drop=True),
        check_dtype=False,
    )
    summed = agents[are_investors(agents)].set_index(["period", "strategy"])
    by_hand = whole[are_investors(whole)].groupby(["period", "strategy"])
    for column in ("accounts", "numeraire", "token_value", "lp_value", "wealth"):
        expected = by_hand[column].sum()
        assert summed[column].to_dict() == pytest.approx(expected.to_dict(), rel=1e-12)
    assert summed["accounts"].loc[1].to_dict() == {"fundamentalist": 16, "noise": 9}
    assert set(summed["agent"]) == {"investors_fundamentalist", "investors_noise"}


def test_a_summary_of_fills_has_sums_and_mean_prices(everything):
    _, fills = tables(fills="summary")
    _, whole = everything
    keys = ["period", "strategy", "token", "side", "status"]
    summed = fills[are_investors(fills)].set_index(keys)
    mine = whole[are_investors(whole)]
    assert set(mine["status"]) == {"filled", "slippage"}
    assert len(summed) == len(mine.groupby(keys)) < len(mine)
    for key, rows in mine.groupby(keys):
        row, buy = summed.loc[key], key[3] == "buy"
        assert row["orders"] == len(rows)
        paid, got = rows["amount_in"].sum(), rows["amount_out"].sum()
        assert (row["amount_in"], row["amount_out"]) == pytest.approx((paid, got), rel=1e-12)
        if key[4] == "filled":
            assert row["price"] == pytest.approx(paid / got if buy else got / paid, rel=1e-12)
            quoted = (rows["amount_out"] * (1 + rows["slippage"])).sum()
            assert row["slippage"] == pytest.approx(quoted / got - 1, abs=1e-12)
        else:
            assert np.isnan(row["price"]) and np.isnan(row["slippage"])
    assert (fills.groupby("period")["sequence"].diff().dropna() == 1).all()
    assert fills["orders"].sum() == len(whole)


def test_less_detail_changes_nothing_but_the_tables():
    economies = [
        Economy(Scenario.model_validate(SMALL | {"record": record}))
        for record in ({}, {"agents": "summary", "fills": "sample", "sample": 2})
    ]
    for economy in economies:
        economy.step()
    first, second = (economy.ledger.balances.tobytes() for economy in economies)
    assert first == second


def test_without_investors_there_is_nothing_to_leave_out():
    for detail in ("sample", "summary"):
        record = {"agents": detail, "fills": detail}
        economy = Economy(Scenario.model_validate(SMALL | {"investors": [], "record": record}))
        economy.step()
        assert len(economy.tables["agents"]["agent"]) == 1 + 3 + 1
