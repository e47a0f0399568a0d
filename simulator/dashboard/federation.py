"""The tab Federation: participation, contributions, and utilities of coalitions."""

from collections.abc import Mapping, Sequence

import numpy as np

from simulator.analysis.looks import (
    AREA,
    COOL,
    FEW,
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
    add_side_legend,
    add_value_axis,
    axis,
    axis_names,
    category_axis,
    draw,
    empty_chart,
    five_digits,
    label_offsets,
    labels,
    legend,
    lines_of,
    median_note,
    period_chart,
    series,
    thinned,
    tilt_long_names,
    widest,
)
from simulator.dashboard.frames import Cast, Frame
from simulator.dashboard.showing import Show, Utilities

__all__ = ["MEASURE", "drawings"]

MEASURE = Picker("Over periods", ("contribution", "credit", "share", "examples"))

ROWS, COLUMNS = 40, 150
"""Maximum numbers of clients and columns in the map of participation."""
_BELOW_LEGEND = 82  # pixels


def drawings(show: Show, picks: Mapping[str, str]) -> list[Drawing]:
    """Contributions now and over periods, participation, utilities of coalitions, a table."""
    frames, cast = show.frames, show.cast
    crowd = len(cast.clients) > ROWS
    return [
        Chart(_contributions(frames[-1], cast)),
        Chart(_over_periods(thinned(frames), cast, picks[MEASURE.label])),
        Chart(_rates(thinned(frames), cast) if crowd else _participation(frames, cast)),
        Chart(_coalitions(show)),
        _clients(frames[-1], cast),
    ]


def _contributions(frame: Frame, cast: Cast) -> Option:
    """A bar for each client, in the colour of its line; the legend explains behaviours."""
    values, colours = frame.clients["contribution"], _colours(cast)
    option = _client_chart(
        f"Contribution of each client, period {frame.period}",
        f"units of utility ({words(cast.settings.federation.utility.kind)});"
        f" all together {values.sum():.4g}",
        cast.clients,
    )
    add_value_axis(option, values)
    behaviours, bars = list(cast.behaviours.values()), [*map(five_digits, values.tolist())]
    for behaviour, look in behaviour_looks(behaviours).items():
        if behaviour in behaviours:
            data = [
                {"value": value, "itemStyle": {"color": colour}} if kind == behaviour else "-"
                for value, colour, kind in zip(bars, colours, behaviours, strict=True)
            ]
            option["series"].append(
                {"type": "bar", "name": words(behaviour), "stack": "all", "data": data}
                | {"itemStyle": {"color": look.colour}, "barCategoryGap": "25%"}
            )
    option["tooltip"] |= {"axisPointer": {"type": "shadow"}}
    add_side_legend(option, [each["name"] for each in option["series"]])
    return option


def _over_periods(frames: Sequence[Frame], cast: Cast, measure: str) -> Option:
    """The picked measure, with a line for each client or behaviour."""
    title, subtitle = {
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
    option = period_chart(frames, title, f"{subtitle}{median_note(cast)}")
    add_value_axis(option, np.concatenate([line.values for line in lines]))
    option["xAxis"]["axisLine"] = {"onZero": False, "lineStyle": {"color": PALE}}
    draw(option, lines, end_labels=True)
    return option


def _participation(frames: Sequence[Frame], cast: Cast) -> Option:
    """A map of clients by periods; in long runs a column stands for several periods."""
    frames = frames[1:]
    option = empty_chart("Participation", "dark: took part; pale: did not; white: has not joined")
    edges = np.linspace(0, len(frames), min(len(frames), COLUMNS) + 1).round().astype(int)
    firsts = edges[:-1].tolist()
    option["xAxis"] = category_axis([frames[first].period for first in firsts], "period")
    names = axis_names(cast.clients)
    option["yAxis"] = category_axis(names, "client") | {"inverse": True}
    option["yAxis"] |= {"nameGap": max(28, 12 + widest(names))}
    option["grid"] |= {"left": max(44, 28 + widest(names))}
    option["yAxis"]["axisLabel"] |= {"interval": len(cast.clients) // 17}  # of 14 pixels each
    option["xAxis"]["axisLine"] = option["yAxis"]["axisLine"] = {"show": False}
    option["grid"] |= {"right": 20}
    option["tooltip"] |= {"trigger": "item", "formatter": "client {@[1]}: took part in {@[2]}"}
    option["visualMap"] = {"show": False, "min": 0, "max": 1, "dimension": 2} | {
        "inRange": {"color": [AREA, COOL[0]]}
    }
    space = 1 if len(firsts) <= COLUMNS / 2 else 0
    style = {"borderColor": "white", "borderWidth": space}
    cells = _cells(frames, firsts, cast) if firsts else []
    option["series"] = [{"type": "heatmap", "data": cells, "itemStyle": style, "progressive": 0}]
    return option


def _cells(frames: Sequence[Frame], firsts: list[int], cast: Cast) -> list[list[float]]:
    """Column, client, and the fraction of the column's periods in which the client took part."""
    participated = np.add.reduceat(series(frames, lambda f: f.clients["participated"]), firsts)
    joined = np.add.reduceat(_joined(frames, cast), firsts)
    column, client = np.nonzero(joined)
    fraction = (participated[column, client] / joined[column, client]).round(3)
    return [
        list(cell) for cell in zip(column.tolist(), client.tolist(), fraction.tolist(), strict=True)
    ]


def _rates(frames: Sequence[Frame], cast: Cast) -> Option:
    """Percent of joined clients that took part, for each behaviour and for all."""
    frames = frames[1:] or frames
    participated = series(frames, lambda frame: frame.clients["participated"])
    joined = _joined(frames, cast)
    behaviours = np.array(list(cast.behaviours.values()))
    kinds = behaviour_looks(cast.behaviours.values())
    lines = [
        Line(words(kind), look, _percent(participated, joined, behaviours == kind))
        for kind, look in kinds.items()
        if (behaviours == kind).any()
    ]
    if len(lines) > 1:
        lines.append(Line("all", Look(INK, 2.0), _percent(participated, joined, behaviours != "")))
    option = period_chart(frames, "Participation", "percent of the clients that have joined")
    option["yAxis"] = axis(100.0)
    draw(option, lines, end_labels=True)
    return option


def _percent(participated: Floats, joined: Floats, group: Booleans) -> Floats:
    """Percent of the joined clients in `group` that took part, NaN where none joined `[frames]`."""
    part, whole = (values[:, group].sum(axis=1) for values in (participated, joined))
    nan = np.full(len(whole), np.nan)
    percent: Floats = np.divide(100 * part, whole, out=nan, where=whole > 0)
    return percent


def _joined(frames: Sequence[Frame], cast: Cast) -> Floats:
    """1 for clients that had joined, else 0 `[frames, clients]`."""
    return series(frames, lambda frame: cast.joined(frame.period))


def _coalitions(show: Show) -> Option:
    """Utilities of some coalitions of the newest round, or the reason why they are missing."""
    frame, utilities = show.frames[-1], show.utilities()
    if utilities is None:
        return empty_chart("Utility of coalitions", _why_missing(frame))
    subtitle = f"{words(show.settings.federation.utility.kind)} on the validation set"
    if len(utilities.clients) < np.count_nonzero(frame.clients["participated"]):
        subtitle += f"; the {len(utilities.clients)} clients with most examples"
    names = [show.cast.clients[client] for client in utilities.clients.tolist()]
    option = _client_chart(f"Utility of coalitions, period {frame.period}", subtitle, names)
    option["legend"] = legend(left=0, top=49)
    option["grid"] |= {"top": _BELOW_LEGEND, "right": 120}
    add_value_axis(option, _without_outliers(utilities), zero=False)
    option["xAxis"]["axisLine"]["onZero"] = False
    client_colours = _colours(show.cast)
    colours = [client_colours[client] for client in utilities.clients.tolist()]
    option["tooltip"] |= {"trigger": "item", "formatter": "{b}"}
    option["series"] = [
        _dots(name, symbol, values, colours, option)
        for name, symbol, values in (
            ("alone", "circle", utilities.alone),
            ("all but this client", "emptyCircle", utilities.without),
        )
    ]
    option["series"][0]["markLine"] = _reference_lines(utilities, option["yAxis"])
    return option


def _without_outliers(utilities: Utilities) -> Floats:
    """All utilities except extreme ones of single clients, which would squeeze the scale."""
    alone, (first, third) = utilities.alone, np.percentile(utilities.alone, (25, 75))
    margin = 3 * (third - first) if third > first else np.inf
    alone = alone[(alone >= first - margin) & (alone <= third + margin)]
    return np.concatenate([alone, utilities.without, [utilities.empty, utilities.grand]])


def _why_missing(frame: Frame) -> str:
    if frame.period == 0:
        return "There was no round yet."
    if not frame.clients["participated"].any():
        return "Nobody took part in this round."
    return (
        "They are not recorded: those of the newest round are known,\n"
        "and only while the run is computed here."
    )


def _dots(name: str, symbol: str, values: Floats, colours: Sequence[str], option: Option) -> Option:
    """A dot for each client; a value off the scale is an arrow at its end with a label."""
    data, value_axis, clients = [], option["yAxis"], option["xAxis"]["data"]
    for place, (value, colour) in enumerate(zip(values.tolist(), colours, strict=True)):
        clipped = min(max(value, value_axis["min"]), value_axis["max"])
        tooltip = f"client {clients[place]}, {name}: {value:.5g}"
        dot: Option = {"value": [place, five_digits(clipped)], "name": tooltip}
        dot["itemStyle"] = {"color": colour}
        if clipped != value:
            rotation, position = (0, "bottom") if value > clipped else (180, "top")
            dot |= {"symbol": "triangle", "symbolRotate": rotation}
            dot["label"] = {"show": True, "position": position, "formatter": f"{value:.3g}"}
        data.append(dot)
    look = {"symbol": symbol, "symbolSize": 9, "itemStyle": {"color": SOFT}}
    return {"type": "scatter", "name": name, "data": data} | look


def _reference_lines(utilities: Utilities, value_axis: Option) -> Option:
    """Labelled lines at the utilities of the empty and the grand coalition."""
    names, values = ("nobody", "everyone"), np.array([utilities.empty, utilities.grand])
    heights = (values - value_axis["min"]) / (value_axis["max"] - value_axis["min"])
    moves = label_offsets(heights, HEIGHT - _BELOW_LEGEND - BOTTOM)
    data = [
        {"yAxis": value, "label": {"formatter": f"{name} {value:.4g}", "offset": [0, move]}}
        for name, value, move in zip(names, values.tolist(), moves, strict=True)
    ]
    line, label = {"color": INK, "width": 1, "type": "dashed"}, {"color": INK, "fontSize": 11}
    return {"symbol": "none", "silent": True, "lineStyle": line, "label": label, "data": data}


def _clients(frame: Frame, cast: Cast) -> Table:
    """A table of the clients' recorded numbers in a period."""
    rows = frame.clients
    behaviours = labels(cast, "behaviour", rows["behaviour"])
    participated = ["yes" if took else "no" for took in rows["participated"].tolist()]
    columns = [rows[name].tolist() for name in _NUMBERS]
    columns[_NUMBERS.index("share")] = (100 * rows["share"]).tolist()
    cells = ([round(five_digits(value) or 0.0, 6) for value in column] for column in columns)
    examples, numbers = rows["examples"].tolist(), axis_names(cast.clients)
    are_numbers = all(map(str.isdecimal, numbers))
    names = [*map(int, numbers)] if are_numbers else [*map(words, cast.clients)]
    return Table(
        f"Clients in period {frame.period}",
        _HEADINGS,
        list(zip(names, behaviours, examples, participated, *cells, strict=True)),
        "money in numeraire, tokens in tokens; wealth at spot prices",
    )


_NUMBERS = (
    "contribution", "credit", "share", "issued", "direct", "dividends", "tokens", "numeraire",
    "wealth",
)  # fmt: skip
_HEADINGS = (
    "client", "behaviour", "examples", "took part", "contribution", "credit", "share %",
    "issued", "direct", "dividends", "own tokens", "numeraire", "wealth",
)  # fmt: skip


def _colours(cast: Cast) -> list[str]:
    """The colour of each client's line, or of its behaviour if there are many clients."""
    if len(cast.clients) <= FEW:
        return [look.colour for look in client_looks(cast.behaviours).values()]
    looks = behaviour_looks(cast.behaviours.values())
    return [looks[behaviour].colour for behaviour in cast.behaviours.values()]


def _client_chart(title: str, subtitle: str, clients: Sequence[str]) -> Option:
    """A chart without values; its x axis is the clients by number."""
    option = empty_chart(title, subtitle)
    option["xAxis"] = category_axis(axis_names(clients), "client")
    tilt_long_names(option)
    return option
