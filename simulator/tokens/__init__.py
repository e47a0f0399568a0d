"""Token economics: revenue, credit, issuance, payouts, value. Amounts and budgets, no trades."""

from simulator.tokens.allocation import (
    ALLOCATIONS,
    Allocation,
    Credit,
    EqualAllocation,
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
from simulator.tokens.payout import Buyback, Payout, PayoutSplit
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
    "EqualAllocation",
    "Halving",
    "Issuance",
    "LinearVesting",
    "Mechanism",
    "NoVesting",
    "Payout",
    "PayoutSplit",
    "PerImprovement",
    "Proportional",
    "Rank",
    "Revenue",
    "SharedToken",
    "Softmax",
    "StochasticRevenue",
    "Tokens",
    "Valuation",
    "Vesting",
]
