"""Do investors who buy what has just fallen do better than the others?

    python examples/own_agent.py

An agent of one's own: a subclass of `Investor` whose `decide` returns orders for its own account.
Its group has the place of the second group of investors of the scenario quickstart.
"""

import numpy as np

from simulator import Economy, Scenario
from simulator.agents.investor import Investor
from simulator.market import MarketView, Orders


class DipBuyer(Investor):
    """Spends a fifth of its cash on the token that has fallen most since it last looked."""

    def decide(self, view: MarketView) -> Orders:
        last = self.memory.get("price", view.spot_price)
        self.memory["price"] = view.spot_price
        fall = 1 - view.spot_price / last
        token = int(np.argmax(fall))
        if fall[token] <= 0:
            return Orders.none()
        return self.purchase(token, self.numeraire / 5)


economy = Economy(Scenario.load("quickstart"), agent_types={"investors/1": DipBuyer})
start = {agent.name: agent.wealth for agent in economy.agents_by_type[DipBuyer]}
others = {agent.name: agent.wealth for agent in economy.agents_by_type[Investor]}
economy.run_model()
for kind, before in ((DipBuyer, start), (Investor, others)):
    now = sum(agent.wealth for agent in economy.agents_by_type[kind])
    print(
        f"{kind.__name__:<9} {len(before):3} agents, wealth {now / sum(before.values()) - 1:+.1%}"
    )
