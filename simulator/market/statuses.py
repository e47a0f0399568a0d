"""What became of an order, as a code that tables and compiled loops share."""

from enum import IntEnum

__all__ = ["STATUSES", "Status"]


class Status(IntEnum):
    """A pool filled the order, did not for some reason, or an offering served it."""

    FILLED = 0
    UNAFFORDABLE = 1  # the account has less
    SLIPPAGE = 2  # the pool would pay less than `min_out`
    EMPTY_POOL = 3
    EXHAUSTED = 4  # the pool cannot pay for so much, or so little
    OFFERING = 5  # bought from clients before the market


STATUSES = tuple(status.name.lower() for status in Status)
"""Names of the statuses, as in table fills; a status is its number here."""
