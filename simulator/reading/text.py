"""YAML text: parsed into entries, and written so that it parses to equal settings.

Scalars follow the core schema of YAML 1.2 (`on` and `12:30` are text).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from simulator.reading.entries import Entry, Findings, Keys, Place, stop
from simulator.reading.nodes import Composer, message_of
from simulator.reading.words import described, dotted, path_prefix, quoted

__all__ = ["Source", "dump"]

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
BREAK = re.compile("[\x85\u2028\u2029]")  # PyYAML may write these as line breaks and read "\n"
CORE = "tag:yaml.org,2002:"


def dump(settings: Mapping[str, Any]) -> str:
    """YAML that `Source` parses to equal settings.

    Quotes text that would otherwise have another type there or in a YAML 1.1 parser.
    """
    text: str = yaml.dump(
        dict(settings), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )
    return text


@dataclass(frozen=True)
class Source:
    """A named text; its rank is the number of texts read before it."""

    name: str
    rank: int
    findings: Findings

    @property
    def whole(self) -> Place:
        """The place of the text as a whole."""
        return Place(self.rank, 0, 0, self.name)

    def place(self, mark: Any) -> Place:
        """The place of a PyYAML mark."""
        return Place(self.rank, mark.line + 1, mark.column + 1, self.name)

    def decode(self, content: bytes) -> str:
        """The text of a file, with Windows line endings replaced."""
        try:
            text = content.decode("utf-8").removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            what = f"the file is not UTF-8 text: byte {error.start} is 0x{content[error.start]:02x}"
            stop(self.findings, self.whole, what)
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def parse(self, text: str) -> Entry | None:
        """The entries of the text's only document, or None if it is empty."""
        composer = None
        try:
            composer = Composer(text)
            root = composer.document()
        except yaml.reader.ReaderError as error:
            lines = text[: error.position].split("\n")
            place = Place(self.rank, len(lines), len(lines[-1]) + 1, self.name)
            what = f"the character {text[error.position]!a} is not allowed in YAML"
            stop(self.findings, place, what)
        except yaml.MarkedYAMLError as error:
            stop(self.findings, self.place(error.problem_mark), message_of(error))
        except (ValueError, OverflowError):  # PyYAML lets "\UFFFFFFFF" and long versions through
            place = self.place(composer.get_mark()) if composer else self.whole
            stop(self.findings, place, "not valid YAML: a number or a character code is too large")
        for event in composer.tagged:
            tag = event.tag.replace(CORE, "!!")
            self._report(event, f"tags are not allowed, remove {quoted(tag)}")
        return None if root is None or _is_blank(root) else self._entry(root, ())

    def _report(self, node: Any, what: str) -> None:
        self.findings.append((self.place(node.start_mark), what))

    def _entry(self, node: yaml.Node, path: Keys) -> Entry:
        if isinstance(node, yaml.MappingNode):
            value: Any = self._mapping(node, path)
        elif isinstance(node, yaml.SequenceNode):
            value = [self._entry(item, (*path, index)) for index, item in enumerate(node.value)]
        else:
            value = self._scalar(node, path)
        place = self.place(node.start_mark)
        return Entry(value, place, place)

    def _mapping(self, node: yaml.MappingNode, path: Keys) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for key, value, *rest in _with_decimals(node):
            if (name := self._name(key, path)) is None:
                continue
            entry = self._entry(value, (*path, name))
            if rest:
                entry.value = ",".join(each.value for each in (value, *rest))
            entry.key = self.place(key.start_mark)
            first = entries.setdefault(name, entry)
            if first is not entry:
                where = f"line {first.key.line}, column {first.key.column}"
                self._report(key, f"{path_prefix((*path, name))}given twice, first at {where}")
        return entries

    def _name(self, key: yaml.Node, path: Keys) -> str | None:
        inside = f" in {dotted(path)}" if path else ""
        if not isinstance(key, yaml.ScalarNode):
            self._report(key, f"the name of a setting{inside} must be text")
            return None
        if key.value == "<<" and not key.style:
            self._report(key, f"merge keys ('<<'){inside} are not supported; use extends")
            return None
        name = self._scalar(key, path)
        if isinstance(name, str):
            return name
        rule = f"the name of a setting{inside} must be text"
        self._report(key, f"{rule}, got {described(name)}; put it in quotes")
        return str(key.value)

    def _scalar(self, node: Any, path: Keys) -> Any:
        text = str(node.value)
        if SURROGATE.search(text):
            self._report(node, f"{quoted(text)} holds half of a surrogate pair, not a character")
            return SURROGATE.sub("?", text)
        value = text if node.style else _scalar_value(text)
        if isinstance(value, int | float) and len(text) > LONGEST_NUMBER:
            self._report(node, f"{path_prefix(path)}a number of more than {LONGEST_NUMBER} digits")
        return value


def _scalar_value(text: str) -> Any:
    """The value of a plain scalar in the core schema of YAML 1.2."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if WHOLE.fullmatch(text) and len(text) <= LONGEST_NUMBER:
        return int(text)
    if BASED.fullmatch(text):
        return int(text, base=0)
    if REAL.fullmatch(text):
        return float(text.replace(".", "") if text[-1].isalpha() else text)
    return text


def _with_decimals(node: yaml.MappingNode) -> Iterator[list[Any]]:
    """Keys with their values, and what follows the comma of a value such as 0,3.

    YAML reads `{fee: 0,3}` as a fee of 0 and a setting 3 without a value, which nobody means.
    """
    pairs: list[list[Any]] = []
    for key, value in node.value:
        before = pairs[-1][-1:] if pairs else []
        if before and _follows(before[0], key) and _is_blank(value):
            pairs[-1].append(key)
        else:
            pairs.append([key, value])
    yield from pairs


def _follows(number: Any, key: Any) -> bool:
    """Whether both are plain numbers with nothing but a comma between them."""
    is_adjacent = number.end_mark.index + 1 == key.start_mark.index
    return is_adjacent and _is_plain_number(number) and _is_plain_number(key)


def _is_plain_number(node: yaml.Node) -> bool:
    is_plain = isinstance(node, yaml.ScalarNode) and not node.style
    return is_plain and isinstance(_scalar_value(str(node.value)), int | float)


def _is_blank(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.value and not node.style


class _Dumper(yaml.SafeDumper):
    """Omits quotes only around text that is read back as text."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        parsed = _scalar_value(value) if kind is yaml.ScalarNode and implicit[0] else ""
        if isinstance(parsed, str):
            return super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
        return CORE + ("null" if parsed is None else type(parsed).__name__)

    def represent_text(self, text: str) -> yaml.ScalarNode:
        return self.represent_scalar(f"{CORE}str", text, style='"' if BREAK.search(text) else None)


_Dumper.add_representer(str, _Dumper.represent_text)
