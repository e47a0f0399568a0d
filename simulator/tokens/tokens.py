"""The tokens section of a scenario."""

from typing import Annotated

from pydantic import Field

from simulator.components import Family, Section
from simulator.tokens.allocation import ALLOCATIONS, Allocation, Credit, Proportional
from simulator.tokens.issuance import ISSUANCES, Halving, Issuance
from simulator.tokens.mechanism import MECHANISMS, ClientTokens, Mechanism
from simulator.tokens.payout import Payout
from simulator.tokens.revenue import REVENUES, AccuracyLinked, Revenue
from simulator.tokens.valuation import Valuation
from simulator.tokens.vesting import VESTINGS, NoVesting, Vesting

__all__ = ["Tokens"]


class Tokens(Section):
    """How contribution becomes tokens and money."""

    mechanism: Annotated[Mechanism, Family(MECHANISMS)] = Field(
        ClientTokens(), description="Which tokens stand for which clients."
    )
    revenue: Annotated[Revenue, Family(REVENUES)] = Field(
        AccuracyLinked(), description="What customers pay per period."
    )
    credit: Credit = Field(Credit(), description="How contributions are smoothed.")
    allocation: Annotated[Allocation, Family(ALLOCATIONS)] = Field(
        Proportional(), description="How credit becomes shares of the reward."
    )
    issuance: Annotated[Issuance, Family(ISSUANCES)] = Field(
        Halving(), description="How many tokens are minted to contributors."
    )
    vesting: Annotated[Vesting, Family(VESTINGS)] = Field(
        NoVesting(), description="When issued tokens become their owner's."
    )
    payout: Payout = Field(Payout(), description="How revenue is divided.")
    valuation: Valuation = Field(Valuation(), description="What a token is worth by its cash.")
