"""The floor of taking an event in: a WSGI function on the server of the service.

It decodes, groups, compresses, and commits one statement. It knows one encoding, one kind of body and no key, takes
nothing out of the event, and has no Django in its way.
"""

import json
import threading
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import brotli
import psycopg2
from django.db import connection as django_connection

from benchmarks.events.sql import ACCEPT
from events.meaning.exceptions import read_exceptions
from events.meaning.fields import Errors
from events.meaning.grouping import fingerprints
from events.meaning.packing import as_json, compress
from events.meaning.shapes import Subject

_of_thread = threading.local()


def cursor() -> Any:
    """Return a cursor of a connection of this thread's own, as the service has it."""
    if not hasattr(_of_thread, "cursor"):
        connection = psycopg2.connect(**django_connection.get_connection_params())
        connection.autocommit = True
        _of_thread.cursor = connection.cursor()
        _of_thread.cursor.execute("SET TIME ZONE 'UTC'")
    return _of_thread.cursor


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Take an event in."""
    received_at = datetime.now(UTC)
    header, _, rest = brotli.decompress(environ["wsgi.input"].read()).partition(b"\n")
    item, _, rest = rest.partition(b"\n")
    event = json.loads(rest[: json.loads(item)["length"]])
    cursor().execute(ACCEPT, _params(environ["PATH_INFO"], event, received_at))
    answer = json.dumps({"id": json.loads(header)["event_id"]}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]


def _params(path: str, event: dict[str, Any], received_at: datetime) -> dict[str, Any]:
    seen_at = datetime.fromisoformat(event["timestamp"])
    _, thrown = read_exceptions(event, Errors())
    subject = Subject(platform=event["platform"], exceptions=thrown)
    return {
        "project_id": int(path.split("/")[2]),
        "event_id": event["event_id"],
        "day": date(seen_at.year, seen_at.month, seen_at.day),
        "seen_at": seen_at,
        "received_at": received_at,
        "hash": fingerprints(subject)[0].hex,
        "level": event["level"],
        "user": event["user"]["id"],
        "release": event["release"],
        "environment": event["environment"],
        "data": compress(as_json(event)),
    }
