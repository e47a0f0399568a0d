"""Scenario files: YAML in, one validated model out, every mistake of the file told at once.

The YAML is read as nodes, so that each value keeps the place where it stands. Nodes become entries;
entries are merged with the files they extend, changed by overrides, and only then turned into plain
data for the model. Scalars follow the core schema of YAML 1.2 (`on` and `12:30` are text).
"""

import difflib
import math
import os
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple, NoReturn, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from simulator.components import Component, Family, Section
from simulator.errors import Problem, ScenarioError

__all__ = ["load", "parse_overrides"]

S = TypeVar("S", bound=Section)

MOST_BYTES = 1_000_000
MOST_VALUES = 100_000
DEEPEST = 50
AFTER_FILES = 1_000_000  # the rank of overrides
LONGEST_NUMBER = 300  # digits; a float ends at 1.8e308

CONSTANTS = dict.fromkeys(("", "~", "null", "Null", "NULL")) | {
    text: text.lower() == "true" for text in ("true", "True", "TRUE", "false", "False", "FALSE")
}
WHOLE = re.compile(r"[-+]?[0-9]+")
BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
REAL = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
SURROGATE = re.compile("[\ud800-\udfff]")

WANTED = {
    "float_type": "a number",
    "int_type": "a whole number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "none_required": "null",
}
LIMITS = {
    "greater_than": ("small", "greater than", "gt"),
    "greater_than_equal": ("small", "at least", "ge"),
    "less_than": ("large", "less than", "lt"),
    "less_than_equal": ("large", "at most", "le"),
}


class _Place(NamedTuple):
    """Where something stands, sorted in reading order; on line 0 stands a source as a whole."""

    rank: int
    line: int
    column: int
    source: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass
class _Entry:
    """A value, which is a mapping or list of entries or a leaf, and where it and its key stand."""

    value: Any
    place: _Place
    key: _Place

    def plain(self) -> Any:
        if isinstance(self.value, dict):
            return {name: entry.plain() for name, entry in self.value.items()}
        if isinstance(self.value, list):
            return [entry.plain() for entry in self.value]
        return self.value


_Findings = list[tuple[_Place, str]]
_Path = tuple[str | int, ...]
_Options = tuple[Any, ...]
_Located = tuple[_Path, _Entry, _Options]


def load(model: type[S], path: str | Path, overrides: Mapping[str, Any] = {}) -> S:
    """The scenario in the file at `path`, after `extends` and then `overrides`, as a `model`.

    Overrides are values by dotted path, such as `{"market.fee": 0.01, "clients.0.examples": 50}`.
    Raises ScenarioError with every problem found, in the order of the file.
    """
    findings: _Findings = []
    chain = _read_chain(str(path), findings)
    root = chain.pop()
    while chain:
        root = _merged(root, chain.pop(), (model,))
    _override(root, model, overrides, findings)
    try:
        scenario = model.model_validate(root.plain())
    except ValidationError as error:
        settled = {place for place, _ in findings}
        findings += [each for each in _translated(error, model, root) if each[0] not in settled]
    if findings:
        raise _error(findings)
    return scenario


def parse_overrides(settings: Iterable[str]) -> dict[str, Any]:
    """Overrides from texts like `market.fee=0.01`; the value is YAML, the last of a path counts.

    Raises ScenarioError naming every text that is not of this form.
    """
    overrides: dict[str, Any] = {}
    problems: list[Problem] = []
    for text in settings:
        try:
            path, value = _parsed_override(text)
            overrides[path] = value
        except ScenarioError as error:
            where = f"--set {_short(text)}"
            problems += [Problem(where, problem.what) for problem in error.problems]
    if problems:
        raise ScenarioError(problems)
    return overrides


def _parsed_override(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    if not equals:
        raise ScenarioError("has no '='; write it as path=value")
    if not all(path.strip().split(".")):
        raise ScenarioError("the path before '=' has an empty name; write it like market.fee=0.01")
    findings: _Findings = []
    entry = _Source("", 0, findings).parse(value)
    if findings:
        raise _error(findings)
    return path.strip(), entry.plain() if entry else None


def _error(findings: _Findings) -> ScenarioError:
    return ScenarioError(Problem(str(place), what) for place, what in sorted(set(findings)))


def _stop(findings: _Findings, place: _Place, what: str) -> NoReturn:
    findings.append((place, what))
    raise _error(findings)


def _read_chain(name: str, findings: _Findings) -> list[_Entry]:
    """The file `name` and those it extends, nearest first."""
    chain: list[_Entry] = []
    names: dict[str, str] = {}
    asked = _Place(0, 0, 0, name)
    while True:
        content = _content(name, asked, findings)
        if (real := os.path.realpath(name)) in names:
            circle = " -> ".join([*names.values(), name])
            _stop(findings, asked, f"extends goes round in a circle: {circle}")
        names[real] = name
        source = _Source(name, len(chain), findings)
        root = source.parse(source.decoded(content))
        if root is None:
            _stop(findings, source.whole, "the file is empty; a scenario is a mapping of settings")
        if not isinstance(root.value, dict):
            what = f"a scenario must be a mapping of settings, got {_got(root.plain())}"
            _stop(findings, root.place, what)
        chain.append(root)
        base = root.value.pop("extends", None)
        if base is None:
            return chain
        if not isinstance(base.value, str):
            what = f"extends: expected the name of a file, got {_got(base.plain())}"
            _stop(findings, base.place, what)
        name, asked = str(Path(name).parent / base.value), base.place


def _content(name: str, asked: _Place, findings: _Findings) -> bytes:
    try:
        with open(name, "rb") as file:
            content = file.read(MOST_BYTES + 1)
        what = f"the file is larger than {MOST_BYTES:,} bytes" if len(content) > MOST_BYTES else ""
    except FileNotFoundError:
        what = f"no such file{_suggestion(Path(name).name, _siblings(Path(name)))}"
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or str(error)
        folder = os.path.isdir(name) if isinstance(error, OSError) else False
        what = "this is a folder, not a file" if folder else f"cannot be read: {reason}"
    if what:
        _stop(findings, asked, f"extends {_short(name)}: {what}" if asked.line else what)
    return content


def _siblings(path: Path) -> list[str]:
    try:
        return sorted(file.name for file in path.parent.glob("*.y*ml"))
    except OSError:
        return []


class _Refused(yaml.MarkedYAMLError):
    """Good YAML that a scenario may not use."""

    def __init__(self, what: str, event: Any) -> None:
        super().__init__(problem=what, problem_mark=event.start_mark)


class _Composer(yaml.BaseLoader):
    """Composes nodes, resolves no tag, and refuses nesting and aliases that would never end."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.tagged: list[Any] = []
        self.depth = 0
        self.extents: dict[int, tuple[int, int]] = {}

    def document(self) -> yaml.Node | None:
        """The root of the only document; None when there is none."""
        root = self.get_node() if self.check_node() else None
        if self.check_node():
            raise _Refused("only one document is allowed in a file", self._next())
        return root

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self._next()
        if isinstance(event, yaml.AliasEvent):
            target = self.anchors.get(event.anchor)
            if target is not None and id(target) not in self.extents:
                raise _Refused("an alias may not contain itself", event)
        elif event.tag is not None:
            self.tagged.append(event)
        self._check(event, self.depth + 1)  # before going on: composing recurses
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        if node is not None:
            values, height = self._extent(node)
            self._check(event, self.depth + height, max(values, len(self.extents)))
        return node

    def _next(self) -> Any:
        return self.peek_event()  # type: ignore[no-untyped-call]

    def _extent(self, node: yaml.Node) -> tuple[int, int]:
        """How many values the node holds and how deep it is, once its aliases are written out."""
        if id(node) not in self.extents:
            inside = [self.extents[id(child)] for child in _children(node)]
            values = 1 + sum(values for values, _ in inside)
            self.extents[id(node)] = values, 1 + max((height for _, height in inside), default=0)
        return self.extents[id(node)]

    def _check(self, event: Any, depth: int, values: int = 1) -> None:
        if depth > DEEPEST:
            raise _Refused(f"nested deeper than {DEEPEST} levels", event)
        if values > MOST_VALUES:
            raise _Refused(f"more than {MOST_VALUES:,} values, aliases written out", event)


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from (key, value)
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


@dataclass(frozen=True)
class _Source:
    """A text by its name, and the number of texts read before it."""

    name: str
    rank: int
    findings: _Findings

    @property
    def whole(self) -> _Place:
        return _Place(self.rank, 0, 0, self.name)

    def place(self, mark: Any) -> _Place:
        return _Place(self.rank, mark.line + 1, mark.column + 1, self.name)

    def decoded(self, content: bytes) -> str:
        try:
            text = content.decode("utf-8").removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            what = f"the file is not UTF-8 text: byte {error.start} is 0x{content[error.start]:02x}"
            _stop(self.findings, self.whole, what)
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def parse(self, text: str) -> _Entry | None:
        """The entries of the text's only document; None when it holds none."""
        composer = None
        try:
            composer = _Composer(text)
            root = composer.document()
        except yaml.reader.ReaderError as error:
            before = text[: error.position].split("\n")
            place = _Place(self.rank, len(before), len(before[-1]) + 1, self.name)
            what = f"the character {text[error.position]!a} is not allowed in YAML"
            _stop(self.findings, place, what)
        except yaml.MarkedYAMLError as error:
            _stop(self.findings, self.place(error.problem_mark), _syntax(error))
        except (ValueError, OverflowError):  # PyYAML lets "\UFFFFFFFF" and long versions through
            place = self.place(composer.get_mark()) if composer else self.whole
            _stop(self.findings, place, "not valid YAML: a number or a character code is too large")
        for event in composer.tagged:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._found(event, f"tags are not allowed, remove {_quoted(tag)}")
        return None if root is None or _is_blank(root) else self._entry(root, ())

    def _found(self, node: Any, what: str) -> None:
        self.findings.append((self.place(node.start_mark), what))

    def _entry(self, node: yaml.Node, path: _Path) -> _Entry:
        if isinstance(node, yaml.MappingNode):
            value: Any = self._mapping(node, path)
        elif isinstance(node, yaml.SequenceNode):
            value = [self._entry(item, (*path, index)) for index, item in enumerate(node.value)]
        else:
            value = self._scalar(node, path)
        place = self.place(node.start_mark)
        return _Entry(value, place, place)

    def _mapping(self, node: yaml.MappingNode, path: _Path) -> dict[str, _Entry]:
        entries: dict[str, _Entry] = {}
        for key, value in node.value:
            if (name := self._name(key, path)) is None:
                continue
            entry = self._entry(value, (*path, name))
            entry.key = self.place(key.start_mark)
            first = entries.setdefault(name, entry)
            if first is not entry:
                where = f"line {first.key.line}, column {first.key.column}"
                self._found(key, f"{_at((*path, name))}given twice, first at {where}")
        return entries

    def _name(self, key: yaml.Node, path: _Path) -> str | None:
        inside = f" in {_dotted(path)}" if path else ""
        if not isinstance(key, yaml.ScalarNode):
            self._found(key, f"the name of a setting{inside} must be text")
            return None
        if key.value == "<<" and not key.style:
            self._found(key, f"merge keys ('<<'){inside} are not supported; use extends")
            return None
        name = self._scalar(key, path)
        if isinstance(name, str):
            return name
        must = f"the name of a setting{inside} must be text"
        self._found(key, f"{must}, got {_got(name)}; put it in quotes")
        return str(key.value)

    def _scalar(self, node: Any, path: _Path) -> Any:
        text = str(node.value)
        if SURROGATE.search(text):
            self._found(node, f"{_quoted(text)} holds half of a surrogate pair, not a character")
            return SURROGATE.sub("?", text)
        value = text if node.style else _resolved(text)
        if isinstance(value, int | float) and len(text) > LONGEST_NUMBER:
            self._found(node, f"{_at(path)}a number of more than {LONGEST_NUMBER} digits")
        return value


def _resolved(text: str) -> Any:
    """What a plain scalar means in the core schema of YAML 1.2."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if WHOLE.fullmatch(text) and len(text) <= LONGEST_NUMBER:
        return int(text)
    if BASED.fullmatch(text):
        return int(text, base=0)
    if REAL.fullmatch(text):
        return float(text.replace(".", "") if text[-1].isalpha() else text)
    return text


def _is_blank(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.value and not node.style


def _syntax(error: yaml.MarkedYAMLError) -> str:
    if isinstance(error, _Refused):
        return str(error.problem)
    begun = error.context_mark
    where = f" begun at line {begun.line + 1}, column {begun.column + 1}" if begun else ""
    context = f"{error.context}{where}: " if error.context else ""
    return f"not valid YAML: {context}{error.problem}"


def _merged(base: _Entry, child: _Entry, options: _Options) -> _Entry:
    """`child` over `base`: maps merge, everything else and a component of another kind replaces."""
    if not (isinstance(base.value, dict) and isinstance(child.value, dict)):
        return child
    if "kind" in child.value and _kind(child, options) != _kind(base, options):
        return child
    entries = dict(base.value)
    for name, entry in child.value.items():
        below = _inside(options, name, child if "kind" in child.value else base)
        entries[name] = _merged(entries[name], entry, below) if name in entries else entry
    return _Entry(entries, child.place, child.key)


def _override(
    root: _Entry, model: type[Section], overrides: Mapping[str, Any], findings: _Findings
) -> None:
    """Set each value, wholes before their parts."""
    changes = [(path.split("."), value) for path, value in overrides.items()]
    for names, value in sorted(changes, key=lambda change: len(change[0])):
        place = _Place(AFTER_FILES, 0, 0, f"--set {_dotted(names)}={_short(_shown(value))}")
        try:
            _set(root, (model,), names, _entry_of(value, place))
        except ScenarioError as error:
            findings.append((place, str(error)))


def _set(entry: _Entry, options: _Options, names: list[str], new: _Entry) -> None:
    for depth in range(len(names) - 1):
        part = _part(entry, names, depth)
        options, entry = (
            _inside(options, part, entry),
            _opened(entry, part, names, depth, new.place),
        )
    part = _part(entry, names, len(names) - 1)
    if part == "kind" and _shown(new.value) != _kind(entry, options):
        # What overrides have set already is meant for the new kind.
        entry.value = {name: old for name, old in entry.value.items() if not old.place.line}
    entry.value[part] = new


def _part(entry: _Entry, names: list[str], depth: int) -> str | int:
    """The name at `depth` as a key or an index of `entry`."""
    name, where = names[depth], _dotted(names[:depth])
    if not name:
        raise ScenarioError("the path has an empty name; write it like market.fee")
    if isinstance(entry.value, dict):
        return name
    if not isinstance(entry.value, list):
        raise ScenarioError(f"{where} is {_got(entry.value)}; there is nothing inside to set")
    if name not in map(str, range(len(entry.value))):
        size = len(entry.value)
        raise ScenarioError(f"{where} has no item {_quoted(name)}; it has {size}, numbered from 0")
    return int(name)


def _opened(entry: _Entry, part: str | int, names: list[str], depth: int, place: _Place) -> _Entry:
    """What `entry` holds at `part`; an empty mapping where the file has nothing or null."""
    inner = _child(entry, part)
    if inner is not None and inner.value is not None:
        return inner
    if names[depth + 1].isdecimal():
        where = _dotted(names[: depth + 1])
        raise ScenarioError(f"{where} is not a list in the file; set the whole list: {where}=[...]")
    inner = entry.value[part] = _Entry({}, place, place)
    return inner


def _entry_of(value: Any, place: _Place) -> _Entry:
    if isinstance(value, Mapping):
        if strange := [name for name in value if not isinstance(name, str)]:
            raise ScenarioError(f"the name of a setting must be text, got {_got(strange[0])}")
        value = {name: _entry_of(inner, place) for name, inner in value.items()}
    elif isinstance(value, list | tuple):
        value = [_entry_of(item, place) for item in value]
    return _Entry(value, place, place)


def _options(annotation: Any) -> _Options:
    """The families, sections and other types that a value may be."""
    if get_origin(annotation) is Annotated:
        base, *metadata = get_args(annotation)
        families = [item for item in metadata if isinstance(item, Family)]
        return (families[-1],) if families else _options(base)  # pydantic heeds the last, too
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(option for member in get_args(annotation) for option in _options(member))
    return () if annotation is type(None) else (annotation,)


def _inside(options: _Options, part: str | int, entry: _Entry) -> _Options:
    """What may stand at `part` of `entry`, which is one of `options`."""
    for option in options:
        fields = _fields(option, entry)
        if part in fields:
            field = fields[str(part)]
            return _options(Annotated[field.annotation, *field.metadata, None])
        origin: Any = get_origin(option)
        arguments = [argument for argument in get_args(option) if argument is not Ellipsis]
        if arguments and isinstance(part, int) == (origin is not dict):
            return _options(
                arguments[min(part, len(arguments) - 1) if isinstance(part, int) else -1]
            )
    return ()


def _fields(option: Any, entry: _Entry) -> dict[str, FieldInfo]:
    if isinstance(option, Family):
        option = option.kinds.get(_kind(entry, (option,)) or "")
    is_section = isinstance(option, type) and issubclass(option, Section)
    return option.model_fields if is_section else {}


def _kind(entry: _Entry, options: _Options) -> str | None:
    """The kind that a mapping states or else has by default; None where kinds mean nothing."""
    if stated := _child(entry, "kind"):
        return _shown(stated.value)
    for option in options:
        if isinstance(option, Family):
            return next(iter(option.kinds))
        if isinstance(option, type) and issubclass(option, Component):
            return str(option.model_fields["kind"].default)
    return None


def _child(entry: _Entry, part: str | int) -> _Entry | None:
    child: _Entry | None = None
    if isinstance(entry.value, dict):
        child = entry.value.get(part)
    elif isinstance(entry.value, list) and isinstance(part, int) and part < len(entry.value):
        child = entry.value[part]
    return child


@dataclass(frozen=True)
class _Fault:
    """One error of pydantic's in our words; of a wrong type, what was `wanted` and `given`."""

    path: _Path
    place: _Place
    words: str = ""
    wanted: str = ""
    given: Any = None


def _translated(error: ValidationError, model: type[Section], root: _Entry) -> _Findings:
    faults = [_fault(each, model, root) for each in error.errors(include_url=False)]
    # Each member of a union complains; a wrong type says nothing where another came further.
    reached = {fault.path[:length] for fault in faults for length in range(len(fault.path))}
    reached |= {fault.path for fault in faults if fault.words}
    findings = [(fault.place, fault.words) for fault in faults if fault.words]
    mistyped: dict[_Path, list[_Fault]] = {}
    for fault in faults:
        if fault.wanted and fault.path not in reached:
            mistyped.setdefault(fault.path, []).append(fault)
    return findings + [(same[0].place, _mistyped(same)) for same in mistyped.values()]


def _mistyped(faults: list[_Fault]) -> str:
    path, given = faults[0].path, faults[0].given
    wanted = " or ".join(dict.fromkeys(fault.wanted for fault in faults))
    hint = _suggestion(given, re.findall("'([^']*)'", wanted)) if isinstance(given, str) else ""
    return f"{_at(path)}expected {wanted}, got {_got(given)}{hint}"


def _fault(error: Any, model: type[Section], root: _Entry) -> _Fault:
    kind, loc, given, context = error["type"], error["loc"], error["input"], error.get("ctx", {})
    if kind in ("missing", "extra_forbidden"):
        return _misnamed(kind, _located(loc[:-1], model, root), loc[-1])
    path, entry, options = _located(loc, model, root)
    if kind == "union_tag_invalid":
        return _unknown_kind(path, entry, options)
    if kind == "union_tag_not_found":
        wanted = f"a mapping (like {{kind: {_kind(entry, options)}}})"
        return _Fault(path, entry.place, wanted=wanted, given=given)
    if kind in WANTED or kind in ("literal_error", "enum"):
        wanted = WANTED.get(kind) or context["expected"]
        return _Fault(path, entry.place, wanted=wanted, given=given)
    return _Fault(path, entry.place, _at(path) + _broken_rule(error, given, context))


def _broken_rule(error: Any, given: Any, context: Mapping[str, Any]) -> str:
    kind = error["type"]
    if kind in LIMITS:
        size, rule, limit = LIMITS[kind]
        return f"{_short(_shown(given))} is too {size}; it must be {rule} {_round(context[limit])}"
    if kind in ("too_short", "too_long"):
        least = "at least" if kind == "too_short" else "at most"
        size = context.get("min_length", context.get("max_length"))
        return f"expected {least} {size} items, got {context['actual_length']}"
    if kind in ("value_error", "assertion_error"):
        return " ".join(str(context["error"]).split())
    return str(error["msg"])


def _misnamed(kind: str, located: _Located, name: str | int) -> _Fault:
    (path, entry, options), whole = located, (*located[0], name)
    if kind == "missing":
        return _Fault(whole, entry.place, f"{_at(whole)}missing; this setting is required")
    allowed = [field for option in options for field in _fields(option, entry)]
    if not path:
        allowed = ["extends", *allowed]
    kinds = f" ({_short(of)})" if (of := _kind(entry, options)) else ""
    where = f" in {_dotted(path)}{kinds}" if path else ""
    words = f"unknown setting {_quoted(str(name))}{where}{_choices(str(name), allowed)}"
    child = _child(entry, name)
    return _Fault(whole, child.key if child else entry.place, words)


def _unknown_kind(path: _Path, entry: _Entry, options: _Options) -> _Fault:
    stated = _child(entry, "kind") or entry
    kinds = [kind for option in options if isinstance(option, Family) for kind in option.kinds]
    kind = _shown(stated.value)
    words = f"unknown kind {_quoted(kind)} for {_dotted(path)}{_choices(kind, kinds)}"
    return _Fault((*path, "kind"), stated.place, words)


def _located(loc: _Path, model: type[Section], root: _Entry) -> _Located:
    """The entry that pydantic means, its path, and what it may be."""
    path: _Path = ()
    entry, options = root, _options(model)
    inside_member = False
    for part in loc:
        chosen = len(options) > 1 or any(isinstance(option, Family) for option in options)
        if chosen and not inside_member:  # pydantic names the member of the union or family
            inside_member = True
        elif (child := _child(entry, part)) is not None:
            path, options = (*path, part), _inside(options, part, entry)
            entry, inside_member = child, False
    return path, entry, options


def _choices(name: str, names: list[str]) -> str:
    hint = _suggestion(name, names) or "."
    return f"{hint} Allowed: {', '.join(names)}"


def _suggestion(name: str, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def _dotted(path: Iterable[str | int]) -> str:
    return ".".join(_short(str(part)) for part in path)


def _at(path: _Path) -> str:
    return f"{_dotted(path)}: " if path else ""


def _round(limit: Any) -> str:
    whole = isinstance(limit, float) and limit.is_integer() and abs(limit) < 1e15
    return str(int(limit)) if whole else str(limit)


def _got(value: Any) -> str:
    if isinstance(value, str):
        return f"text {_quoted(value)}"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else _short(_shown(value))


def _shown(value: Any) -> str:
    """A value as YAML would have it."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_shown(inner)}' for name, inner in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else f"{'-' if value < 0 else ''}.inf"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return str(value)


def _quoted(text: str) -> str:
    return f"'{_short(text)}'"


def _short(text: str) -> str:
    """The text on one line of at most 60 characters."""
    if not text.isprintable():
        text = text.encode("unicode_escape").decode("ascii")
    return text if len(text) <= 60 else f"{text[:57]}..."
