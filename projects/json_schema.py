"""Words to write a JSON Schema with, for the API's document; and the schema of a type."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def record(*, optional: dict[str, Schema] | None = None, **fields: Schema) -> Schema:
    """Return an object that holds these fields, and no others."""
    return {
        "type": "object",
        "properties": fields | (optional or {}),
        "required": list(fields),
        "additionalProperties": False,
    }


def body(**fields: Schema) -> Schema:
    """Return an object that may hold these fields; others are ignored."""
    return {"type": "object", "properties": fields}


def body_with(name: str, schema: Schema, /, **fields: Schema) -> Schema:
    """Return the same with a first field that it must hold."""
    return body(**{name: schema}, **fields) | {"required": [name]}


def many(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def or_null(schema: Schema) -> Schema:
    if "type" not in schema or "enum" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return schema | {"type": [schema["type"], "null"]}


def one_of_words(*words: str) -> Schema:
    return {"type": "string", "enum": list(words)}


def number(minimum: int = 0, maximum: int | None = None) -> Schema:
    return {"type": "integer", "minimum": minimum, **({} if maximum is None else {"maximum": maximum})}


def about(schema: Schema, description: str) -> Schema:
    """Return the schema with a sentence for people."""
    return schema | {"description": description}


TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}
ID: Schema = {"type": "string", "pattern": "^[1-9][0-9]{0,18}$"}
HEX: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
URL: Schema = {"type": "string", "format": "uri"}
TIME: Schema = {"type": "string", "format": "date-time", "pattern": "Z$"}
ANYTHING: Schema = {"type": "object"}
NONE: Schema = {"type": "array", "maxItems": 0}
NOTHING: Schema = {"type": "object", "maxProperties": 0}
NULL: Schema = {"type": "null"}

# ---------------------------------------------------------------------------------------------------------------------
# Of types
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Form:
    """In ``Annotated``: the schema of a value, where its type says less."""

    schema: Schema


@dataclass(frozen=True, eq=False)
class About:
    """In ``Annotated``: a sentence for people."""

    sentence: str


_SIMPLE: dict[Any, Schema] = {str: TEXT, int: {"type": "integer"}, bool: TRUTH, NoneType: NULL, Any: {}}


def schema_of(kind: Any, named: Mapping[str, Any]) -> Schema:
    """Return the schema of a type that an answer is made of.

    A TypedDict holds its keys and no others; one of ``named`` is referred to by its name, unless it is asked for itself
    (:func:`record_of`).

    :raises TypeError: there is no schema for such a type.
    """
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if is_typeddict(kind):
        name = str(getattr(kind, "__name__", ""))
        return ref(name) if named.get(name) is kind else record_of(kind, named)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        bare, *said = arguments
        form = next((one for one in said if isinstance(one, Form)), None)
        found = schema_of(bare, named) if form is None else form.schema
        sentence = next((one for one in said if isinstance(one, About)), None)
        return found if sentence is None else about(found, sentence.sentence)
    if origin is NotRequired:  # said by the record
        return schema_of(arguments[0], named)
    if origin is Literal:
        return (
            {"type": "boolean", "const": arguments[0]} if isinstance(arguments[0], bool) else one_of_words(*arguments)
        )
    if origin in (Union, UnionType):
        schemas = [schema_of(one, named) for one in arguments if one is not NoneType]
        found = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
        return or_null(found) if NoneType in arguments else found
    if origin is list:
        return many(schema_of(arguments[0], named))
    raise TypeError(f"There is no schema for {kind}.")


def record_of(kind: Any, named: Mapping[str, Any]) -> Schema:
    """Return the schema of a TypedDict: it holds its keys, and no others."""
    fields = {key: schema_of(value, named) for key, value in get_type_hints(kind, include_extras=True).items()}
    required = {key: schema for key, schema in fields.items() if key in kind.__required_keys__}
    optional = {key: schema for key, schema in fields.items() if key not in required}
    return record(optional=optional, **required)
