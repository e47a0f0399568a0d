"""The economy: a run's world, the modules that act on it, and the Mesa model that steps it."""

from simulator.economy.model import Economy

__all__ = ["Economy"]
