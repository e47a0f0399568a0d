"""The market: prices, volume, depth and liquidity of a token's pool, and the orders that met it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from simulator.analysis.looks import OTHERS, PALE, PLAIN, Look, words
from simulator.components import Booleans, Floats, Integers
from simulator.dashboard.charts import (
    Chart,
    Drawing,
    Line,
    Option,
    Picker,
    Table,
    axis,
    draw,
    jsonable,
    number,
    over_periods,
    said,
    series,
    sheet,
    spoken,
    thinned,
    top,
)
from simulator.dashboard.depth import Depth, swapped, swapped_through
from simulator.dashboard.frames import Cast, Frame
from simulator.dashboard.showing import Show
from simulator.market import Batch, Concentrated, Market
from simulator.market.ticks import TickBook

__all__ = ["drawings", "pickers"]

TOKEN, TABLE_ROWS, OF_ALL_TOKENS = "Token", "Fills and positions", "of all tokens"
THIS = "of this token"

SMALL_HEIGHT = 220  # pixels
LATEST = 200  # fills that are listed
STEPS = 60  # of the depth on each side
HALF = 0.5  # of a reserve, the largest swap
LEAST_DEPTH = 1e-6  # of it, the smallest

PAID = Look(OTHERS[0], 2.0)
PLACED = (
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
PROVIDED = (
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
    """One of the tokens, and whether rows are of that one only."""
    if not cast.tokens:
        return ()
    return Picker(TOKEN, tuple(map(words, cast.tokens))), Picker(TABLE_ROWS, (THIS, OF_ALL_TOKENS))


def drawings(show: Show, picks: Mapping[str, str]) -> Sequence[Drawing]:
    """Price, depth, volume and reserves of the token picked; fills and positions."""
    cast, frames = show.cast, show.frames
    if not cast.tokens:
        return [said("No market", "Clients are paid in cash: there are no tokens to trade.")]
    token = [words(name) for name in cast.tokens].index(picks[TOKEN])
    of = None if picks.get(TABLE_ROWS) == OF_ALL_TOKENS else token
    few = thinned(frames)
    return [
        Chart(_price(few, token, cast)),
        _depth(frames[-1], token, cast),
        Chart(_volume(few, token), height=SMALL_HEIGHT),
        Chart(_reserves(few, token), height=SMALL_HEIGHT),
        _fills(frames[-1], of, cast),
        _positions(frames, of, cast),
    ]


def _of_pool(frames: Sequence[Frame], column: str, token: int) -> Floats:
    return series(frames, lambda frame: frame.pools[column][token])


def _price(frames: Sequence[Frame], token: int, cast: Cast) -> Option:
    spot = Line("spot price", PLAIN, _of_pool(frames, "spot_price", token))
    value = Line("fundamental value", Look(PALE, 1.0), _of_pool(frames, "fundamental_value", token))
    title = f"Spot price of {words(cast.tokens[token])}"
    option = over_periods(frames, title, "numeraire; dashed: fundamental value")
    option["yAxis"] = axis(top([spot, value]))
    option["grid"]["right"] = 52
    draw(option, [value], showSymbol=False, lineStyle={"width": 1.5, "type": "dashed"}, z=2)
    draw(option, [spot])
    return option


def _volume(frames: Sequence[Frame], token: int) -> Option:
    volume = Line("volume", Look("#B5CADD", 0.0), _of_pool(frames, "volume", token))
    fees = Line("fees", PAID, _of_pool(frames, "fees", token))
    option = over_periods(frames, "Volume", "numeraire per period; line: fees, right scale")
    option["yAxis"] = _scales([volume], [fees])
    option["grid"]["right"] = 52
    draw(option, [volume], type="bar", barMaxWidth=12, barCategoryGap="15%", z=1)
    draw(option, [fees], yAxisIndex=1, lineStyle={"width": 1})
    return option


def _reserves(frames: Sequence[Frame], token: int) -> Option:
    numeraire = Line("numeraire", Look(PALE, 2.0), _of_pool(frames, "reserve_numeraire", token))
    tokens = Line("tokens", PLAIN, _of_pool(frames, "reserve_token", token))
    option = over_periods(frames, "Reserves of the pool", "numeraire (grey); tokens, right scale")
    option["yAxis"] = _scales([numeraire], [tokens])
    option["grid"]["right"] = 52
    draw(option, [numeraire])
    draw(option, [tokens], yAxisIndex=1)
    return option


def _scales(left: Sequence[Line], right: Sequence[Line]) -> list[Option]:
    return [axis(top(left)), axis(top(right)) | {"splitLine": {"show": False}}]


def _depth(frame: Frame, token: int, cast: Cast) -> Drawing:
    """Purchases to the right and sales to the left, by the numeraire that they move."""
    market = cast.settings.market
    title = f"Depth of the pool of {words(cast.tokens[token])}"
    reserves = [float(frame.pools[name][token]) for name in ("reserve_token", "reserve_numeraire")]
    if np.isnan(reserves).any():
        return said(title, "The token is not launched yet.", wide=False)
    if not any(reserve > 0 for reserve in reserves):
        return said(title, "The pool is empty: there is nothing to trade with.", wide=False)
    fee = float(frame.pools["fee"][token])
    sales, purchases = (_swaps(frame, token, market, fee, pays) for pays in (True, False))
    below = (
        f"orange: price of one swap, its fee of {100 * fee:.3g}% included; blue: spot afterwards"
    )
    if isinstance(cast.settings.clearing(frame.period), Batch):
        below += ";\nbatches clear otherwise: all orders at one price"
    return Chart(_drawn_depth(title, below, sales, purchases))


def _swaps(frame: Frame, token: int, market: Market, fee: float, pays_token: bool) -> Depth:
    """Swaps of up to half of what there is of the asset that is paid in."""
    reserve_token, reserve_numeraire, spot = (
        float(frame.pools[name][token])
        for name in ("reserve_token", "reserve_numeraire", "spot_price")
    )
    most = reserve_token if pays_token else reserve_numeraire
    if isinstance(market.curve, Concentrated):  # one side may be used up
        most = most or reserve_token * spot + reserve_numeraire / (spot if pays_token else 1)
    paid = HALF * most * np.linspace(0.0, 1.0, STEPS + 1)
    paid[0] = LEAST_DEPTH * paid[-1]
    if isinstance(market.curve, Concentrated):
        return swapped_through(_pool(frame, token, market.curve, fee), paid, pays_token)
    curve = market.curve.at(frame.period)
    return swapped(curve, reserve_token, reserve_numeraire, fee, paid, pays_token)


def _pool(frame: Frame, token: int, curve: Concentrated, fee: float) -> TickBook:
    """The concentrated pool of a token as it is recorded."""
    rows = frame.positions
    there = (rows["token"] == token) & (rows["shares"] > 0)
    lower, upper, liquidity = (rows[name][there] for name in ("lower", "upper", "shares"))
    spot = float(frame.pools["spot_price"][token])
    return TickBook.of(spot, fee, curve.spacing, lower, upper, liquidity)


def _drawn_depth(title: str, below: str, sales: Depth, purchases: Depth) -> Option:
    """Lines over the numeraire that goes into the pool; there is a gap where nothing does."""
    gap = np.full(1, np.nan)
    moved = np.concatenate([-sales.got[::-1], gap, purchases.paid])
    spot = np.concatenate([sales.spot_price[::-1], gap, purchases.spot_price])
    sold, bought = sales.got / sales.paid, purchases.paid / purchases.got
    lines = [
        _over("into the pool", Line("spot price afterwards", PLAIN, spot)),
        _over("into the pool", Line("price", PAID, np.concatenate([sold[::-1], gap, bought]))),
    ]
    option = sheet(title, below)
    option["dataset"] = {"source": {"into the pool": [number(value) for value in moved.tolist()]}}
    option["xAxis"] = {key: value for key, value in axis(0).items() if key not in ("min", "max")}
    option["xAxis"] |= {
        "name": "numeraire: sales take it out, purchases pay it in",
        "nameLocation": "middle",
        "nameGap": 24,
        "splitLine": {"show": False},
    }
    option["yAxis"] = axis(top(lines))
    option["grid"]["right"] = 52
    draw(option, lines, showSymbol=False)
    return option


def _over(column: str, line: Line) -> Line:
    """The line along another column than periods."""
    return replace(line, more={"encode": {"x": column, "y": line.name}})


def _fills(frame: Frame, token: int | None, cast: Cast) -> Table:
    """The last orders of the period that were settled or refused, the last one first."""
    title = f"Last fills of {'all tokens' if token is None else words(cast.tokens[token])}"
    fills = frame.fills
    if fills is None:
        return said(title, "Of a run that goes on, only the newest period keeps its fills.")
    there = np.flatnonzero(_of_token(fills["token"], token))
    if not there.size:
        return said(title, f"There are none in period {frame.period}.")
    rows = there[-LATEST:][::-1]
    shown = {name: column[rows] for name, column in fills.items()}
    columns = [
        shown["sequence"].astype(int).tolist(),
        *(spoken(cast, name, shown[name]) for name in ("agent", "strategy", "token", "side")),
        *(jsonable(shown[name]) for name in ("amount_in", "amount_out", "price")),
        jsonable(100 * shown["slippage"]),
        spoken(cast, "status", shown["status"]),
    ]
    names: tuple[str, ...] = PLACED
    if cast.settings.record.fills == "summary":
        names, columns = (*names, "orders"), [*columns, shown["orders"].astype(int).tolist()]
    below = f"{len(rows)} of {len(there)} in period {frame.period}; prices include the fee"
    return Table(title, names, list(zip(*columns, strict=True)), below)


def _of_token(column: Integers, token: int | None) -> Booleans:
    there: Booleans = np.full(len(column), True) if token is None else column == token
    return there


def _positions(frames: Sequence[Frame], token: int | None, cast: Cast) -> Table:
    """What providers and the treasury have in pools, and what came of it."""
    title = f"Positions in {'all pools' if token is None else 'the pool'}"
    rows, pools = frames[-1].positions, len(cast.tokens)
    value, held = rows["value"], rows["holding_value"]
    whole = np.bincount(rows["token"], value, minlength=pools)[rows["token"]]
    fees, lvr = _so_far(frames, pools)
    with np.errstate(divide="ignore", invalid="ignore"):
        part, gain = 100 * value / whole, 100 * (value / held - 1)
    there = (rows["shares"] > 0) & _of_token(rows["token"], token)
    if not there.any():
        return said(title, "There are none.")
    columns = [
        *(spoken(cast, name, rows[name][there]) for name in ("agent", "token")),
        *(jsonable(column[there]) for column in (part, value, held, gain, fees, lvr)),
    ]
    below = "numeraire, at spot prices; holding: what was put in, had it been held"
    return Table(title, PROVIDED, list(zip(*columns, strict=True)), below)


def _so_far(frames: Sequence[Frame], pools: int) -> tuple[Floats, Floats]:
    """Fees and LVR of the newest positions in all periods `[positions]`."""
    place = [frame.positions["agent"] * pools + frame.positions["token"] for frame in frames]
    jsonable, newest = np.concatenate(place), place[-1]
    if not newest.size:
        return np.zeros(0), np.zeros(0)
    fees, lvr = (
        np.bincount(jsonable, np.concatenate([frame.positions[name] for frame in frames]))[newest]
        for name in ("fees", "lvr")
    )
    return fees, lvr
