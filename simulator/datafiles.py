"""Data files that a scenario names, identified by their SHA-256 wherever they are stored."""

import os
from collections.abc import Iterator, Sequence
from hashlib import file_digest
from pathlib import Path
from typing import Any

from pydantic import (
    Field,
    GetJsonSchemaHandler,
    SerializationInfo,
    ValidationInfo,
    field_serializer,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from simulator.components import Section
from simulator.errors import suggestion

__all__ = ["PORTABLE", "DataFile", "data_files", "file_hash"]

PORTABLE = {"data_files": "copies"}
"""Serialisation context that names data files by their copies in a run folder."""


class DataFile(Section):
    """A file of a user's, named by its path alone or by path and hash.

    Looked for beside the scenario, beside what it extends, and in the working directory. Its hash
    is filled in when it is read, so that a run is never repeated with other data. A run folder
    holds a copy of it under a name that says nothing but the bytes.
    """

    path: str = Field(min_length=1, description="Where the file is.")
    sha256: str = Field(
        "",
        validate_default=True,
        pattern="^([0-9a-f]{64})?$",
        description="SHA-256 of the file's bytes; filled in when empty, refused when different.",
    )

    @model_validator(mode="before")
    @classmethod
    def _take_path(cls, value: Any) -> Any:
        return value if isinstance(value, dict | Section) else {"path": value}

    @field_validator("path")
    @classmethod
    def _find_file(cls, path: str, info: ValidationInfo) -> str:
        folders = [*(info.context or {}).get("folders", ()), ""]
        paths = [os.path.join(folder, path) for folder in folders]
        file = next(filter(os.path.isfile, paths), None)
        if file is None:
            if other := next(filter(os.path.lexists, paths), None):
                what = "is a folder" if os.path.isdir(other) else "is no file that can be read"
                raise ValueError(f"{path!r} {what}; name a file")
            hint = suggestion(os.path.basename(path), _names_beside(paths))
            raise ValueError(f"no such file: {path!r}{hint}")
        return os.path.realpath(file)

    @field_validator("sha256")
    @classmethod
    def _check_hash(cls, expected: str, info: ValidationInfo) -> str:
        if "path" not in info.data:
            return expected
        path = info.data["path"]
        try:
            actual = file_hash(path)
        except OSError as error:
            raise ValueError(f"{path} cannot be read: {error.strerror}") from error
        if expected not in ("", actual):
            raise ValueError(f"{path} was changed: its SHA-256 is now {actual}")
        return actual

    @field_serializer("path")
    def _serialised_path(self, path: str, info: SerializationInfo) -> str:
        return self.copy_path if info.context == PORTABLE else path

    @property
    def copy_path(self) -> str:
        """Path of its copy in a run folder; equal for equal contents."""
        return f"data/{self.sha256[:16]}{Path(self.path).suffix}"

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        path = {"type": "string", "minLength": 1}
        return {"anyOf": [path, handler(core_schema)], "description": "Path of a file."}


def data_files(settings: Any) -> Iterator[DataFile]:
    """All data files that a scenario or section names."""
    if isinstance(settings, DataFile):
        yield settings
    elif isinstance(settings, Section):
        for _, value in settings:
            yield from data_files(value)
    elif isinstance(settings, tuple | list):
        for value in settings:
            yield from data_files(value)
    elif isinstance(settings, dict):
        yield from data_files(tuple(settings.values()))


def file_hash(path: str | Path) -> str:
    """SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _names_beside(paths: Sequence[str]) -> list[str]:
    names: list[str] = []
    for path in paths:
        try:
            names += os.listdir(os.path.dirname(path) or ".")
        except (OSError, ValueError):  # no such folder; a null character in its name
            continue
    return names
