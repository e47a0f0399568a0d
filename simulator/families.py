"""Families: components that may stand in the same place of a scenario."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from simulator.foreign import described_error

__all__ = ["Family"]


@dataclass(frozen=True)
class Family:
    """Annotation of a field that holds one component of a family, chosen by `kind`.

    The first member is the default: a mapping without `kind` means that one. Raises ValueError when
    two members have the same kind.
    """

    members: tuple[type[Any], ...]

    def __post_init__(self) -> None:
        for member in self.members:
            first = self.kinds[kind := str(member.model_fields["kind"].default)]
            if first is not member:  # of several, `kinds` has the last
                raise ValueError(
                    f"two components of kind {kind} in one place, {member.__name__} and "
                    f"{first.__name__}; give one of them another kind"
                )

    @property
    def kinds(self) -> dict[str, type[Any]]:
        """The members by their kind."""
        return {member.model_fields["kind"].default: member for member in self.members}

    def kind_of(self, value: Any) -> str | None:
        """The kind of a mapping or component; the default kind for a mapping without `kind`."""
        if isinstance(value, BaseModel):
            field = type(value).model_fields.get("kind")
            return str(field.default) if field else None
        if isinstance(value, dict):
            return str(value.get("kind", next(iter(self.kinds))))
        return None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        choices = {kind: handler.generate_schema(member) for kind, member in self.kinds.items()}
        union = core_schema.tagged_union_schema(choices, discriminator=self.kind_of)
        return core_schema.no_info_wrap_validator_function(_with_value_errors, union)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """`kind` is required for all members but the default."""
        json_schema = handler(schema)
        default, *others = json_schema["oneOf"]
        json_schema["oneOf"] = [default, *({**other, "required": ["kind"]} for other in others)]
        return json_schema


def _with_value_errors(value: Any, validate: Callable[[Any], Any]) -> Any:
    """The validated component; what its validators raise becomes an error at its place."""
    try:
        return validate(value)
    except (ValueError, AssertionError):  # pydantic reports these itself
        raise
    except (Exception, SystemExit) as error:
        raise ValueError(f"cannot be used: {described_error(error)}") from error
