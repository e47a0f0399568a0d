"""Rows: the rows that a period adds to each table of the run folder."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from simulator.components import Floats
from simulator.economy import positions
from simulator.economy.records import Reward, Trades
from simulator.economy.register import TREASURY
from simulator.economy.world import World
from simulator.ledger import NUMERAIRE
from simulator.market import Fills, MarketView, Positions
from simulator.market.fees import fee_in_numeraire

__all__ = ["Row", "table_rows"]

Row = dict[str, Any]
"""Columns of a table for one period: arrays of one length, or scalars for every row.

Category columns hold codes into `Register.categories`, or names if a column has no codes there.
"""


def table_rows(world: World, reward: Reward, traded: Trades) -> dict[str, Row]:
    """The rows of all tables at the end of a period, see `simulator.tables` for their columns.

    Also updates the world's wealth, and its book for the next period's positions.
    """
    period, quality = world.period, world.quality
    now, count = world.positions, len(world.register.tokens)
    bought_back = reward.buybacks.turnover(count)
    turnover = sum((fills.turnover(count) for _, fills in traded.passes), bought_back)
    pools, agents = _pools(world, turnover), _agents(world, now)
    position_rows, world.book = positions.rows(world, now, bought_back, turnover)
    rows = {
        "clients": _clients(world, reward, traded, agents["wealth"]),
        "pools": pools,
        "positions": position_rows,
        "agents": world.details.agents(agents),
        "fills": _fills(world, reward.buybacks, traded.passes),
        "flows": _flows(world),
        "periods": {
            "accuracy": quality.accuracy,
            "loss": quality.loss,
            "utility": quality.utility,
            "revenue": reward.revenue,
            "issued": float(reward.issued.sum() + reward.treasury_issued.sum()),
            "dividends": float(reward.dividends_paid.sum()),
            "buybacks": float(reward.buybacks.numeraire.sum()),
            "volume": float(pools["volume"].sum()),
        },
    }
    return {name: {"period": period} | columns for name, columns in rows.items()}


def _clients(world: World, reward: Reward, traded: Trades, wealth: Floats) -> Row:
    register, accounts = world.register, world.register.client_accounts
    assessment, token_of = world.assessment, register.token_of
    tokens = world.ledger.balances[accounts, 1 + token_of] * (token_of >= 0)
    return {
        "client": np.arange(len(accounts)),
        "behaviour": register.behaviour_codes(world.period),
        "examples": world.cohort.examples,
        "participated": assessment.participated,
        "contribution": assessment.contributions,
        "credit": assessment.credit,
        "share": assessment.shares,
        "issued": reward.issued,
        "dividends": reward.dividends[accounts],
        "dividends_paid": reward.dividends_paid,
        "direct": reward.direct,
        "offering": traded.offers.raised,
        "tokens": tokens,
        "numeraire": world.ledger.balances[accounts, NUMERAIRE],
        "wealth": wealth[1 : 1 + len(accounts)],
        "owner": register.owners,
    }


def _pools(world: World, turnover: Floats) -> Row:
    register, balances = world.register, world.ledger.balances
    count, fee = len(register.tokens), world.pools.fees
    pools = world.pools
    reserve_token, reserve_numeraire = (
        register.reserves(balances) if pools.any_concentrated else pools.reserves
    )
    bought_for, sold_for = turnover[:, 0, 0], turnover[:, 1, 1]
    rows = {
        "token": np.arange(count),
        "reserve_token": reserve_token,
        "reserve_numeraire": reserve_numeraire,
        "spot_price": world.prices.spot,
        "volume": bought_for + sold_for,
        "fees": fee_in_numeraire(fee, bought_for, sold_for),
        "supply": world.ledger.supply(register.token_numbers),
        "fundamental_value": world.prices.value,
        "fee": fee,
    }
    exist = register.exist(world.period)
    return {name: column[exist] for name, column in rows.items()}


def _agents(world: World, now: Positions) -> Row:
    """Rows of all agents; also updates the world's wealth by account."""
    register, accounts = world.register, world.register.agent_accounts
    balances, first = world.ledger.balances[accounts], register.first_accounts - TREASURY
    token_value = balances[:, register.token_assets] @ world.prices.spot
    columns = balances[:, NUMERAIRE], token_value, world.lp_value(now)[accounts]
    wealth = np.zeros(len(world.ledger.balances))
    wealth[accounts] = sum(columns)
    wealth.setflags(write=False)
    world.wealth = wealth
    numeraire, token_value, lp_value = (np.add.reduceat(column, first) for column in columns)
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


def _fills(world: World, buybacks: Fills, passes: Sequence[tuple[MarketView, Fills]]) -> Row:
    register, details = world.register, world.details
    all_fills = [buybacks, *(fills for _, fills in passes)]
    recorded_rows = [details.recorded_fills(fills) for fills in all_fills]
    parts = [
        fills if len(rows) == len(fills.orders) else fills.take(rows)
        for fills, rows in zip(all_fills, recorded_rows, strict=True)
    ]
    slippage = [_slippage(view, fills) for (view, _), fills in zip(passes, parts[1:], strict=True)]
    offsets = np.cumsum([0, *(len(fills.orders) for fills in all_fills)])[:-1]
    recorded = Fills.join(parts)
    orders = recorded.orders
    agent = register.agent_of[orders.account - TREASURY]
    columns = {
        "sequence": np.concatenate(
            [offset + rows for offset, rows in zip(offsets, recorded_rows, strict=True)]
        ),
        "orders": np.ones(len(orders), dtype=np.int64),
        "agent": agent,
        "account": orders.account,
        "strategy": register.strategy_codes[agent],
        "token": orders.token,
        "side": np.where(orders.buy, 0, 1),
        "amount_in": orders.amount,
        "amount_out": recorded.amount_out,
        "price": recorded.price,
        "slippage": np.concatenate([np.full(len(parts[0].orders), np.nan), *slippage]),
        "status": recorded.status,
    }
    return details.with_sums(columns, passes)


def _slippage(view: MarketView, fills: Fills) -> Floats:
    """Fill price against the quote on the view, positive when worse; NaN for failed orders."""
    quote = view.quote(fills.orders.token, fills.orders.buy, fills.orders.amount)
    ratio: Floats = np.divide(
        quote, fills.amount_out, out=np.full(len(quote), np.nan), where=fills.executed
    )
    return ratio - 1.0


def _flows(world: World) -> Row:
    flow, asset, payer, payee, amount = world.ledger.take_flows()
    return {"flow": flow, "asset": asset, "payer": payer, "payee": payee, "amount": amount}
