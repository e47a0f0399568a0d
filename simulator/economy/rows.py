"""Rows: what a period adds to each table of the run folder."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.components import Floats
from simulator.economy.providing import position_rows
from simulator.economy.register import TREASURY
from simulator.economy.rewarding import Reward
from simulator.ledger import NUMERAIRE
from simulator.market import Fills, MarketView, Positions

if TYPE_CHECKING:
    from simulator.economy.model import Economy

__all__ = ["Row", "table_rows"]

Row = dict[str, Any]
"""Columns of a table for one period: arrays of one length, or scalars that hold for every row.

Category columns hold codes into `Register.categories`, or names where that has none.
"""


def table_rows(
    economy: "Economy", reward: Reward, passes: Sequence[tuple[MarketView, Fills]]
) -> dict[str, Row]:
    """The rows of all tables, see `simulator.tables` for their columns.

    `passes` are what settled one after the other, each with the view it was decided on.
    """
    period = economy.period
    now, count = economy.positions, len(economy.register.tokens)
    bought_back = reward.buybacks.turnover(count)
    turnover = sum((fills.turnover(count) for _, fills in passes), bought_back)
    pools, agents = _pools(economy, turnover), _agents(economy, now)
    positions = _positions(economy, now, bought_back, turnover)
    wealth = agents["wealth"][1 : 1 + len(economy.shares)]
    return {
        "clients": _clients(economy, reward, wealth) | {"period": period},
        "pools": pools | {"period": period},
        "positions": positions | {"period": period},
        "agents": economy.details.agents(agents) | {"period": period},
        "fills": _fills(economy, reward.buybacks, passes) | {"period": period},
        "flows": _flows(economy) | {"period": period},
        "periods": {
            "period": period,
            "accuracy": economy.quality.accuracy,
            "loss": economy.quality.loss,
            "utility": economy.quality.utility,
            "revenue": reward.revenue,
            "issued": float(reward.issued.sum() + reward.treasury_issued.sum()),
            "dividends": float(reward.dividends_paid.sum()),
            "buybacks": float(reward.buybacks.numeraire.sum()),
            "volume": float(pools["volume"].sum()),
        },
    }


def _clients(economy: "Economy", reward: Reward, wealth: Floats) -> Row:
    register, accounts = economy.register, economy.register.client_accounts
    own = economy.ledger.balances[accounts, 1 + register.token_of] * (register.token_of >= 0)
    return {
        "client": np.arange(len(accounts)),
        "behaviour": register.behaviour_codes(economy.period),
        "examples": economy.cohort.examples,
        "participated": economy.participated,
        "contribution": economy.contributions,
        "credit": economy.credit,
        "share": economy.shares,
        "issued": reward.issued,
        "dividends": reward.dividends[accounts],
        "dividends_paid": reward.dividends_paid,
        "direct": reward.direct,
        "offering": economy.offers.paid,
        "tokens": own,
        "numeraire": economy.ledger.balances[accounts, NUMERAIRE],
        "wealth": wealth,
        "owner": register.owners,
    }


def _pools(economy: "Economy", turnover: Floats) -> Row:
    register, balances = economy.register, economy.ledger.balances
    count, fee = len(register.tokens), economy.pools.fees
    pools = economy.pools
    reserve_token, reserve_numeraire = (
        register.reserves(balances) if pools.ranged else pools.reserves
    )
    bought_for, sold_for = turnover[:, 0, 0], turnover[:, 1, 1]
    rows = {
        "token": np.arange(count),
        "reserve_token": reserve_token,
        "reserve_numeraire": reserve_numeraire,
        "spot_price": economy.spot_price,
        "volume": bought_for + sold_for,
        "fees": fee * (bought_for + sold_for / (1 - fee)),
        "supply": economy.ledger.supply(register.token_numbers),
        "fundamental_value": economy.fundamental_value,
        "fee": fee,
    }
    exist = register.exist(economy.period)
    return {name: column[exist] for name, column in rows.items()}


def _positions(economy: "Economy", now: Positions, bought_back: Floats, turnover: Floats) -> Row:
    """Rows of all positions; they are remembered for the next period's."""
    rows, economy.memory["positions"] = position_rows(
        economy.ledger,
        economy.register,
        economy.pools,
        economy.memory["positions"],
        now,
        economy.spot_price,
        bought_back,
        turnover,
    )
    return rows


def _agents(economy: "Economy", positions: Positions) -> Row:
    register, accounts = economy.register, economy.register.agent_accounts
    balances, first = economy.ledger.balances[accounts], register.first_accounts - TREASURY
    token_value = balances[:, register.token_assets] @ economy.spot_price
    lp_value = economy.lp_value(positions)[accounts]
    numeraire, token_value, lp_value = (
        np.add.reduceat(each, first) for each in (balances[:, NUMERAIRE], token_value, lp_value)
    )
    return {
        "agent": np.arange(len(register.agents)),
        "kind": register.kind_codes,
        "strategy": register.strategy_codes,
        "accounts": register.sizes,
        "numeraire": numeraire,
        "token_value": token_value,
        "lp_value": lp_value,
        "wealth": numeraire + token_value + lp_value,
    }


def _fills(economy: "Economy", buybacks: Fills, passes: Sequence[tuple[MarketView, Fills]]) -> Row:
    register, details = economy.register, economy.details
    several = [buybacks, *(fills for _, fills in passes)]
    rows = [details.kept(fills) for fills in several]
    kept = [
        fills if len(some) == len(fills.orders) else fills.take(some)
        for fills, some in zip(several, rows, strict=True)
    ]
    slippage = [_slippage(view, fills) for (view, _), fills in zip(passes, kept[1:], strict=True)]
    before = np.cumsum([0, *(len(fills.orders) for fills in several)])[:-1]
    traded = Fills.join(kept)
    orders = traded.orders
    agent = register.agent_of[orders.account - TREASURY]
    columns = {
        "sequence": np.concatenate(
            [first + some for first, some in zip(before, rows, strict=True)]
        ),
        "orders": np.ones(len(orders), dtype=np.int64),
        "agent": agent,
        "account": orders.account,
        "strategy": register.strategy_codes[agent],
        "token": orders.token,
        "side": np.where(orders.buy, 0, 1),
        "amount_in": orders.amount,
        "amount_out": traded.amount_out,
        "price": traded.price,
        "slippage": np.concatenate([np.full(len(kept[0].orders), np.nan), *slippage]),
        "status": traded.status,
    }
    return details.with_sums(columns, passes)


def _slippage(view: MarketView, fills: Fills) -> Floats:
    """Fill price against the quote on the view, positive when worse; NaN for what was refused."""
    quote = view.quote(fills.orders.token, fills.orders.buy, fills.orders.amount)
    ratio: Floats = np.divide(
        quote, fills.amount_out, out=np.full(len(quote), np.nan), where=fills.executed
    )
    return ratio - 1.0


def _flows(economy: "Economy") -> Row:
    flow, asset, payer, payee, amount = economy.ledger.take_flows()
    return {"flow": flow, "asset": asset, "payer": payer, "payee": payee, "amount": amount}
