"""The input component for one setting: slider, select or switch."""

from collections.abc import Callable
from typing import Any

import solara

from simulator.dashboard.controls import Choices, Control, Slider, Switch

__all__ = ["SettingInput"]


@solara.component
def SettingInput(control: Control, value: Callable[[], Any], change: Callable[[Any], None]) -> None:
    """An input for `control`; `value` is called anew at each change, as it may have changed."""
    with solara.Tooltip(control.description), solara.Column(gap="0px", classes=["setting"]):
        match control:
            case Slider():
                _slider(control, value, change)
            case Choices():
                solara.Select(control.label, list(control.words), value(), on_value=change)
            case Switch():
                solara.Switch(label=control.label, value=value(), on_value=change)


def _slider(control: Slider, value: Callable[[], float], change: Callable[[float], None]) -> None:
    """A slider below its name and value; moves of less than half a step are ignored."""

    def set_value(new: float) -> None:
        if abs(new - value()) > control.step / 2:
            change(new)

    slider = solara.SliderInt if isinstance(control.value, int) else solara.SliderFloat
    solara.Text(f"{control.label}: {value():.4g}", style={"font-size": "0.9rem"})
    slider(
        "",
        value=value(),
        on_value=set_value,
        min=control.low,
        max=control.high,
        step=control.step,
        thumb_label=False,
    )
