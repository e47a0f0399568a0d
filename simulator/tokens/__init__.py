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
from simulator.tokens.configuration import Tokens
from simulator.tokens.issuance import ISSUANCES, Constant, Halving, Issuance
from simulator.tokens.mechanism import MECHANISMS, Cash, ClientTokens, Mechanism, SharedToken
from simulator.tokens.payout import Buyback, Payout, Split
from simulator.tokens.revenue import REVENUES, AccuracyLinked, Revenue
from simulator.tokens.valuation import HORIZON, Valuation

__all__ = [
    "ALLOCATIONS",
    "HORIZON",
    "ISSUANCES",
    "MECHANISMS",
    "REVENUES",
    "AccuracyLinked",
    "Allocation",
    "Buyback",
    "Cash",
    "ClientTokens",
    "Constant",
    "Credit",
    "Equal",
    "Halving",
    "Issuance",
    "Mechanism",
    "Payout",
    "Proportional",
    "Rank",
    "Revenue",
    "SharedToken",
    "Softmax",
    "Split",
    "Tokens",
    "Valuation",
]
