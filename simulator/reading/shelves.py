"""Shelves: files that come with the package, and what a name means: a path, or one of them."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from simulator.errors import ScenarioError, suggestion
from simulator.reading.words import short

__all__ = ["Named", "Shelf"]

SUFFIXES = (".yaml", ".yml")


class Named(NamedTuple):
    """What a name means: the file at `path`; `other` names one that it could be taken for."""

    name: str
    path: str
    is_shipped: bool = False
    other: str = ""

    @property
    def in_doubt(self) -> bool:
        """Whether a user may expect another file."""
        return self.is_shipped or bool(self.other)

    def __str__(self) -> str:
        kind = "shipped" if self.is_shipped else "file"
        other = f", not {self.other}" if self.other else ""
        return f"{short(self.name)} is the {kind} {os.path.realpath(self.path)}{other}"


@dataclass(frozen=True)
class Shelf:
    """The files in a folder of the package; `noun` says what each of them is.

    A name with a slash, or with the suffix .yaml or .yml, is a path. Any other name is that of a
    shipped file or, if none has it, a path too. So a name means the same in every folder.
    """

    noun: str
    folder: Path

    def files(self) -> dict[str, Path]:
        """The shipped files by name."""
        return {file.stem: file for file in sorted(self.folder.glob("*.yaml"))}

    def find(self, name: str, folder: str = "") -> Named:
        """What a name means to a file in `folder`.

        Raises ScenarioError when it is neither that of a shipped file nor a path.
        """
        shipped, path = self.files(), os.path.join(folder, name)
        if {"/", os.sep} & set(name) or name.endswith(SUFFIXES):
            namesake = shipped.get(_stem(name))
            is_other = namesake is not None and _is_another(path, namesake)
            return Named(name, path, other=f"the shipped {_stem(name)}" if is_other else "")
        if name in shipped:
            beside = (suffix for suffix in ("", *SUFFIXES) if os.path.isfile(path + suffix))
            other = next((f"./{name}{suffix}" for suffix in beside), "")
            is_other = _is_another(os.path.join(folder, other), shipped[name])
            return Named(name, str(shipped[name]), True, other if is_other else "")
        if not os.path.exists(path):
            hint = suggestion(name, [*_siblings(path), *shipped]) or "."
            what = f"no such file or shipped {self.noun}{hint} Shipped: {', '.join(shipped)}"
            raise ScenarioError(what)
        return Named(name, path)

    def missing(self, path: str) -> str:
        """The message that there is no file at `path`."""
        name = os.path.basename(path)
        if (stem := _stem(name)) in self.files():
            return f"no such file; the shipped {self.noun} is called '{stem}', without suffix"
        return f"no such file{suggestion(name, _siblings(path))}"


def _stem(name: str) -> str:
    return next((name.removesuffix(each) for each in SUFFIXES if name.endswith(each)), name)


def _is_another(path: str, shipped: Path) -> bool:
    """Whether there is a file at `path` that is not the shipped one."""
    return os.path.isfile(path) and not os.path.samefile(path, shipped)


def _siblings(path: str) -> list[str]:
    """The names of the YAML files in the folder of `path`."""
    try:
        return sorted(file.name for file in Path(path).parent.glob("*.y*ml"))
    except (OSError, ValueError):  # ValueError: a null character in the name
        return []
