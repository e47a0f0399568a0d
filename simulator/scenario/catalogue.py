"""The catalogue: all settings and components of a scenario type, by place, and search in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from inspect import cleandoc
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from simulator.components import Component, Family, Section
from simulator.reading import Options, fields_of, options_of, rounded

__all__ = ["PlaceContent", "ScenarioPlace", "defaults", "found", "limits", "places", "places_of"]

PlaceContent = tuple[type[Component], ...] | dict[str, FieldInfo]
"""Content of a place: a family of components, or a section's plain settings by name."""


@dataclass(frozen=True)
class ScenarioPlace:
    """A place in a scenario: a section with `settings`, or one for a component of `kinds`.

    `path` is dotted, `[]` means each item of a list. A place within components is there only for
    those of kind `within`. `default` is the kind when nothing is set. After a search, `kinds` and
    `settings` are those found, and so are the settings of a kind in `shown`; `words` are those that
    were searched for.
    """

    path: str
    within: str = ""
    default: str = ""
    kinds: Mapping[str, type[Component]] = field(default_factory=dict)
    settings: Mapping[str, FieldInfo] = field(default_factory=dict)
    shown: Mapping[str, Mapping[str, FieldInfo]] = field(default_factory=dict)
    words: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The names of the place, its kinds and their settings, and its own settings."""
        inside = (name for kind in self.kinds for name in self.settings_of(kind))
        return [*self.path.replace("[]", "").split("."), *self.kinds, *inside, *self.settings]

    def text_of(self, kind: str) -> list[str]:
        """The first line of a kind's description, and others that were searched for."""
        first, *others = cleandoc(self.kinds[kind].__doc__ or "").splitlines() or [""]
        is_wanted = kind in self.words
        return [first] + [
            line
            for line in others
            if line and (is_wanted or any(word in line.casefold() for word in self.words))
        ]

    def settings_of(self, kind: str) -> Mapping[str, FieldInfo]:
        """The settings of a kind, or those found."""
        return self.shown.get(kind, self.kinds[kind].model_fields)


def places(model: type[Section]) -> dict[str, PlaceContent]:
    """Families and sections outside components, by dotted path; `[]` means each item of a list."""
    return {
        place.path: tuple(place.kinds.values()) or dict(place.settings)
        for place in places_of(model)
        if not place.within
    }


def places_of(model: type[Section]) -> list[ScenarioPlace]:
    """All places of a model, those within components included."""
    return list(_places_within((model,), "", "", None, ()))


def _places_within(
    options: Options, path: str, within: str, default: Any, outer: tuple[Any, ...]
) -> Iterator[ScenarioPlace]:
    """The places that options have at `path`, below the `outer` components."""
    for option in options:
        origin: Any = get_origin(option)
        if isinstance(option, Family):
            default_kind = default.kind if isinstance(default, Component) else ""
            yield ScenarioPlace(path, within, default_kind, option.kinds)
            for kind, member in option.kinds.items():
                if member not in outer:
                    yield from _places_inside(member, path, kind, (*outer, member))
        elif origin is tuple:
            items = options_of(get_args(option)[0])
            yield from _places_within(items, f"{path}[]", within, None, outer)
        elif fields := fields_of(option):
            inside = list(_places_inside(option, path, within, outer))
            parents = {place.path.removeprefix(path).lstrip(".").split(".")[0] for place in inside}
            plain = {
                name: each for name, each in fields.items() if not {name, f"{name}[]"} & parents
            }
            if plain:
                yield ScenarioPlace(path, within, settings=plain)
            yield from inside


def _places_inside(
    section: type[Section], path: str, within: str, outer: tuple[Any, ...]
) -> Iterator[ScenarioPlace]:
    for name, each in fields_of(section).items():
        options = options_of(each.annotation, each.metadata)
        inner = f"{path}.{name}".lstrip(".")
        yield from _places_within(options, inner, within, each.default, outer)


def found(places: Sequence[ScenarioPlace], words: Sequence[str]) -> list[ScenarioPlace]:
    """What contains all words: places by path, kinds by text, settings by name and description.

    Places whose path contains them come first, in full.
    """
    folded = tuple(word.casefold() for word in words)
    each_found = (_found_in(place, folded) for place in places)
    matching = [place for place in each_found if place.kinds or place.settings]
    return sorted(matching, key=lambda place: not _has_all(folded, place.path))


def _found_in(place: ScenarioPlace, words: tuple[str, ...]) -> ScenarioPlace:
    place = replace(place, words=words)
    if _has_all(words, place.path):
        return place
    settings = _settings_with(words, place.path, place.settings)
    shown = {
        kind: member.model_fields
        if kind in words
        else _settings_with(words, f"{place.path} {kind}", member.model_fields)
        for kind, member in place.kinds.items()
    }
    kinds = {
        kind: member
        for kind, member in place.kinds.items()
        if shown[kind] or _has_all(words, place.path, kind, member.__doc__ or "")
    }
    return replace(place, kinds=kinds, settings=settings, shown=shown)


def _settings_with(
    words: Sequence[str], where: str, settings: Mapping[str, FieldInfo]
) -> dict[str, FieldInfo]:
    """The settings of which one of the words is in the name or description, the others anywhere."""
    return {
        name: each
        for name, each in settings.items()
        if name != "kind"
        and any(_has_all([word], name, each.description or "") for word in words)
        and _has_all(words, where, name, each.description or "")
    }


def _has_all(words: Sequence[str], *texts: str) -> bool:
    text = " ".join(texts).casefold()
    return all(word in text for word in words)


def defaults(fields: Mapping[str, FieldInfo]) -> dict[str, tuple[Any, str]]:
    """Default (None if required) and description of settings, by name; components by kind."""
    return {
        name: (None if each.is_required() else _kinds(each.default), each.description or "")
        for name, each in fields.items()
        if name != "kind"
    }


def limits(setting: FieldInfo) -> str:
    """The values that a setting allows, in words; empty without limits.

    >>> from simulator.market import Market
    >>> limits(Market.model_fields["fee"])
    'at least 0, less than 1'
    """
    options = options_of(setting.annotation)
    origins: list[Any] = list(map(get_origin, options))
    words = [
        word
        for option, origin in zip(options, origins, strict=True)
        for word in (get_args(option) if origin is Literal else ())
    ]
    rules = [" or ".join(filter(None, words))] if words else []
    for limit in setting.metadata:
        match limit:
            case Ge():
                rules.append(f"at least {rounded(limit.ge)}")
            case Gt():
                rules.append(f"greater than {rounded(limit.gt)}")
            case Le():
                rules.append(f"at most {rounded(limit.le)}")
            case Lt():
                rules.append(f"less than {rounded(limit.lt)}")
    return ", ".join(rules)


def _kinds(default: Any) -> Any:
    if isinstance(default, tuple):
        return [_kinds(item) for item in default]
    return default.kind if isinstance(default, Component) else default
