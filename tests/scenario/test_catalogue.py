"""The catalogue: every component by the place that can hold it."""

from typing import Annotated, Literal

import pytest
from pydantic import Field

from simulator.components import Component, Family, Section, extended
from simulator.scenario import Scenario
from simulator.scenario.catalogue import defaults, places


def components(model: type[Section]) -> dict[str, tuple[type[Component], ...]]:
    return {path: content for path, content in places(model).items() if isinstance(content, tuple)}


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

    families = components(extended(Outer, [Three]))
    assert set(families.values()) == {(One, Two, Three)}
    assert set(families) == set(components(Outer))


def test_plain_settings_are_listed_by_section() -> None:
    contents = places(Outer)
    assert set(contents["inner"]) == set(contents["many[]"]) == {"plain"}
    assert defaults(contents["inner"]) == {"plain": (3, "")}
    assert set(contents) - set(components(Outer)) == {"inner", "many[]"}


def test_every_setting_of_a_scenario_is_documented() -> None:
    for path, content in places(Scenario).items():
        if isinstance(content, dict):
            assert all(description for _, description in defaults(content).values()), path


def test_parameters_come_with_default_and_description() -> None:
    assert defaults(One.model_fields) == {"size": (2.0, "How large.")}
    assert defaults(Two.model_fields) == {}


def test_the_scenario_has_its_families() -> None:
    families = components(Scenario)
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
    } <= set(families)


@pytest.mark.parametrize("path", components(Scenario))
def test_every_component_is_documented_and_has_its_own_kind(path: str) -> None:
    members = components(Scenario)[path]
    kinds = [member.model_fields["kind"].default for member in members]
    assert len(set(kinds)) == len(kinds)
    for member in members:
        assert member.__doc__ and member.__doc__.strip().splitlines()[0].endswith((".", ",", ")"))
        for name, (_, description) in defaults(member.model_fields).items():
            assert description, f"{member.__name__}.{name} has no description"
