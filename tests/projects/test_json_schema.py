"""The schema of a type: what the API's document says of an answer that mypy knows."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pytest

from projects.json_schema import About, Form, Name, SomeOf, definition_of, record_of, schema_of


class Place(TypedDict):
    slug: str


class Team(Place):
    """One with a name."""

    size: Annotated[int, Form({"type": "integer", "minimum": 0}), About("Members.")]
    lead: NotRequired[str | None]


AnyPlace = Annotated[Place | Team, Name("AnyPlace"), About("With a name or without.")]
Parts = Annotated[dict[str, object], Name("Parts"), SomeOf((Place, Team))]
NAMED = {"Team": Team, "AnyPlace": AnyPlace, "Parts": Parts}
PLACE = {
    "type": "object",
    "properties": {"slug": {"type": "string"}},
    "required": ["slug"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (str, {"type": "string"}),
        (int, {"type": "integer"}),
        (bool, {"type": "boolean"}),
        (None.__class__, {"type": ["string", "null"], "const": None}),
        (str | None, {"type": ["string", "null"]}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Literal["a"] | None, {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}),
        (Literal[True], {"type": "boolean"}),
        (str | int, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        (Annotated[str, About("Its name.")], {"type": "string", "description": "Its name."}),
        (Annotated[Any, Form({"type": "object"})], {"type": "object"}),
        (Team, {"$ref": "#/components/schemas/Team"}),
        (Team | None, {"anyOf": [{"$ref": "#/components/schemas/Team"}, {"type": "null"}]}),
        (list[Place], {"type": "array", "items": PLACE}),
        (
            dict[str, list[int]],
            {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "integer"}}},
        ),
        (AnyPlace, {"$ref": "#/components/schemas/AnyPlace"}),
        (AnyPlace | None, {"anyOf": [{"$ref": "#/components/schemas/AnyPlace"}, {"type": "null"}]}),
    ],
    ids=str,
)
def test_says_what_a_type_says(kind: Any, schema: dict[str, Any]) -> None:
    assert schema_of(kind, NAMED) == schema


def test_a_record_holds_its_keys_in_their_order_and_no_others() -> None:
    schema = record_of(Team, NAMED)

    assert schema == {
        "type": "object",
        "properties": {
            "slug": {"type": "string"},
            "size": {"type": "integer", "minimum": 0, "description": "Members."},
            "lead": {"type": ["string", "null"]},
        },
        "required": ["slug", "size"],
        "additionalProperties": False,
    }
    assert list(schema["properties"]) == ["slug", "size", "lead"]


def test_a_name_stands_for_a_choice_of_several() -> None:
    assert definition_of(AnyPlace, NAMED) == {
        "anyOf": [PLACE, {"$ref": "#/components/schemas/Team"}],
        "description": "With a name or without.",
    }


def test_some_of_the_keys_of_several_are_all_of_them_and_none_is_required() -> None:
    schema = definition_of(Parts, NAMED)

    assert (list(schema["properties"]), schema["required"]) == (["slug", "size", "lead"], [])
    assert schema["additionalProperties"] is False


def test_refuses_a_name_that_the_document_has_not_or_has_for_another() -> None:
    for named in ({}, NAMED | {"AnyPlace": Place}):
        with pytest.raises(TypeError, match="The document has no AnyPlace, or another one"):
            schema_of(AnyPlace, named)


@pytest.mark.parametrize("kind", [dict[str, Any], object, bytes])
def test_refuses_a_type_that_it_does_not_know(kind: Any) -> None:
    with pytest.raises(TypeError, match="There is no schema for"):
        schema_of(kind, NAMED)
