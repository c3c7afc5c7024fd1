"""Words to write a JSON Schema with, for the API's document."""

from typing import Any

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
