"""The catalogue of settings and components, as `wallstreetfeds list` prints it."""

from collections.abc import Iterable, Mapping
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

import click

from simulator.cli.printing import show_json

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from simulator.scenario.catalogue import ScenarioPlace

__all__ = ["show_catalogue"]


def show_catalogue(places: "Iterable[ScenarioPlace]", as_json: bool) -> None:
    """Print settings and components by their places in a scenario."""
    if as_json:
        show_json({place.path or "scenario": _as_json(place) for place in places})
        return
    for place in places:
        within = f"  (of {place.within})" if place.within else ""
        click.secho((place.path or "scenario") + within, bold=True)
        _show_settings(place.settings, indent=2)
        for kind in place.kinds:
            first, *others = place.text_of(kind)
            mark = " (default)" if kind == place.default else ""
            click.echo(f"  {kind:<18} {first}{mark}")
            for line in others:
                click.echo(f"    {line}")
            _show_settings(place.settings_of(kind), indent=4)


def _show_settings(settings: "Mapping[str, FieldInfo]", indent: int) -> None:
    from simulator.scenario.catalogue import defaults, limits

    for name, (default, description) in defaults(settings).items():
        text = "required" if settings[name].is_required() else _default_text(default)
        rules = f" ({rules})" if (rules := limits(settings[name])) else ""
        click.echo(f"{'':<{indent}}{name:<{20 - indent}} {text:<10} {description}{rules}")


def _as_json(place: "ScenarioPlace") -> dict[str, Any]:
    if place.settings:
        return _settings_as_json(place.settings)
    return {
        kind: {
            "description": place.text_of(kind)[0],
            "text": cleandoc(component.__doc__ or ""),
            "default": kind == place.default,
            "within": place.within,
            "parameters": _settings_as_json(place.settings_of(kind)),
        }
        for kind, component in place.kinds.items()
    }


def _settings_as_json(settings: "Mapping[str, FieldInfo]") -> dict[str, Any]:
    from simulator.scenario.catalogue import defaults, limits

    return {
        name: {
            "default": default,
            "required": settings[name].is_required(),
            "allowed": limits(settings[name]),
            "description": description,
        }
        for name, (default, description) in defaults(settings).items()
    }


def _default_text(default: Any) -> str:
    if isinstance(default, list | tuple):
        return ", ".join(str(item) or "''" for item in default) or "none"
    if default is None:
        return "null"
    return f"{default:.4g}" if isinstance(default, float) else str(default)
