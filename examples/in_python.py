"""What do providers earn, and followers of the best client, at other fees?

    python examples/in_python.py

A scenario wholly in Python, without YAML: sections and components are objects, one strategy is a
class of this file, and the tables are DataFrames, without a run folder.
"""

from typing import Literal

import numpy as np
from pydantic import Field

from simulator import Economy, Scenario, recorded
from simulator.agents.groups import ClientGroup, InvestorGroup, LiquidityProviderGroup
from simulator.agents.strategies import SingleAccountStrategy
from simulator.analysis import returns_by_strategy
from simulator.components import Floats
from simulator.federation import Federation, FreeRider, LeaveOneOut
from simulator.market import ConstantProduct, Market, MarketView


class Follower(SingleAccountStrategy):
    """Spends a fraction of its cash on the token of the largest share, and sells all others."""

    kind: Literal["follower"] = "follower"
    fraction: float = Field(0.2, gt=0, le=1, description="Fraction of its cash per period.")

    def trades(
        self, view: MarketView, numeraire: float, tokens: Floats, draws: np.random.Generator
    ) -> Floats:
        best = np.argmax(view.share)
        worth = tokens * view.spot_price
        return np.where(np.arange(len(tokens)) == best, self.fraction * numeraire, -worth)


scenario = Scenario(
    name="followers",
    periods=10,
    federation=Federation(contribution=LeaveOneOut()),
    clients=[ClientGroup(count=4), ClientGroup(behaviour=FreeRider())],
    market=Market(curve=ConstantProduct()),
    liquidity_providers=[LiquidityProviderGroup(count=2)],
    investors=[
        InvestorGroup(count=20),
        InvestorGroup(count=10, activity=1, strategy=Follower(fraction=0.5)),
    ],
)
print(scenario)
for fee in (0.0, 0.003, 0.03):
    economy = Economy(scenario.changed({"market.fee": fee}), keep=True)
    while economy.running:
        economy.step()
    run = recorded(economy)
    earned = run.positions["fees"].sum()
    gain = returns_by_strategy(run).loc["follower", "return"]
    print(f"fee {fee:4.1%}: providers earn {earned:5.1f}, followers gain {gain:+.1%}")
