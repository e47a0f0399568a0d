"""Choices: a scenario and the changes that a visitor has made to it on the page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from simulator.dashboard.controls import Control, controls
from simulator.errors import ComponentError, ScenarioError
from simulator.randomness import Streams
from simulator.reading import parse_overrides
from simulator.scenario import Scenario

__all__ = ["Choice", "Load", "with_change"]

Load = Callable[[Mapping[str, Any]], Scenario]
"""Loads the scenario with changes by dotted path; raises ScenarioError if they are invalid."""


@dataclass(frozen=True)
class Choice:
    """Changes by dotted path; `settings` is the scenario with the last `valid_changes`.

    `problems` are the error messages about newer changes, which are not in `settings`.
    """

    load: Load
    changes: Mapping[str, Any]
    valid_changes: Mapping[str, Any]
    settings: Scenario
    controls: tuple[Control, ...]
    problems: tuple[str, ...] = ()

    @classmethod
    def of(cls, load: Load, overrides: Mapping[str, Any]) -> Self:
        """The initial choice. Raises ScenarioError if the overrides are invalid."""
        settings = _check_data(load(overrides))
        default_lists = {  # a path into a list is valid only if the list is written out
            name: value
            for name, value in settings.model_dump().items()
            if isinstance(value, tuple) and name not in settings.model_fields_set
        }
        changes = default_lists | dict(overrides)
        return cls(load, changes, changes, settings, tuple(controls(settings)))

    def with_setting(self, path: str, value: Any) -> Self:
        """The choice with one more change, see `with_change`."""
        changes = with_change(self.changes, path, value)
        try:
            settings = _check_data(self.load(changes))
        except ScenarioError as error:
            return replace(self, changes=changes, problems=_messages(error))
        return replace(
            self,
            changes=changes,
            valid_changes=changes,
            settings=settings,
            controls=tuple(controls(settings)) if path.endswith(".kind") else self.controls,
            problems=(),
        )

    def with_seed(self, text: str) -> Self:
        """The choice with the typed seed; if it is invalid, only `problems` changes."""
        try:
            (seed,) = parse_overrides([f"seed={text}"]).values()
        except ScenarioError as error:
            return replace(self, problems=_messages(error))
        choice = self.with_setting("seed", seed)
        return replace(self, problems=choice.problems) if choice.problems else choice

    def with_event(self, event: Mapping[str, Any]) -> Self:
        """The valid changes and one more event. Raises ScenarioError if the event is invalid."""
        events = [each.model_dump(mode="json") for each in self.settings.events] + [dict(event)]
        changes = {
            path: value
            for path, value in self.valid_changes.items()
            if path.partition(".")[0] != "events"
        } | {"events": events}
        settings = self.load(changes)
        return replace(self, changes=changes, valid_changes=changes, settings=settings, problems=())

    def value(self, control: Control) -> Any:
        """The value that the control shows, valid or not."""
        return self.changes.get(control.path, control.value)


def with_change(changes: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The changes with one more; a new kind drops the changes to the component it replaces."""
    component = path.removesuffix("kind") if path.endswith(".kind") else None
    return {
        name: old
        for name, old in changes.items()
        if component is None or not name.startswith(component)
    } | {path: value}


def _messages(error: ScenarioError) -> tuple[str, ...]:
    return tuple(str(problem) for problem in error.problems)


def _check_data(settings: Scenario) -> Scenario:
    """Return the scenario; raise ScenarioError if its data cannot be divided among its clients."""
    try:
        settings.federation.gather(settings.behaviours, Streams(settings.seed), settings.owners)
    except ComponentError as error:
        raise ScenarioError(str(error)) from error
    return settings
