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


def such_as(schema: Schema, *examples: Any) -> Schema:
    """Return the schema with values for people: what pages make up from a pattern means nothing."""
    return schema | {"examples": list(examples)}


TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}
ID: Schema = {"type": "string", "pattern": "^[1-9][0-9]{0,18}$"}
HEX: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
URL: Schema = {"type": "string", "format": "uri"}
# From the first sign on: what generators of clients make looks for a pattern there, as Python's re.match does.
TIME: Schema = {"type": "string", "format": "date-time", "pattern": "^[0-9T:.-]+Z$"}
ANYTHING: Schema = {"type": "object"}
NONE: Schema = {"type": "array", "items": {}, "maxItems": 0}  # generators of clients drop a list that says no items
NOTHING: Schema = {"type": "object", "maxProperties": 0}
NULL: Schema = {"type": "null"}  # in a choice
ALWAYS_NULL: Schema = {"type": ["string", "null"], "const": None}  # a field; generators of clients know no NULL alone

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


@dataclass(frozen=True, eq=False)
class Name:
    """In ``Annotated``: the name in the document of what has none itself, such as a choice of several TypedDicts."""

    name: str


@dataclass(frozen=True, eq=False)
class SomeOf:
    """In ``Annotated``: an object with some of the keys of these TypedDicts, and no others."""

    kinds: tuple[Any, ...]


_SIMPLE: dict[Any, Schema] = {str: TEXT, int: {"type": "integer"}, bool: TRUTH, NoneType: ALWAYS_NULL, Any: {}}


def schema_of(kind: Any, named: Mapping[str, Any]) -> Schema:
    """Return the schema of a type that an answer is made of.

    A TypedDict holds its keys and no others. One of ``named`` is referred to by its name; :func:`definition_of` is what
    that stands for.

    :raises TypeError: there is no schema for such a type.
    """
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if is_typeddict(kind):
        name = str(getattr(kind, "__name__", ""))
        return ref(name) if named.get(name) is kind else record_of(kind, named)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        said = next((one for one in arguments if isinstance(one, Name)), None)
        if said is None:
            return _annotated(kind, named)
        if named.get(said.name) != kind:
            raise TypeError(f"The document has no {said.name}, or another one than {kind}.")
        return ref(said.name)
    if origin is NotRequired:  # said by the record
        return schema_of(arguments[0], named)
    if origin is Literal:
        # Which of the two is left out: openapi-generator makes a word of it, and no answer holds 'false'.
        return TRUTH if isinstance(arguments[0], bool) else one_of_words(*arguments)
    if origin in (Union, UnionType):
        schemas = [schema_of(one, named) for one in arguments if one is not NoneType]
        found = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
        return or_null(found) if NoneType in arguments else found
    if origin is list:
        return many(schema_of(arguments[0], named))
    if origin is dict and arguments[0] is str and arguments[1] is not Any:
        return {"type": "object", "additionalProperties": schema_of(arguments[1], named)}
    raise TypeError(f"There is no schema for {kind}.")


def definition_of(kind: Any, named: Mapping[str, Any]) -> Schema:
    """Return the schema of one of ``named`` itself."""
    return record_of(kind, named) if is_typeddict(kind) else _annotated(kind, named)


def _annotated(kind: Any, named: Mapping[str, Any]) -> Schema:
    bare, *said = get_args(kind)
    found = None
    for one in said:
        match one:
            case Form(schema):
                found = schema
            case SomeOf(kinds):
                each = [fields_of(one, named).items() for one in kinds]
                found = record(optional={key: schema for fields in each for key, schema in fields})
    found = schema_of(bare, named) if found is None else found
    sentence = next((one.sentence for one in said if isinstance(one, About)), None)
    return found if sentence is None else about(found, sentence)


def fields_of(kind: Any, named: Mapping[str, Any]) -> dict[str, Schema]:
    """Return the schema of each key of a TypedDict."""
    return {key: schema_of(value, named) for key, value in get_type_hints(kind, include_extras=True).items()}


def record_of(kind: Any, named: Mapping[str, Any]) -> Schema:
    """Return the schema of a TypedDict: it holds its keys, and no others."""
    fields = fields_of(kind, named)
    required = {key: schema for key, schema in fields.items() if key in kind.__required_keys__}
    optional = {key: schema for key, schema in fields.items() if key not in required}
    return record(optional=optional, **required)
