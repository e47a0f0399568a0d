"""The tab Market: price, volume, depth and liquidity of a token's pool, and its last orders."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from simulator.analysis.looks import PALE, PLAIN, WARM, Look, words
from simulator.components import Booleans, Floats, Integers
from simulator.dashboard.charts import (
    Chart,
    Drawing,
    Line,
    Option,
    Picker,
    Table,
    axis,
    axis_end,
    draw,
    empty_chart,
    five_digits,
    jsonable,
    labels,
    notice,
    period_chart,
    series,
    thinned,
)
from simulator.dashboard.depth import Depth, concentrated_depth, swap_depth
from simulator.dashboard.frames import Cast, Frame
from simulator.dashboard.showing import Show
from simulator.market import Batch, Concentrated, Market
from simulator.market.ticks import TickBook

__all__ = ["drawings", "pickers"]

TOKEN, TABLE_ROWS = "Token", "Fills and positions"
THIS_TOKEN, ALL_TOKENS = "of this token", "of all tokens"

SMALL_HEIGHT = 220  # pixels
MAX_FILLS = 200  # in the table
DEPTH_STEPS = 60  # on each side
LARGEST_SWAP = 0.5  # fraction of the reserve
SMALLEST_SWAP = 1e-6  # fraction of the largest swap

ORANGE = Look(WARM[0], 2.0)
FILL_COLUMNS = (
    "sequence",
    "agent",
    "strategy",
    "token",
    "side",
    "paid",
    "got",
    "price",
    "slippage %",
    "status",
)
POSITION_COLUMNS = (
    "agent",
    "token",
    "part of the pool %",
    "value",
    "holding value",
    "gain against holding %",
    "fees so far",
    "LVR so far",
)


def pickers(cast: Cast) -> Sequence[Picker]:
    """Pickers of a token, and of table rows for that token or for all."""
    if not cast.tokens:
        return ()
    tokens = tuple(map(words, cast.tokens))
    return Picker(TOKEN, tokens), Picker(TABLE_ROWS, (THIS_TOKEN, ALL_TOKENS))


def drawings(show: Show, picks: Mapping[str, str]) -> Sequence[Drawing]:
    """Price, depth, volume and reserves of the picked token's pool; fills and positions."""
    cast, frames = show.cast, show.frames
    if not cast.tokens:
        return [notice("No market", "Clients are paid in cash: there are no tokens to trade.")]
    token = [words(name) for name in cast.tokens].index(picks[TOKEN])
    token_of_rows = None if picks.get(TABLE_ROWS) == ALL_TOKENS else token
    sample = thinned(frames)
    return [
        Chart(_price(sample, token, cast)),
        _depth(frames[-1], token, cast),
        Chart(_volume(sample, token), height=SMALL_HEIGHT),
        Chart(_reserves(sample, token), height=SMALL_HEIGHT),
        _fills(frames[-1], token_of_rows, cast),
        _positions(frames, token_of_rows, cast),
    ]


def _of_pool(frames: Sequence[Frame], column: str, token: int) -> Floats:
    return series(frames, lambda frame: frame.pools[column][token])


def _price(frames: Sequence[Frame], token: int, cast: Cast) -> Option:
    spot = Line("spot price", PLAIN, _of_pool(frames, "spot_price", token))
    value = Line("fundamental value", Look(PALE, 1.0), _of_pool(frames, "fundamental_value", token))
    title = f"Spot price of {words(cast.tokens[token])}"
    option = period_chart(frames, title, "numeraire; dashed: fundamental value")
    option["yAxis"] = axis(axis_end([spot, value]))
    option["grid"]["right"] = 52
    draw(option, [value], showSymbol=False, lineStyle={"width": 1.5, "type": "dashed"}, z=2)
    draw(option, [spot])
    return option


def _volume(frames: Sequence[Frame], token: int) -> Option:
    volume = Line("volume", Look("#B5CADD", 0.0), _of_pool(frames, "volume", token))
    fees = Line("fees", ORANGE, _of_pool(frames, "fees", token))
    option = period_chart(frames, "Volume", "numeraire per period; line: fees, right scale")
    option["yAxis"] = _scales([volume], [fees])
    option["grid"]["right"] = 52
    draw(option, [volume], type="bar", barMaxWidth=12, barCategoryGap="15%", z=1)
    draw(option, [fees], yAxisIndex=1, lineStyle={"width": 1})
    return option


def _reserves(frames: Sequence[Frame], token: int) -> Option:
    numeraire = Line("numeraire", Look(PALE, 2.0), _of_pool(frames, "reserve_numeraire", token))
    tokens = Line("tokens", PLAIN, _of_pool(frames, "reserve_token", token))
    option = period_chart(frames, "Reserves of the pool", "numeraire (grey); tokens, right scale")
    option["yAxis"] = _scales([numeraire], [tokens])
    option["grid"]["right"] = 52
    draw(option, [numeraire])
    draw(option, [tokens], yAxisIndex=1)
    return option


def _scales(left: Sequence[Line], right: Sequence[Line]) -> list[Option]:
    return [axis(axis_end(left)), axis(axis_end(right)) | {"splitLine": {"show": False}}]


def _depth(frame: Frame, token: int, cast: Cast) -> Drawing:
    """Purchases to the right and sales to the left, against the numeraire paid in or out."""
    market = cast.settings.market
    title = f"Depth of the pool of {words(cast.tokens[token])}"
    reserves = [float(frame.pools[name][token]) for name in ("reserve_token", "reserve_numeraire")]
    if np.isnan(reserves).any():
        return notice(title, "The token is not launched yet.", wide=False)
    if not any(reserve > 0 for reserve in reserves):
        return notice(title, "The pool is empty: there is nothing to trade with.", wide=False)
    fee = float(frame.pools["fee"][token])
    sales, purchases = (_swaps(frame, token, market, fee, pays) for pays in (True, False))
    subtitle = (
        f"orange: price of one swap, its fee of {100 * fee:.3g}% included; blue: spot afterwards"
    )
    if isinstance(cast.settings.clearing(frame.period), Batch):
        subtitle += ";\nbatches clear otherwise: all orders at one price"
    return Chart(_depth_chart(title, subtitle, sales, purchases))


def _swaps(frame: Frame, token: int, market: Market, fee: float, pays_token: bool) -> Depth:
    """Swaps of up to `LARGEST_SWAP` of the reserve of the asset paid in."""
    reserve_token, reserve_numeraire, spot = (
        float(frame.pools[name][token])
        for name in ("reserve_token", "reserve_numeraire", "spot_price")
    )
    reserve = reserve_token if pays_token else reserve_numeraire
    if isinstance(market.curve, Concentrated):  # one reserve may be zero
        reserve = reserve or reserve_token * spot + reserve_numeraire / (spot if pays_token else 1)
    paid = LARGEST_SWAP * reserve * np.linspace(0.0, 1.0, DEPTH_STEPS + 1)
    paid[0] = SMALLEST_SWAP * paid[-1]
    if isinstance(market.curve, Concentrated):
        return concentrated_depth(_pool(frame, token, market.curve, fee), paid, pays_token)
    curve = market.curve.at(frame.period)
    return swap_depth(curve, reserve_token, reserve_numeraire, fee, paid, pays_token)


def _pool(frame: Frame, token: int, curve: Concentrated, fee: float) -> TickBook:
    """The concentrated pool of a token, rebuilt from its recorded positions."""
    rows = frame.positions
    in_pool = (rows["token"] == token) & (rows["shares"] > 0)
    lower, upper, liquidity = (rows[name][in_pool] for name in ("lower", "upper", "shares"))
    spot = float(frame.pools["spot_price"][token])
    return TickBook.of(spot, fee, curve.spacing, lower, upper, liquidity)


def _depth_chart(title: str, subtitle: str, sales: Depth, purchases: Depth) -> Option:
    """Prices against the numeraire paid into the pool, with a gap at zero."""
    gap = np.full(1, np.nan)
    paid_in = np.concatenate([-sales.payout[::-1], gap, purchases.paid])
    spot = np.concatenate([sales.spot_price[::-1], gap, purchases.spot_price])
    sell, buy = sales.payout / sales.paid, purchases.paid / purchases.payout
    lines = [
        _along("into the pool", Line("spot price afterwards", PLAIN, spot)),
        _along("into the pool", Line("price", ORANGE, np.concatenate([sell[::-1], gap, buy]))),
    ]
    option = empty_chart(title, subtitle)
    option["dataset"] = {"source": {"into the pool": [*map(five_digits, paid_in.tolist())]}}
    option["xAxis"] = {key: value for key, value in axis(0).items() if key not in ("min", "max")}
    option["xAxis"] |= {
        "name": "numeraire: sales take it out, purchases pay it in",
        "nameLocation": "middle",
        "nameGap": 24,
        "splitLine": {"show": False},
    }
    option["yAxis"] = axis(axis_end(lines))
    option["grid"]["right"] = 52
    draw(option, lines, showSymbol=False)
    return option


def _along(column: str, line: Line) -> Line:
    """The line with another column than the period as its x axis."""
    return replace(line, more={"encode": {"x": column, "y": line.name}})


def _fills(frame: Frame, token: int | None, cast: Cast) -> Table:
    """The last orders of the period, filled or not, newest first."""
    title = f"Last fills of {'all tokens' if token is None else words(cast.tokens[token])}"
    fills = frame.fills
    if fills is None:
        return notice(title, "Of a run that goes on, only the newest period keeps its fills.")
    matches = np.flatnonzero(_of_token(fills["token"], token))
    if not matches.size:
        return notice(title, f"There are none in period {frame.period}.")
    rows = matches[-MAX_FILLS:][::-1]
    fills = {name: column[rows] for name, column in fills.items()}
    columns = [
        fills["sequence"].astype(int).tolist(),
        *(labels(cast, name, fills[name]) for name in ("agent", "strategy", "token", "side")),
        *(jsonable(fills[name]) for name in ("amount_in", "amount_out", "price")),
        jsonable(100 * fills["slippage"]),
        labels(cast, "status", fills["status"]),
    ]
    names: tuple[str, ...] = FILL_COLUMNS
    if cast.settings.record.fills == "summary":
        names, columns = (*names, "orders"), [*columns, fills["orders"].astype(int).tolist()]
    subtitle = f"{len(rows)} of {len(matches)} in period {frame.period}; prices include the fee"
    return Table(title, names, list(zip(*columns, strict=True)), subtitle)


def _of_token(column: Integers, token: int | None) -> Booleans:
    """Which rows are about the token, all if `token` is None `[rows]`."""
    mask: Booleans = np.full(len(column), True) if token is None else column == token
    return mask


def _positions(frames: Sequence[Frame], token: int | None, cast: Cast) -> Table:
    """Positions of providers and the treasury, with their gains and losses."""
    title = f"Positions in {'all pools' if token is None else 'the pool'}"
    rows, pools = frames[-1].positions, len(cast.tokens)
    value, holding_value = rows["value"], rows["holding_value"]
    pool_value = np.bincount(rows["token"], value, minlength=pools)[rows["token"]]
    fees, lvr = _so_far(frames, pools)
    with np.errstate(divide="ignore", invalid="ignore"):
        percent, gain = 100 * value / pool_value, 100 * (value / holding_value - 1)
    listed = (rows["shares"] > 0) & _of_token(rows["token"], token)
    if not listed.any():
        return notice(title, "There are none.")
    columns = [
        *(labels(cast, name, rows[name][listed]) for name in ("agent", "token")),
        *(jsonable(column[listed]) for column in (percent, value, holding_value, gain, fees, lvr)),
    ]
    subtitle = "numeraire, at spot prices; holding: what was put in, had it been held"
    return Table(title, POSITION_COLUMNS, list(zip(*columns, strict=True)), subtitle)


def _so_far(frames: Sequence[Frame], pools: int) -> tuple[Floats, Floats]:
    """Fees and LVR of the newest frame's positions, summed over all frames `[positions]`."""
    by_frame = [frame.positions["agent"] * pools + frame.positions["token"] for frame in frames]
    positions, newest = np.concatenate(by_frame), by_frame[-1]
    if not newest.size:
        return np.zeros(0), np.zeros(0)
    fees, lvr = (
        np.bincount(positions, np.concatenate([frame.positions[name] for frame in frames]))[newest]
        for name in ("fees", "lvr")
    )
    return fees, lvr
