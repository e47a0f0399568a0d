"""What has been chosen on a page: changes to a scenario, and the scenario they make."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from simulator.dashboard.controls import Control, controls
from simulator.errors import ScenarioError
from simulator.randomness import Streams
from simulator.reading import parse_overrides
from simulator.scenario import Scenario

__all__ = ["Choice", "Load", "with_change"]

Load = Callable[[Mapping[str, Any]], Scenario]
"""The scenario with changes by dotted path; raises ScenarioError when it cannot have them."""


@dataclass(frozen=True)
class Choice:
    """Changes by dotted path; `settings` is the scenario with those that were `accepted`.

    `problems` says, line by line, what is wrong with changes that are not in `settings`.
    """

    load: Load
    changes: Mapping[str, Any]
    accepted: Mapping[str, Any]
    settings: Scenario
    controls: tuple[Control, ...]
    problems: tuple[str, ...] = ()

    @classmethod
    def of(cls, load: Load, overrides: Mapping[str, Any]) -> Self:
        """The choice to begin with. Raises ScenarioError when these overrides are not valid."""
        settings = _checked(load(overrides))
        unwritten = {  # one can only set parts of a list that stands somewhere
            name: value
            for name, value in settings.model_dump().items()
            if isinstance(value, tuple) and name not in settings.model_fields_set
        }
        changes = unwritten | dict(overrides)
        return cls(load, changes, changes, settings, tuple(controls(settings)))

    def changed(self, path: str, value: Any) -> Self:
        """With one more change, see `with_change`."""
        changes = with_change(self.changes, path, value)
        try:
            settings = _checked(self.load(changes))
        except ScenarioError as error:
            return replace(self, changes=changes, problems=_told(error))
        derived = tuple(controls(settings)) if path.endswith(".kind") else self.controls
        return replace(
            self,
            changes=changes,
            accepted=changes,
            settings=settings,
            controls=derived,
            problems=(),
        )

    def seeded(self, text: str) -> Self:
        """With the seed that was typed; when it cannot be taken, that is all that changes."""
        try:
            (seed,) = parse_overrides([f"seed={text}"]).values()
        except ScenarioError as error:
            return replace(self, problems=_told(error))
        chosen = self.changed("seed", seed)
        return replace(self, problems=chosen.problems) if chosen.problems else chosen

    def with_event(self, event: Mapping[str, Any]) -> Self:
        """What was accepted, and one event more. Raises ScenarioError when it cannot happen."""
        events = [each.model_dump(mode="json") for each in self.settings.events] + [dict(event)]
        kept = {
            path: value
            for path, value in self.accepted.items()
            if path.partition(".")[0] != "events"
        }
        changes = kept | {"events": events}
        settings = self.load(changes)
        return replace(self, changes=changes, accepted=changes, settings=settings, problems=())

    def value(self, control: Control) -> Any:
        """What the control stands at, whether valid or not."""
        return self.changes.get(control.path, control.value)


def with_change(changes: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The changes with one more; a new kind drops those of the component it replaces."""
    replaced = path.removesuffix("kind") if path.endswith(".kind") else None
    kept = {
        name: old
        for name, old in changes.items()
        if replaced is None or not name.startswith(replaced)
    }
    return kept | {path: value}


def _told(error: ScenarioError) -> tuple[str, ...]:
    return tuple(str(problem) for problem in error.problems)


def _checked(settings: Scenario) -> Scenario:
    """The same scenario; raises ScenarioError when its data cannot be divided as it asks for."""
    settings.federation.gather(settings.behaviours, Streams(settings.seed), settings.owners)
    return settings
