"""Names of a scenario's clients, and the check that there are as many as the data have."""

from collections.abc import Sequence

from simulator.agents.groups import ClientGroup
from simulator.errors import Problem, ScenarioError
from simulator.federation import DataClient
from simulator.federation.tasks.table import listed
from simulator.scenario.fits import numbered_groups

__all__ = ["group_lines", "names_from_data"]

CHOSEN_BY = (
    "clients",
    "federation.partition",
    "federation.task.kind",
    "federation.task.file",
    "federation.task.client",
    "federation.task.clients",
)
"""Settings that decide how many clients there are."""
PASTEABLE = 20
"""Clients that a message lists at most for the setting that chooses them."""


def names_from_data(
    in_data: Sequence[DataClient], groups: Sequence[ClientGroup], owners: Sequence[int]
) -> tuple[str, ...]:
    """The clients' names by those in the data, which go to the owners in turn.

    A Sybil owner's further identities are `<name>_sybil_1` and so on. Raises ScenarioError when
    there are not as many owners as clients in the data, or two names are equal.
    """
    firsts = sorted(set(owners))
    if len(firsts) != len(in_data):
        what = _mismatch(in_data, groups, len(firsts))
        raise ScenarioError([Problem("", what, ("clients",), CHOSEN_BY)])
    name_of = {first: each.name for first, each in zip(firsts, in_data, strict=True)}
    names = tuple(
        name_of[owner] if owner == client else f"{name_of[owner]}_sybil_{client - owner}"
        for client, owner in enumerate(owners)
    )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        what = f"two clients would have the name {twice!r}"
        raise ScenarioError([Problem("", what, ("clients",))])
    return names


def group_lines(groups: Sequence[ClientGroup], names: Sequence[str]) -> list[str]:
    """Which clients each group has, by number and name."""
    lines = []
    for number, (first, group) in enumerate(numbered_groups(groups)):
        members = [f"{n} {names[n]}" for n in range(first, first + group.count)]
        lines.append(f"clients.{number}, {group.behaviour.kind}: {listed(members, most=PASTEABLE)}")
    return lines


def _mismatch(in_data: Sequence[DataClient], groups: Sequence[ClientGroup], count: int) -> str:
    """What is wrong when the scenario has `count` clients, and what would do."""
    rows = listed(f"{each.name} ({each.rows} rows)" for each in in_data)
    has_sybil = any(group.behaviour.one_owner for group in groups)
    note = ", each sybil group counted once" if has_sybil else ""
    return (
        f"there are {count}{note}, but the data have {len(in_data)}, {rows}; "
        f"{_fitting_count(groups, len(in_data) - count)}{_fitting_choice(in_data, count)}"
    )


def _fitting_count(groups: Sequence[ClientGroup], missing: int) -> str:
    """The counts that would do, with `missing` more clients; Sybil identities count as one."""
    single = [number for number, group in enumerate(groups) if not group.behaviour.one_owner]
    changed = max(single, key=lambda number: groups[number].count, default=None)
    if changed is not None and groups[changed].count + missing >= 1:
        return f"set clients.{changed}.count={groups[changed].count + missing}"
    counts = ", ".join(str(group.count) for group in groups)
    return f"the counts {counts} in `clients` must come to {-missing} less"


def _fitting_choice(in_data: Sequence[DataClient], count: int) -> str:
    """The setting that chooses `count` clients; empty when the data have fewer."""
    if count >= len(in_data):
        return ""
    largest = sorted(in_data, key=lambda each: -each.rows)[:count]
    values = [each.value for each in in_data if each in largest]
    such = f"={values}, those with most rows" if count <= PASTEABLE else ""
    return f", or choose {count} of them by federation.task.clients{such}"
