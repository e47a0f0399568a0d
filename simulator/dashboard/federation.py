"""The federation: who took part, what that was worth, and what it earned."""

from collections.abc import Mapping, Sequence

import numpy as np

from simulator.analysis.looks import (
    AREA,
    FEW,
    HONEST,
    INK,
    PALE,
    SOFT,
    Look,
    behaviour_looks,
    client_looks,
    words,
)
from simulator.components import Booleans, Floats
from simulator.dashboard.charts import (
    BOTTOM,
    HEIGHT,
    Chart,
    Drawing,
    Line,
    Option,
    Picker,
    Table,
    apart,
    axis,
    beside,
    category,
    draw,
    grouped,
    legend,
    lines_of,
    number,
    over_periods,
    scaled,
    series,
    sheet,
    spoken,
    thinned,
    trailing_numbers,
)
from simulator.dashboard.frames import Cast, Frame
from simulator.dashboard.showing import Show, Utilities

__all__ = ["MEASURE", "drawings"]

MEASURE = Picker("Over periods", ("contribution", "credit", "share", "examples"))

ROWS, COLUMNS = 40, 150
"""Most clients, and most columns, that the map of participation has room for."""
_BELOW_LEGEND = 82  # pixels


def drawings(show: Show, picks: Mapping[str, str]) -> list[Drawing]:
    """Contributions now and over periods, participation, worth of coalitions, and all numbers."""
    frames, cast = show.frames, show.cast
    crowd = len(cast.clients) > ROWS
    return [
        Chart(_contributions(frames[-1], cast)),
        Chart(_over_periods(thinned(frames), cast, picks[MEASURE.label])),
        Chart(_parts(thinned(frames), cast) if crowd else _participation(frames, cast)),
        Chart(_coalitions(show)),
        _clients(frames[-1], cast),
    ]


def _contributions(frame: Frame, cast: Cast) -> Option:
    """A bar for each client, in the colour of its line; behaviours are told in the legend."""
    values, colours = frame.clients["contribution"], _colours(cast)
    option = _by_client(
        f"Contribution of each client, period {frame.period}",
        f"units of utility ({words(cast.settings.federation.utility.kind)});"
        f" all together {values.sum():.4g}",
        cast.clients,
    )
    scaled(option, values)
    behaviours = list(cast.behaviours.values())
    for behaviour, look in behaviour_looks(behaviours).items():
        if behaviour in behaviours:
            data = [
                {"value": number(value), "itemStyle": {"color": colour}} if of == behaviour else "-"
                for value, colour, of in zip(values.tolist(), colours, behaviours, strict=True)
            ]
            option["series"].append(
                {"type": "bar", "name": words(behaviour), "stack": "all", "data": data}
                | {"itemStyle": {"color": look.colour}, "barCategoryGap": "25%"}
            )
    option["tooltip"] |= {"axisPointer": {"type": "shadow"}}
    beside(option, [bars["name"] for bars in option["series"]])
    return option


def _over_periods(frames: Sequence[Frame], cast: Cast, measure: str) -> Option:
    """What was picked, a line for each client or behaviour."""
    title, below = {
        "contribution": (
            "Contribution over periods",
            "percent of the sum of absolute values",
        ),
        "credit": ("Credit over periods", "smoothed contribution"),
        "share": ("Share in the rewards over periods", "percent"),
        "examples": ("Examples over periods", "that each client has"),
    }[measure]
    values = series(frames, lambda frame: frame.clients[measure])
    if measure == "contribution":
        whole = np.abs(values).sum(axis=1, keepdims=True)
        values = 100 * np.divide(values, whole, out=np.zeros_like(values), where=whole > 0)
    elif measure == "share":
        values = 100 * values
    values[_joined(frames, cast) == 0] = np.nan
    lines = list(lines_of(values, cast.behaviours))
    option = over_periods(frames, title, f"{below}{grouped(cast)}")
    scaled(option, np.concatenate([line.values for line in lines]))
    option["xAxis"]["axisLine"] = {"onZero": False, "lineStyle": {"color": PALE}}
    draw(option, lines, at_ends=True)
    return option


def _participation(frames: Sequence[Frame], cast: Cast) -> Option:
    """Clients by periods, several periods in a column where there are many."""
    frames = frames[1:]
    option = sheet("Participation", "dark: took part; pale: did not; white: has not joined")
    edges = np.linspace(0, len(frames), min(len(frames), COLUMNS) + 1).round().astype(int)
    firsts = edges[:-1].tolist()
    option["xAxis"] = category([frames[first].period for first in firsts], "period")
    option["yAxis"] = category(trailing_numbers(cast.clients), "client") | {"inverse": True}
    option["yAxis"] |= {"nameGap": 28}
    option["yAxis"]["axisLabel"] |= {"interval": len(cast.clients) // 17}  # of 14 pixels each
    option["xAxis"]["axisLine"] = option["yAxis"]["axisLine"] = {"show": False}
    option["grid"] |= {"right": 20}
    option["tooltip"] |= {"trigger": "item", "formatter": "client {@[1]}: took part in {@[2]}"}
    option["visualMap"] = {"show": False, "min": 0, "max": 1, "dimension": 2} | {
        "inRange": {"color": [AREA, HONEST[0]]}
    }
    space = 1 if len(firsts) <= COLUMNS / 2 else 0
    style = {"borderColor": "white", "borderWidth": space}
    cells = _cells(frames, firsts, cast) if firsts else []
    option["series"] = [{"type": "heatmap", "data": cells, "itemStyle": style, "progressive": 0}]
    return option


def _cells(frames: Sequence[Frame], firsts: list[int], cast: Cast) -> list[list[float]]:
    """Column, client, and the part of the column's periods in which it took part."""
    took = np.add.reduceat(series(frames, lambda frame: frame.clients["participated"]), firsts)
    there = np.add.reduceat(_joined(frames, cast).astype(float), firsts)
    column, client = np.nonzero(there)
    part = (took[column, client] / there[column, client]).round(3)
    return [
        list(cell) for cell in zip(column.tolist(), client.tolist(), part.tolist(), strict=True)
    ]


def _parts(frames: Sequence[Frame], cast: Cast) -> Option:
    """The part of those who have joined that took part: of all, and of each behaviour."""
    frames = frames[1:] or frames
    took, there = series(frames, lambda f: f.clients["participated"]), _joined(frames, cast)
    behaviours = np.array(list(cast.behaviours.values()))
    kinds = behaviour_looks(cast.behaviours.values())
    lines = [
        Line(words(kind), look, _percent(took, there, behaviours == kind))
        for kind, look in kinds.items()
        if (behaviours == kind).any()
    ]
    if len(lines) > 1:
        lines.append(Line("all", Look(INK, 2.0), _percent(took, there, behaviours != "")))
    option = over_periods(frames, "Participation", "percent of the clients that have joined")
    option["yAxis"] = axis(100.0)
    draw(option, lines, at_ends=True)
    return option


def _percent(took: Floats, there: Floats, chosen: Booleans) -> Floats:
    """Of the `chosen` clients, how many of those that are `there` took part `[frames]`."""
    whole = there[:, chosen].sum(axis=1)
    none = np.full(len(took), np.nan)
    percent: Floats = np.divide(100 * took[:, chosen].sum(axis=1), whole, out=none, where=whole > 0)
    return percent


def _joined(frames: Sequence[Frame], cast: Cast) -> Floats:
    """1 for clients that had joined `[frames, clients]`."""
    return series(frames, lambda frame: cast.joined(frame.period))


def _coalitions(show: Show) -> Option:
    """What some coalitions of the last round are worth, or why that is not known."""
    frame, found = show.frames[-1], show.utilities()
    if found is None:
        return sheet("Utility of coalitions", _unknown(frame))
    below = f"{words(show.settings.federation.utility.kind)} on the validation set"
    if len(found.clients) < np.count_nonzero(frame.clients["participated"]):
        below += f"; the {len(found.clients)} clients with most examples"
    names = [show.cast.clients[client] for client in found.clients.tolist()]
    option = _by_client(f"Utility of coalitions, period {frame.period}", below, names)
    option["legend"] = legend(left=0, top=49)
    option["grid"] |= {"top": _BELOW_LEGEND, "right": 120}
    scaled(option, _near(found), zero=False)
    option["xAxis"]["axisLine"]["onZero"] = False
    every = _colours(show.cast)
    colours = [every[client] for client in found.clients.tolist()]
    option["tooltip"] |= {"trigger": "item", "formatter": "{b}"}
    option["series"] = [
        _dots(name, symbol, values, colours, option)
        for name, symbol, values in (
            ("alone", "circle", found.alone),
            ("all but this client", "emptyCircle", found.without),
        )
    ]
    option["series"][0]["markLine"] = _references(found, option["yAxis"])
    return option


def _near(found: Utilities) -> Floats:
    """The values less those of clients alone that are so far off that no others could be told."""
    first, third = np.percentile(found.alone, (25, 75))
    far = 3 * (third - first) if third > first else np.inf
    near = found.alone[(found.alone >= first - far) & (found.alone <= third + far)]
    return np.concatenate([near, found.without, [found.nobody, found.everyone]])


def _unknown(frame: Frame) -> str:
    if frame.period == 0:
        return "There was no round yet."
    if not frame.clients["participated"].any():
        return "Nobody took part in this round."
    return (
        "They are not recorded: those of the newest round are known,\n"
        "and only while the run is computed here."
    )


def _dots(name: str, symbol: str, values: Floats, colours: Sequence[str], option: Option) -> Option:
    """A dot for each client; a value off the scale is an arrow at its end, and told."""
    data, across, clients = [], option["yAxis"], option["xAxis"]["data"]
    for place, (value, colour) in enumerate(zip(values.tolist(), colours, strict=True)):
        inside = min(max(value, across["min"]), across["max"])
        told = f"client {clients[place]}, {name}: {value:.5g}"
        dot: Option = {"value": [place, number(inside)], "name": told}
        dot["itemStyle"] = {"color": colour}
        if inside != value:
            turned, where = (0, "bottom") if value > inside else (180, "top")
            dot |= {"symbol": "triangle", "symbolRotate": turned}
            dot["label"] = {"show": True, "position": where, "formatter": f"{value:.3g}"}
        data.append(dot)
    look = {"symbol": symbol, "symbolSize": 9, "itemStyle": {"color": SOFT}}
    return {"type": "scatter", "name": name, "data": data} | look


def _references(found: Utilities, across: Option) -> Option:
    """Lines at what nobody and everyone are worth, with their names."""
    names, values = ("nobody", "everyone"), np.array([found.nobody, found.everyone])
    heights = (values - across["min"]) / (across["max"] - across["min"])
    moves = apart(heights, HEIGHT - _BELOW_LEGEND - BOTTOM)
    data = [
        {"yAxis": value, "label": {"formatter": f"{name} {value:.4g}", "offset": [0, move]}}
        for name, value, move in zip(names, values.tolist(), moves, strict=True)
    ]
    line, label = {"color": INK, "width": 1, "type": "dashed"}, {"color": INK, "fontSize": 11}
    return {"symbol": "none", "silent": True, "lineStyle": line, "label": label, "data": data}


def _clients(frame: Frame, cast: Cast) -> Table:
    """All that is recorded of clients in a period."""
    rows = frame.clients
    told = spoken(cast, "behaviour", rows["behaviour"])
    took = ["yes" if took else "no" for took in rows["participated"].tolist()]
    jsonable = [rows[name].tolist() for name in _NUMBERS]
    jsonable[_NUMBERS.index("share")] = (100 * rows["share"]).tolist()
    cells = ([round(number(value) or 0.0, 6) for value in column] for column in jsonable)
    examples, names = rows["examples"].tolist(), range(len(cast.clients))
    return Table(
        f"Clients in period {frame.period}",
        _HEADS,
        list(zip(names, told, examples, took, *cells, strict=True)),
        "money in numeraire, tokens in tokens; wealth at spot prices",
    )


_NUMBERS = (
    "contribution", "credit", "share", "issued", "direct", "dividends", "tokens", "numeraire",
    "wealth",
)  # fmt: skip
_HEADS = (
    "client", "behaviour", "examples", "took part", "contribution", "credit", "share %",
    "issued", "direct", "dividends", "own tokens", "numeraire", "wealth",
)  # fmt: skip


def _colours(cast: Cast) -> list[str]:
    """The colour of each client's line: its own when they are few, else that of its behaviour."""
    if len(cast.clients) <= FEW:
        return [look.colour for look in client_looks(cast.behaviours).values()]
    looks = behaviour_looks(cast.behaviours.values())
    return [looks[behaviour].colour for behaviour in cast.behaviours.values()]


def _by_client(title: str, below: str, clients: Sequence[str]) -> Option:
    """A chart without values whose axis is clients by number."""
    option = sheet(title, below)
    option["xAxis"] = category(trailing_numbers(clients), "client")
    return option
