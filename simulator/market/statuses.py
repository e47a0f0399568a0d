"""Outcomes of orders, as codes that tables and compiled loops share."""

from enum import IntEnum

__all__ = ["STATUSES", "Status"]


class Status(IntEnum):
    """Filled by a pool, refused by it for a reason, or served by an offering."""

    FILLED = 0
    UNAFFORDABLE = 1  # the account has less
    SLIPPAGE = 2  # the pool would pay less than `min_out`
    EMPTY_POOL = 3
    EXHAUSTED = 4  # the amount is too large or too small for the pool
    OFFERING = 5  # bought from clients before the market


STATUSES = tuple(status.name.lower() for status in Status)
"""Names of the statuses, as in table fills, indexed by status."""
