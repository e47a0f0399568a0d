"""YAML text to nodes: one document, no tags, limited nesting and aliases."""

from collections.abc import Iterator
from typing import Any

import yaml

__all__ = ["Composer", "message_of"]

MOST_VALUES = 100_000
DEEPEST = 50


class RefusedError(yaml.MarkedYAMLError):
    """Valid YAML that is not allowed here."""

    def __init__(self, what: str, event: Any) -> None:
        super().__init__(problem=what, problem_mark=event.start_mark)


class Composer(yaml.BaseLoader):
    """Composes nodes without resolving tags; limits nesting and aliases."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.tagged: list[Any] = []
        self.depth = 0
        self.extents: dict[int, tuple[int, int]] = {}

    def document(self) -> yaml.Node | None:
        """The root of the only document, or None without a document."""
        root = self.get_node() if self.check_node() else None
        if self.check_node():
            raise RefusedError("only one document is allowed in a file", self._next())
        return root

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self._next()
        if isinstance(event, yaml.AliasEvent):
            target = self.anchors.get(event.anchor)
            if target is not None and id(target) not in self.extents:
                raise RefusedError("an alias may not contain itself", event)
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
        """Number of values in the node and its depth, with aliases expanded."""
        if id(node) not in self.extents:
            inside = [self.extents[id(child)] for child in _children(node)]
            values = 1 + sum(values for values, _ in inside)
            self.extents[id(node)] = values, 1 + max((height for _, height in inside), default=0)
        return self.extents[id(node)]

    def _check(self, event: Any, depth: int, values: int = 1) -> None:
        if depth > DEEPEST:
            raise RefusedError(f"nested deeper than {DEEPEST} levels", event)
        if values > MOST_VALUES:
            raise RefusedError(f"more than {MOST_VALUES:,} values, aliases written out", event)


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from (key, value)
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def message_of(error: yaml.MarkedYAMLError) -> str:
    """The message of an error of `Composer`, on one line."""
    if isinstance(error, RefusedError):
        return str(error.problem)
    start = error.context_mark
    where = f" begun at line {start.line + 1}, column {start.column + 1}" if start else ""
    context = f"{error.context}{where}: " if error.context else ""
    return f"not valid YAML: {context}{error.problem}"
