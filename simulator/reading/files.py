"""Files of settings: YAML in, one validated model out, every mistake reported at once.

The YAML is read as nodes, so that each value keeps its place. Nodes become entries; entries are
merged with the files they extend, changed by overrides, and only then turned into plain data for
the model.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from simulator.components import Section
from simulator.errors import suggestion
from simulator.foreign import described_error, plugin_line
from simulator.reading.entries import FIRST_OVERRIDE, Entry, Findings, Place, error_of, stop
from simulator.reading.overrides import override
from simulator.reading.pydantic_errors import findings_of
from simulator.reading.settings import Options, kind_of, options_inside
from simulator.reading.text import Source
from simulator.reading.words import described, short

__all__ = ["read"]

S = TypeVar("S", bound=Section)

MOST_BYTES = 1_000_000


def read(
    model: type[S],
    path: str | Path,
    *layers: Mapping[str, Any],
    noun: str,
    refused_names: Mapping[str, str] = {},
) -> tuple[S, Entry]:
    """The file at `path` as a `model`, with `extends` and then `layers` applied, and its entries.

    A layer overrides all settings before it: values, or entries with their own places, by dotted
    path, such as `{"market.fee": 0.01, "clients.0.examples": 50}`. Messages call the file a `noun`;
    `refused_names` has messages for names at the root that are deliberately not settings. Raises
    ScenarioError with all problems, in the order of the file.
    """
    findings: Findings = []
    chain = _read_chain(str(path), noun, findings)
    files = [entry.place.source for entry in chain]
    root = chain.pop()
    while chain:
        root = _merged(root, chain.pop(), (model,))
    for rank, overrides in enumerate(layers, FIRST_OVERRIDE):
        override(root, model, overrides, rank, findings)
    folders = _folders(files, layers)
    try:
        settings = model.model_validate(root.plain_value(), context={"folders": folders})
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
    return settings, root


def _folders(files: Iterable[str], layers: Iterable[Mapping[str, Any]]) -> list[str]:
    """Folders in which to look for data files: those of all files that set anything.

    Overriding files come first: a study before its scenario, a scenario before those it extends.
    """
    entries = [value for layer in layers for value in layer.values() if isinstance(value, Entry)]
    sources = [entry.place.source for entry in reversed(entries)] + list(files)
    return list(dict.fromkeys(os.path.dirname(source) for source in sources))


def _merged(base: Entry, child: Entry, options: Options) -> Entry:
    """`child` over `base`: mappings merge; other values and other kinds of component replace."""
    if not (isinstance(base.value, dict) and isinstance(child.value, dict)):
        return child
    if "kind" in child.value and kind_of(child, options) != kind_of(base, options):
        return child
    entries = dict(base.value)
    for name, entry in child.value.items():
        inner = options_inside(options, name, child if "kind" in child.value else base)
        entries[name] = _merged(entries[name], entry, inner) if name in entries else entry
    return Entry(entries, child.place, child.key)


def _read_chain(name: str, noun: str, findings: Findings) -> list[Entry]:
    """The file `name`, the file that it extends, and so on."""
    chain: list[Entry] = []
    names: dict[str, str] = {}
    reference = Place(0, 0, 0, name)
    while True:
        content = _content(name, reference, findings)
        if (real_path := os.path.realpath(name)) in names:
            circle = " -> ".join([*names.values(), name])
            stop(findings, reference, f"extends goes round in a circle: {circle}")
        names[real_path] = name
        source = Source(name, len(chain), findings)
        root = source.parse(source.decode(content))
        if root is None:
            stop(findings, source.whole, f"the file is empty; a {noun} is a mapping of settings")
        if not isinstance(root.value, dict):
            what = f"a {noun} must be a mapping of settings, got {described(root.plain_value())}"
            stop(findings, root.place, what)
        chain.append(root)
        base = root.value.pop("extends", None)
        if base is None:
            return chain
        if not isinstance(base.value, str):
            what = f"extends: expected the name of a file, got {described(base.plain_value())}"
            stop(findings, base.place, what)
        name, reference = str(Path(name).parent / base.value), base.place


def _content(name: str, reference: Place, findings: Findings) -> bytes:
    """The bytes of the file `name`; a problem is reported at `reference`."""
    try:
        with open(name, "rb") as file:
            content = file.read(MOST_BYTES + 1)
        what = f"the file is larger than {MOST_BYTES:,} bytes" if len(content) > MOST_BYTES else ""
    except FileNotFoundError:
        what = f"no such file{suggestion(Path(name).name, _siblings(Path(name)))}"
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or str(error)
        is_folder = os.path.isdir(name) if isinstance(error, OSError) else False
        what = "this is a folder, not a file" if is_folder else f"cannot be read: {reason}"
    if what:
        what = f"extends {short(name)}: {what}" if reference.line else what
        stop(findings, reference, what)
    return content


def _siblings(path: Path) -> list[str]:
    """The names of the YAML files in the folder of `path`."""
    try:
        return sorted(file.name for file in path.parent.glob("*.y*ml"))
    except OSError:
        return []
