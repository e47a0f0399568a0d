"""The catalogue: every component by the place that can hold it."""

from typing import Annotated, Literal

import pytest
from pydantic import Field

from simulator.components import Component, Family, Section, extended
from simulator.scenario import Scenario
from simulator.scenario.catalogue import defaults, places


def components(model: type[Section]) -> dict[str, tuple[type[Component], ...]]:
    return {path: found for path, found in places(model).items() if isinstance(found, tuple)}


class Base(Component):
    pass


class One(Base):
    """The first."""

    kind: Literal["one"] = "one"
    size: float = Field(2.0, description="How large.")


class Two(Base):
    """The second."""

    kind: Literal["two"] = "two"


Member = Annotated[Base, Family((One, Two))]


class Inner(Section):
    member: Member = One()
    plain: int = 3


class Outer(Section):
    inner: Inner = Inner()
    many: tuple[Inner, ...] = Field((), strict=False)
    members: tuple[Member, ...] = Field((), strict=False)


def test_families_are_found_at_any_depth() -> None:
    assert components(Outer) == {
        "inner.member": (One, Two),
        "many[].member": (One, Two),
        "members[]": (One, Two),
    }


def test_plugins_join_their_family_wherever_it_stands() -> None:
    class Three(Base):
        kind: Literal["three"] = "three"

    found = components(extended(Outer, [Three]))
    assert set(found.values()) == {(One, Two, Three)}
    assert set(found) == set(components(Outer))


def test_plain_settings_are_listed_by_section() -> None:
    found = places(Outer)
    assert set(found["inner"]) == set(found["many[]"]) == {"plain"}
    assert defaults(found["inner"]) == {"plain": (3, "")}
    assert set(found) - set(components(Outer)) == {"inner", "many[]"}


def test_every_setting_of_a_scenario_is_documented() -> None:
    for path, found in places(Scenario).items():
        if isinstance(found, dict):
            assert all(description for _, description in defaults(found).values()), path


def test_parameters_come_with_default_and_description() -> None:
    assert defaults(One.model_fields) == {"size": (2.0, "How large.")}
    assert defaults(Two.model_fields) == {}


def test_the_scenario_has_its_families() -> None:
    found = components(Scenario)
    assert {
        "federation.task",
        "federation.partition",
        "federation.contribution",
        "clients[].behaviour",
        "clients[].policy",
        "market.curve",
        "market.clearing",
        "liquidity_providers[].strategy",
        "investors[].strategy",
        "investors[].wealth",
    } <= set(found)


@pytest.mark.parametrize("path", components(Scenario))
def test_every_component_is_documented_and_has_its_own_kind(path: str) -> None:
    members = components(Scenario)[path]
    kinds = [member.model_fields["kind"].default for member in members]
    assert len(set(kinds)) == len(kinds)
    for member in members:
        assert member.__doc__ and member.__doc__.strip().splitlines()[0].endswith((".", ",", ")"))
        for name, (_, description) in defaults(member.model_fields).items():
            assert description, f"{member.__name__}.{name} has no description"
