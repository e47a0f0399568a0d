"""Names that are also names of folders: those of scenarios, studies and cases."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

__all__ = ["NAME", "FolderName"]

LONGEST = 80  # characters
NAME = rf"^[A-Za-z0-9][A-Za-z0-9_.-]{{0,{LONGEST - 1}}}$"


def _usable(name: str) -> str:
    if not re.fullmatch(NAME, name) or name.endswith("\n"):
        shown = name if len(name) <= LONGEST else f"{name[:20]}... ({len(name)} characters)"
        raise ValueError(
            f"{shown!r} cannot be the name of a folder: use 1 to {LONGEST} characters of A-Z, a-z, "
            f"0-9, '_', '-' and '.', beginning with a letter or digit, such as '{_similar(name)}'"
        )
    return name


def _similar(name: str) -> str:
    """A usable name that reads like another one."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    joined = re.sub(r"[^A-Za-z0-9_.]+", "-", letters).strip("-_.")
    return joined[:LONGEST] or "mine"


FolderName = Annotated[
    str, AfterValidator(_usable), WithJsonSchema({"type": "string", "pattern": NAME})
]
"""A name that is also the name of a folder, on every system."""
