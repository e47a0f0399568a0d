"""Figures: Solara's ECharts, whose numbers nobody looks through but the browser."""

from dataclasses import dataclass
from typing import Any

import solara
import traitlets
from solara.components.echarts import EchartsWidget

from simulator.dashboard.charts import Chart, Option

__all__ = ["Figure"]


@dataclass(frozen=True, eq=False)
class _Held:
    """An option that is compared by identity: its thousands of numbers are not walked through."""

    option: Option


def _unheld(held: _Held, widget: Any) -> Option:
    return held.option


class _Widget(EchartsWidget):
    option = traitlets.Any().tag(sync=True, to_json=_unheld)


@solara.component
def Figure(chart: Chart) -> None:
    """A chart, which fills its cell of the page's grid."""
    across = "; grid-column: 1 / -1" if chart.wide else ""
    _Widget.element(
        option=_Held(chart.option),
        attributes={"style": f"height: {chart.height}px{across}"},
        responsive=True,
    )
