"""Offerings: new tokens that clients sell to accounts with purchase orders, before these settle."""

from dataclasses import dataclass, replace

import numpy as np

from simulator.components import Booleans, Floats, Integers
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import Fills, Orders
from simulator.market.statuses import Status

__all__ = ["Offers", "sell"]

LEAST_LEFT = 1e-12  # of an order or an offer: smaller rests are dropped


@dataclass(frozen=True)
class Offers:
    """New tokens that clients sell in a period; all arrays `[clients]`."""

    token: Integers  # number of the client's token
    price: Floats  # numeraire per token
    target: Floats  # numeraire still to raise
    raised: Floats  # numeraire raised so far

    @staticmethod
    def none(clients: int) -> "Offers":
        """No client sells new tokens."""
        zero = np.zeros(clients)
        return Offers(np.zeros(clients, dtype=np.int64), zero, zero, zero)


def sell(
    ledger: Ledger, accounts: Integers, offers: Offers, orders: Orders
) -> tuple[Offers, Orders, list[Fills]]:
    """Serve purchases among `orders` from `offers` of the clients with `accounts` `[clients]`.

    A purchase is served if its `min_out` accepts the price: for the same fraction of all purchases
    of the token, as far as its account can pay. Purchases of clients are not served. The tokens are
    minted, and the money goes to the offering clients in proportion to their targets. The cheapest
    offers of a token are sold first.

    Returns the remaining offers and orders, and the fills at each price. The `min_out` of an order
    served in part shrinks in proportion.
    """
    is_open, fills_by_price = offers.target > 0, list[Fills]()
    while is_open.any():
        lowest = np.full(int(offers.token.max()) + 1, np.inf)
        np.minimum.at(lowest, offers.token[is_open], offers.price[is_open])
        cheapest = is_open & (offers.price == lowest[offers.token])
        offers, orders, fills = _sell_together(ledger, accounts, offers, orders, cheapest)
        fills_by_price += [fills] if len(fills.orders) else []
        is_open &= ~cheapest
    return offers, orders, fills_by_price


def _sell_together(
    ledger: Ledger, accounts: Integers, offers: Offers, orders: Orders, active: Booleans
) -> tuple[Offers, Orders, Fills]:
    """`sell` from the `active` offers, which have one price per token."""
    tokens = ledger.balances.shape[1]  # an upper bound
    price = np.zeros(tokens)
    price[offers.token[active]] = offers.price[active]
    target = _sums(offers.token, np.where(active, offers.target, 0.0), tokens)
    accepts = orders.buy & ~np.isin(orders.account, accounts)
    accepts &= (target[orders.token] > 0) & (orders.amount > 0)
    accepts &= orders.amount >= orders.min_out * price[orders.token]
    served = _serve(target, np.where(accepts, orders.amount, 0.0), orders, ledger)
    rows = np.flatnonzero(served)
    fills = _fills(orders.take(rows), served[rows], price)
    if not rows.size:
        return offers, orders, fills

    row, client = np.nonzero((orders.token[rows, None] == offers.token) & active)
    buyer, token = orders.account[rows[row]], orders.token[rows[row]]
    money = served[rows[row]] * offers.target[client] / target[token]
    ledger.transfer("offering", NUMERAIRE, buyer, accounts[client], money)
    ledger.transfer("offering", 1 + token, OUTSIDE, buyer, money / price[token])
    raised = _sums(client, money, len(accounts))
    remaining = offers.target - raised
    remaining = np.where(remaining > LEAST_LEFT * offers.target, remaining, 0.0)
    offers = replace(offers, target=remaining, raised=offers.raised + raised)
    return offers, _without(orders, served), fills


def _fills(orders: Orders, served: Floats, price: Floats) -> Fills:
    """Fills of `served` numeraire of each order at `price` `[tokens]`, without tips."""
    min_out = orders.min_out * (served / orders.amount)
    bought = replace(orders, amount=served, min_out=min_out, tip=np.zeros(len(orders)))
    return Fills(bought, served / price[orders.token], np.full(len(orders), Status.OFFERING))


def _serve(target: Floats, amount: Floats, orders: Orders, ledger: Ledger) -> Floats:
    """Numeraire served of each order's `amount`, at most `target` `[tokens]` in all.

    All amounts of an account are scaled down together to its cash.
    """
    cash = np.maximum(ledger.balances[:, NUMERAIRE], 0.0)  # the outside's balance is negative
    payable = amount * _fraction(cash, _sums(orders.account, amount, len(cash)))[orders.account]
    demand = _sums(orders.token, payable, len(target))
    served: Floats = payable * _fraction(target, demand)[orders.token]
    return served


def _sums(number: Integers, amount: Floats, size: int) -> Floats:
    """The sum of amounts for each number below `size`."""
    return np.bincount(number, amount, size).astype(np.float64, copy=False)


def _fraction(available: Floats, demand: Floats) -> Floats:
    """Fraction of the `demand` that is `available`, at most 1."""
    return np.divide(available, demand, out=np.ones_like(available), where=demand > available)


def _without(orders: Orders, served: Floats) -> Orders:
    """The orders less their `served` amounts, in unchanged sequence."""
    rest = orders.amount - served
    fraction = np.divide(rest, orders.amount, out=np.ones_like(rest), where=served > 0)
    remaining = replace(orders, amount=rest, min_out=orders.min_out * fraction)
    return remaining.take(np.flatnonzero((served == 0) | (fraction > LEAST_LEFT)))
