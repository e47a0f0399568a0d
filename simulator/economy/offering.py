"""Offerings: new tokens that clients sell to whoever was about to buy, before orders settle."""

from dataclasses import dataclass, replace

import numpy as np

from simulator.components import Booleans, Floats, Integers
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import Fills, Orders
from simulator.market.statuses import Status

__all__ = ["Offers", "sell"]

LEAST_LEFT = 1e-12  # of an order or an offer: with no more left of it, it is done


@dataclass(frozen=True)
class Offers:
    """New tokens that clients sell in a period; all arrays `[clients]`."""

    token: Integers  # that each sells
    price: Floats  # numeraire per token
    asked: Floats  # numeraire for those not sold yet
    paid: Floats  # numeraire for those sold

    @staticmethod
    def none(clients: int) -> "Offers":
        """Nobody sells anything."""
        nothing = np.zeros(clients)
        return Offers(np.zeros(clients, dtype=np.int64), nothing, nothing, nothing)


def sell(
    ledger: Ledger, accounts: Integers, offers: Offers, orders: Orders
) -> tuple[Offers, Orders, list[Fills]]:
    """Serve purchases among `orders` from `offers` of the clients with `accounts` `[clients]`.

    A purchase is served when its `min_out` accepts the price: by part of its amount, the same of
    all purchases of the token, and as far as its account can pay. Those of clients are not.
    Tokens are minted for it, and the money goes to the clients who asked for it, in proportion.
    Of several offers of a token the cheapest are sold first.

    Returns what is left of both, and what was bought at each price. Less of an order has as much
    less to be paid.
    """
    waiting, bought = offers.asked > 0, list[Fills]()
    while waiting.any():
        lowest = np.full(int(offers.token.max()) + 1, np.inf)
        np.minimum.at(lowest, offers.token[waiting], offers.price[waiting])
        now = waiting & (offers.price == lowest[offers.token])
        offers, orders, fills = _sell_together(ledger, accounts, offers, orders, now)
        bought += [fills] if len(fills.orders) else []
        waiting &= ~now
    return offers, orders, bought


def _sell_together(
    ledger: Ledger, accounts: Integers, offers: Offers, orders: Orders, now: Booleans
) -> tuple[Offers, Orders, Fills]:
    """`sell` from those offers that are meant `now`, all of a token at one price."""
    tokens = ledger.balances.shape[1]  # more than there are
    price = np.zeros(tokens)
    price[offers.token[now]] = offers.price[now]
    asked = _sums(offers.token, np.where(now, offers.asked, 0.0), tokens)
    accepts = orders.buy & ~np.isin(orders.account, accounts)
    accepts &= (asked[orders.token] > 0) & (orders.amount > 0)
    accepts &= orders.amount >= orders.min_out * price[orders.token]
    served = _divided(asked, np.where(accepts, orders.amount, 0.0), orders, ledger)
    some = np.flatnonzero(served)
    fills = _bought(orders.take(some), served[some], price)
    if not some.size:
        return offers, orders, fills

    row, client = np.nonzero((orders.token[some, None] == offers.token) & now)
    buyer, token = orders.account[some[row]], orders.token[some[row]]
    money = served[some[row]] * offers.asked[client] / asked[token]
    ledger.transfer("offering", NUMERAIRE, buyer, accounts[client], money)
    ledger.transfer("offering", 1 + token, OUTSIDE, buyer, money / price[token])
    got = _sums(client, money, len(accounts))
    left = offers.asked - got
    left = np.where(left > LEAST_LEFT * offers.asked, left, 0.0)
    return replace(offers, asked=left, paid=offers.paid + got), _rest(orders, served), fills


def _bought(orders: Orders, served: Floats, price: Floats) -> Fills:
    """What `served` numeraire bought of tokens at a `price` `[tokens]`; tips are not for it."""
    least = orders.min_out * (served / orders.amount)
    bought = replace(orders, amount=served, min_out=least, tip=np.zeros(len(orders)))
    return Fills(bought, served / price[orders.token], np.full(len(orders), Status.OFFERING))


def _divided(asked: Floats, wanted: Floats, orders: Orders, ledger: Ledger) -> Floats:
    """What each order is served of what it `wanted`, for as much as is `asked` `[tokens]`.

    All that an account wants is scaled down together to the cash that it has.
    """
    cash = np.maximum(ledger.balances[:, NUMERAIRE], 0.0)  # of outside as well
    payable = wanted * _part(cash, _sums(orders.account, wanted, len(cash)))[orders.account]
    served: Floats = payable * _part(asked, _sums(orders.token, payable, len(asked)))[orders.token]
    return served


def _sums(number: Integers, amount: Floats, size: int) -> Floats:
    """The sum of amounts for each number below `size`."""
    return np.bincount(number, amount, size).astype(np.float64, copy=False)


def _part(there: Floats, wanted: Floats) -> Floats:
    """The part of what is `wanted` that there is, at most 1."""
    return np.divide(there, wanted, out=np.ones_like(there), where=wanted > there)


def _rest(orders: Orders, served: Floats) -> Orders:
    """The orders without what was served of them, in the same sequence."""
    rest = orders.amount - served
    part = np.divide(rest, orders.amount, out=np.ones_like(rest), where=served > 0)
    left = replace(orders, amount=rest, min_out=orders.min_out * part)
    return left.take(np.flatnonzero((served == 0) | (part > LEAST_LEFT)))
