"""Validation of settings from files and from Python, with one kind of error."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from simulator.errors import ScenarioError
from simulator.foreign import described_error, plugin_line
from simulator.reading.entries import FIRST_OVERRIDE, Entry, Findings, Place, error_of
from simulator.reading.overrides import entry_of, override
from simulator.reading.pydantic_errors import findings_of

__all__ = ["M", "error_of_arguments", "validated", "with_changes"]

M = TypeVar("M", bound=BaseModel)


def validated(
    model: type[M],
    root: Entry,
    findings: Findings,
    refused_names: Mapping[str, str],
    context: Mapping[str, Any],
) -> M:
    """`root` as a `model`.

    Raises ScenarioError with the earlier `findings` and all problems of the validation.
    """
    try:
        settings = TypeAdapter(model).validate_python(root.plain_value(), context=dict(context))
    except ValidationError as error:
        places = {place for place, _ in findings}
        invalid = findings_of(error, model, root, refused_names)
        findings += [(place, what) for place, what in invalid if place not in places]
    except (Exception, SystemExit) as error:
        if not plugin_line(error):
            raise
        findings.append((root.place, f"cannot be used: {described_error(error)}"))
    if findings:
        raise error_of(findings)
    return settings


def error_of_arguments(
    error: ValidationError, model: type[BaseModel], settings: Any, refused_names: Mapping[str, str]
) -> ScenarioError:
    """The error of making a `model` of `settings` in Python, which names the model as the place."""
    root = entry_of(settings, Place(0, 0, 0, model.__name__))
    return error_of(findings_of(error, model, root, refused_names))


def with_changes(
    settings: BaseModel,
    model: type[M],
    changes: Mapping[str, Any],
    refused_names: Mapping[str, str],
) -> M:
    """`settings` with other values by dotted path, as a `model`.

    Raises ScenarioError with all problems, at the paths of their changes.
    """
    findings: Findings = []
    root = entry_of(settings, Place(0, 0, 0, model.__name__))
    override(root, model, changes, FIRST_OVERRIDE, findings)
    return validated(model, root, findings, refused_names, {})
