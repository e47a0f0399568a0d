"""The economy: a Mesa model whose step is one federated round and all its consequences."""

from simulator.economy.model import Economy
from simulator.economy.state import State

__all__ = ["Economy", "State"]
