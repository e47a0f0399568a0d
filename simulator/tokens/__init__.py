"""Token economics: revenue, credit, issuance, payouts, value. Amounts and budgets, no trades."""

from simulator.tokens.allocation import (
    ALLOCATIONS,
    Allocation,
    Credit,
    Equal,
    Proportional,
    Rank,
    Softmax,
)
from simulator.tokens.issuance import (
    ISSUANCES,
    Capped,
    Constant,
    Halving,
    Issuance,
    PerImprovement,
)
from simulator.tokens.mechanism import MECHANISMS, Cash, ClientTokens, Mechanism, SharedToken
from simulator.tokens.payout import Buyback, Payout, Split
from simulator.tokens.revenue import (
    REVENUES,
    AccuracyLinked,
    ConstantRevenue,
    CsvRevenue,
    Revenue,
    StochasticRevenue,
)
from simulator.tokens.tokens import Tokens
from simulator.tokens.valuation import HORIZON, Valuation
from simulator.tokens.vesting import VESTINGS, CliffVesting, LinearVesting, NoVesting, Vesting

__all__ = [
    "ALLOCATIONS",
    "HORIZON",
    "ISSUANCES",
    "MECHANISMS",
    "REVENUES",
    "VESTINGS",
    "AccuracyLinked",
    "Allocation",
    "Buyback",
    "Capped",
    "Cash",
    "ClientTokens",
    "CliffVesting",
    "Constant",
    "ConstantRevenue",
    "Credit",
    "CsvRevenue",
    "Equal",
    "Halving",
    "Issuance",
    "LinearVesting",
    "Mechanism",
    "NoVesting",
    "Payout",
    "PerImprovement",
    "Proportional",
    "Rank",
    "Revenue",
    "SharedToken",
    "Softmax",
    "Split",
    "StochasticRevenue",
    "Tokens",
    "Valuation",
    "Vesting",
]
