"""Agents: who decides what. They see a frozen view and return orders; the ledger moves money."""
