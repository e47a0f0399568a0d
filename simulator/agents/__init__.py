"""Agents: each sees a frozen view and returns orders; the ledger moves the money."""
