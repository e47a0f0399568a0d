"""The record section of a scenario: how much of what investors do goes to the tables."""

from typing import Literal

from pydantic import Field

from simulator.components import Section

__all__ = ["Detail", "Record"]

Detail = Literal["all", "sample", "summary"]
"""Every investor, a few of them drawn once for the run, or their sums by strategy."""


class Record(Section):
    """Detail of the tables that grow with the number of investors.

    Everybody else is recorded one by one in any case, and the other tables are complete.
    """

    agents: Detail = Field("all", description="Which investors have rows in table agents.")
    fills: Detail = Field("all", description="Whose orders have rows in table fills.")
    sample: int = Field(
        100, ge=1, description="Investors in a sample, the same ones in both tables."
    )
