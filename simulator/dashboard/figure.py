"""Figures: Solara's ECharts without comparisons of chart data on the server."""

from dataclasses import dataclass
from typing import Any

import solara
import traitlets
from solara.components.echarts import EchartsWidget

from simulator.dashboard.charts import Chart, Option

__all__ = ["Figure"]


@dataclass(frozen=True, eq=False)
class _OptionByIdentity:
    """An option compared by identity, which is faster than comparing thousands of numbers."""

    option: Option


def _option_json(holder: _OptionByIdentity, widget: Any) -> Option:
    return holder.option


class _Widget(EchartsWidget):
    option = traitlets.Any().tag(sync=True, to_json=_option_json)


@solara.component
def Figure(chart: Chart) -> None:
    """A chart that fills its cell of the page's grid."""
    across = "; grid-column: 1 / -1" if chart.wide else ""
    _Widget.element(
        option=_OptionByIdentity(chart.option),
        attributes={"style": f"height: {chart.height}px{across}"},
        responsive=True,
    )
