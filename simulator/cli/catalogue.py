"""The catalogue of settings and components, as `wallstreetfeds list` prints it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from simulator.cli.printing import show_json

if TYPE_CHECKING:
    from simulator.scenario.catalogue import PlaceContent

__all__ = ["show_catalogue"]


def show_catalogue(places: "Mapping[str, PlaceContent]", as_json: bool) -> None:
    """Print settings and components by their places in a scenario."""
    if as_json:
        show_json({path: _place_as_json(place) for path, place in places.items()})
        return
    for path, place in places.items():
        click.secho(path, bold=True)
        _show_place(place)


def _show_place(place: "PlaceContent") -> None:
    from simulator.scenario.catalogue import defaults

    if isinstance(place, dict):
        _show_settings(defaults(place), indent=2)
        return
    for component in place:
        click.echo(f"  {component.model_fields['kind'].default:<18} {_summary_of(component)}")
        _show_settings(defaults(component.model_fields), indent=4)


def _show_settings(settings: Mapping[str, tuple[Any, str]], indent: int) -> None:
    for name, (default, description) in settings.items():
        text = _default_text(default)
        click.echo(f"{'':<{indent}}{name:<{20 - indent}} {text:<10} {description}")


def _place_as_json(place: "PlaceContent") -> dict[str, Any]:
    if isinstance(place, dict):
        return _settings_as_json(place)
    return {
        component.model_fields["kind"].default: {
            "description": _summary_of(component),
            "parameters": _settings_as_json(component.model_fields),
        }
        for component in place
    }


def _settings_as_json(fields: dict[str, Any]) -> dict[str, Any]:
    from simulator.scenario.catalogue import defaults

    return {
        name: {"default": default, "description": description}
        for name, (default, description) in defaults(fields).items()
    }


def _summary_of(component: type) -> str:
    """The first line of a component's docstring."""
    return (component.__doc__ or "").strip().partition("\n")[0]


def _default_text(default: Any) -> str:
    if isinstance(default, list):
        return ", ".join(map(str, default))
    return f"{default:.4g}" if isinstance(default, float) else str(default)
