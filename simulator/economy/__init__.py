"""The economy: the world of a run, the desks that act on it, and the Mesa model that steps it."""

from simulator.economy.model import Economy

__all__ = ["Economy"]
