"""Asking: how a setting is shown and changed."""

from collections.abc import Callable
from typing import Any

import solara

from simulator.dashboard.controls import Choices, Control, Slider, Switch

__all__ = ["SettingInput"]


@solara.component
def SettingInput(control: Control, value: Callable[[], Any], change: Callable[[Any], None]) -> None:
    """A control at its value, which may be another one by the time that somebody moves it."""
    with solara.Tooltip(control.description), solara.Column(gap="0px", classes=["setting"]):
        match control:
            case Slider():
                _slide(control, value, change)
            case Choices():
                solara.Select(control.label, list(control.words), value(), on_value=change)
            case Switch():
                solara.Switch(label=control.label, value=value(), on_value=change)


def _slide(control: Slider, value: Callable[[], float], change: Callable[[float], None]) -> None:
    """A slider under its name and value; it may not move by less than its step."""

    def moved(new: float) -> None:
        if abs(new - value()) > control.step / 2:
            change(new)

    slider = solara.SliderInt if isinstance(control.value, int) else solara.SliderFloat
    solara.Text(f"{control.label}: {value():.4g}", style={"font-size": "0.9rem"})
    slider(
        "",
        value=value(),
        on_value=moved,
        min=control.low,
        max=control.high,
        step=control.step,
        thumb_label=False,
    )
