"""The record section of a scenario: the detail in which tables show investors."""

from typing import Literal

from pydantic import Field

from simulator.components import Section

__all__ = ["Detail", "Record"]

Detail = Literal["all", "sample", "summary"]
"""Every investor, a sample drawn once for the run, or sums by strategy."""


class Record(Section):
    """Detail of the tables that grow with the number of investors.

    Everybody else is recorded one by one in any case, and the other tables are complete.
    """

    agents: Detail = Field("all", description="Which investors have rows in table agents.")
    fills: Detail = Field("all", description="Whose orders have rows in table fills.")
    sample: int = Field(
        100, ge=1, description="Investors in a sample, the same ones in both tables."
    )
