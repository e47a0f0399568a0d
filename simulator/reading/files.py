"""Files of settings: YAML in, one validated model out, every mistake reported at once.

The YAML is read as nodes, so that each value keeps its place. Nodes become entries; entries are
merged with the files they extend, changed by overrides, and only then turned into plain data for
the model.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Generic, NamedTuple

from simulator.errors import ScenarioError
from simulator.reading.entries import FIRST_OVERRIDE, Entry, Findings, Place, stop
from simulator.reading.overrides import override
from simulator.reading.settings import Options, kind_of, options_inside
from simulator.reading.shelves import Named, Shelf
from simulator.reading.text import Source
from simulator.reading.validating import M, validated
from simulator.reading.words import described, short

__all__ = ["Reading", "read"]

MOST_BYTES = 1_000_000


class Reading(NamedTuple, Generic[M]):
    """What was read: the settings, their entries with places, and what each `extends` named."""

    settings: M
    root: Entry
    bases: tuple[Named, ...]


def read(
    model: type[M],
    path: str | Path,
    *layers: Mapping[str, Any],
    shelf: Shelf,
    refused_names: Mapping[str, str] = {},
    option: str = "",
) -> Reading[M]:
    """Read the file at `path` as a `model`, with `extends` and then `layers` applied.

    A layer overrides all settings before it: values, or entries with their own places, by dotted
    path, such as `{"market.fee": 0.01, "clients.0.examples": 50}`. `extends` may name a file of the
    `shelf`. `refused_names` has messages for names at the root that are deliberately not settings,
    `option` is that of the command line which gave the layers. Raises ScenarioError with all
    problems, in the order of the file.
    """
    findings: Findings = []
    chain, bases = _read_chain(str(path), shelf, findings)
    files = [entry.place.source for entry in chain]
    root = chain.pop()
    while chain:
        root = _merged(root, chain.pop(), (model,))
    for rank, overrides in enumerate(layers, FIRST_OVERRIDE):
        override(root, model, overrides, rank, findings, option)
    folders = _folders(files, layers)
    settings = validated(model, root, findings, refused_names, {"folders": folders})
    return Reading(settings, root, tuple(bases))


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


def _read_chain(name: str, shelf: Shelf, findings: Findings) -> tuple[list[Entry], list[Named]]:
    """The file `name`, the file that it extends, and so on; and what each `extends` named."""
    chain: list[Entry] = []
    bases: list[Named] = []
    names: dict[str, str] = {}
    reference = Place(0, 0, 0, name)
    while True:
        content = _content(name, shelf, reference, findings)
        if (real_path := os.path.realpath(name)) in names:
            circle = " -> ".join([*names.values(), name])
            stop(findings, reference, f"extends goes round in a circle: {circle}")
        names[real_path] = name
        root = _root(Source(name, len(chain), findings), content, shelf.noun)
        chain.append(root)
        base = root.value.pop("extends", None)
        if base is None:
            return chain, bases
        if not isinstance(base.value, str):
            what = f"extends: expected the name of a file, got {described(base.plain_value())}"
            stop(findings, base.place, what)
        try:
            bases.append(shelf.find(base.value, os.path.dirname(name)))
        except ScenarioError as error:
            stop(findings, base.place, f"extends {short(base.value)}: {error}")
        name, reference = bases[-1].path, base.place


def _root(source: Source, content: bytes, noun: str) -> Entry:
    """The mapping of settings that a file consists of."""
    root = source.parse(source.decode(content))
    if root is None:
        what = f"the file is empty; a {noun} is a mapping of settings"
        stop(source.findings, source.whole, what)
    if not isinstance(root.value, dict):
        what = f"a {noun} must be a mapping of settings, got {described(root.plain_value())}"
        stop(source.findings, root.place, what)
    return root


def _content(name: str, shelf: Shelf, reference: Place, findings: Findings) -> bytes:
    """The bytes of the file `name`; a problem is reported at `reference`."""
    try:
        with open(name, "rb") as file:
            content = file.read(MOST_BYTES + 1)
        what = f"the file is larger than {MOST_BYTES:,} bytes" if len(content) > MOST_BYTES else ""
    except FileNotFoundError:
        what = shelf.missing(name)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or str(error)
        is_folder = os.path.isdir(name) if isinstance(error, OSError) else False
        what = "this is a folder, not a file" if is_folder else f"cannot be read: {reason}"
    if what:
        what = f"extends {short(name)}: {what}" if reference.line else what
        stop(findings, reference, what)
    return content
