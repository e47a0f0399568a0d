"""Components: families are chosen by kind, and extended without changing the original."""

import math
from typing import Annotated, Literal

import pytest
from pydantic import Field

from simulator.components import Component, Family, Section, extended
from simulator.errors import Problem, ScenarioError


class Shape(Component):
    size: float = Field(1.0, gt=0)


class Circle(Shape):
    kind: Literal["circle"] = "circle"


class Square(Shape):
    kind: Literal["square"] = "square"


class Frame(Shape):
    kind: Literal["frame"] = "frame"
    inside: Annotated[Shape, Family((Circle, Square))] = Circle()


class Colour(Component):
    kind: Literal["colour"] = "colour"


class Star(Shape):
    """Somebody's own shape."""

    kind: Literal["star"] = "star"
    points: int = Field(5, ge=2)


class Layer(Section):
    shape: Annotated[Shape, Family((Circle, Square, Frame))] = Circle()


class Drawing(Section):
    shape: Annotated[Shape, Family((Square, Circle))] = Field(Square(), description="What it is.")
    optional: Annotated[Shape, Family((Circle,))] | None = None
    several: Annotated[tuple[Annotated[Shape, Family((Circle,))], ...], Field(strict=False)] = ()
    layer: Layer = Layer()
    layers: Annotated[tuple[Layer, ...], Field(strict=False)] = ()
    maybe: Layer | None = None
    number: Annotated[int, Field(ge=0)] = 0


STAR = {"kind": "star", "points": 7}
PLACES = {
    "a field": {"shape": STAR},
    "an optional field": {"optional": STAR},
    "a tuple": {"several": [{}, STAR]},
    "a section's field": {"layer": {"shape": STAR}},
    "a tuple of sections": {"layers": [{}, {"shape": STAR}]},
    "an optional section": {"maybe": {"shape": STAR}},
    "a member of a family": {"layer": {"shape": {"kind": "frame", "inside": STAR}}},
}


def kind_of_value(given: object) -> str | None:
    return Family((Square, Circle)).kind_of(given)


def test_a_family_knows_its_members_by_kind_in_their_order():
    assert list(Family((Square, Circle)).kinds.items()) == [("square", Square), ("circle", Circle)]


def test_the_kind_is_the_stated_one_or_the_first():
    assert kind_of_value({"kind": "circle", "size": 2.0}) == "circle"
    assert kind_of_value({"size": 2.0}) == "square"
    assert kind_of_value(Circle()) == "circle"
    assert kind_of_value(["circle"]) is None
    assert kind_of_value({"kind": 3}) == "3"


def test_a_mapping_becomes_the_component_of_its_kind():
    assert Drawing.model_validate({"shape": {"kind": "circle", "size": 2.0}}).shape == Circle(
        size=2.0
    )
    assert Drawing.model_validate({"shape": {"size": 3.0}}).shape == Square(size=3.0)
    assert Drawing(shape=Circle()).shape == Circle()


@pytest.mark.parametrize(
    "wrong, error",
    [
        ({"shape": {"kind": "cube"}}, "unknown kind 'cube' for shape. Allowed: square, circle"),
        ({"shape": {"kind": "frame"}}, "unknown kind 'frame' for shape. Allowed: square, circle"),
        ({"shape": Colour()}, "unknown kind 'colour' for shape. Allowed: square, circle"),
        (
            {"shape": "circle"},
            "shape: expected a mapping (like {kind: circle}), got text 'circle'",
        ),
        (
            {"shape": Circle},
            "shape: expected a mapping (like {kind: square}), got the class Circle; write "
            "Circle(...)",
        ),
        (
            {"shape": {"kind": "circle", "sise": 2.0}},
            "unknown setting 'sise' in shape (circle); did you mean 'size'? Allowed: kind, size",
        ),
        (
            {"shape": {"kind": "circle", "size": 0.0}},
            "shape.size: 0.0 is too small; it must be greater than 0",
        ),
        (
            {"shape": {"kind": "circle", "size": math.inf}},
            "shape.size: expected a finite number, got .inf",
        ),
        (
            {"shape": {"kind": "circle", "size": "2"}},
            "shape.size: expected a number, got text '2'; write 2 without quotes",
        ),
        ({"number": True}, "number: expected a whole number, got true"),
        ({"several": Circle()}, "several: expected a list, got a mapping"),
        ({"layers": Layer()}, "layers: expected a list, got a mapping"),
    ],
)
def test_what_is_not_in_the_family_is_refused_in_one_line(wrong, error):
    for make in (Drawing.model_validate, lambda given: Drawing(**given)):
        with pytest.raises(ScenarioError) as caught:
            make(wrong)
        assert caught.value.problems == (Problem("Drawing", error),)
        assert isinstance(caught.value, ValueError)


def test_an_impostor_with_the_kind_of_a_member_is_refused():
    class Impostor(Component):
        kind: Literal["circle"] = "circle"

    for make in (Drawing.model_validate, lambda given: Drawing(**given)):
        with pytest.raises(ScenarioError, match=r"shape: expected a mapping, got Impostor\(\)"):
            make({"shape": Impostor()})

    class Round(Circle):
        """Of the family, but with the kind of its base."""

    message = "two components of kind circle in one place, Circle and Round; give one of them"
    with pytest.raises(ScenarioError, match=message):
        Drawing(shape=Round())


def test_components_never_change():
    with pytest.raises(ScenarioError, match=r"^Circle: size cannot be set; make a copy .*changed"):
        Circle().size = 2.0


@pytest.mark.parametrize("given", PLACES.values(), ids=PLACES)
def test_an_extended_model_knows_the_newcomer_everywhere(given):
    assert "points=7" in repr(extended(Drawing, [Star]).model_validate(given))
    with pytest.raises(ScenarioError, match="unknown kind 'star'"):
        Drawing.model_validate(given)


def test_extending_leaves_the_original_as_it_was():
    schema, fields = Drawing.model_json_schema(), repr(Drawing.model_fields)
    wider = extended(Drawing, [Star])
    assert issubclass(wider, Drawing)
    assert wider.__name__ == "Drawing"
    assert Drawing.model_json_schema() == schema
    assert repr(Drawing.model_fields) == fields


def test_an_extended_model_keeps_defaults_descriptions_and_constraints():
    wider = extended(Drawing, [Star])
    assert wider().model_dump() == Drawing().model_dump()
    assert wider.model_fields["shape"].description == "What it is."
    assert wider.model_validate({"shape": {}, "optional": {}}).shape == Square()
    with pytest.raises(ScenarioError, match="at least 0"):
        wider.model_validate({"number": -1})
    with pytest.raises(ScenarioError, match="1 is too small; it must be at least 2"):
        wider.model_validate({"shape": {"kind": "star", "points": 1}})


def test_nothing_to_add_gives_the_model_itself():
    assert extended(Drawing, []) is Drawing
    assert extended(Drawing, [Colour]) is Drawing


def test_newcomers_join_families_of_their_base_only():
    class Palette(Section):
        colour: Annotated[Colour, Family((Colour,))] = Colour()
        shape: Annotated[Shape, Family((Circle,))] = Circle()

    wider = extended(Palette, [Star])
    assert wider.model_fields["colour"] is Palette.model_fields["colour"] or (
        wider.model_fields["colour"].metadata == Palette.model_fields["colour"].metadata
    )
    with pytest.raises(ScenarioError, match="unknown kind 'star' for colour"):
        wider.model_validate({"colour": STAR})


def test_a_newcomer_cannot_take_a_kind_that_is_taken():
    class Fake(Shape):
        kind: Literal["circle"] = "circle"

    with pytest.raises(ValueError, match="two components of kind circle"):
        extended(Drawing, [Fake])


def test_an_extended_model_takes_sections_of_the_original():
    assert extended(Drawing, [Star])(layer=Layer(shape=Square())).layer.shape == Square()
