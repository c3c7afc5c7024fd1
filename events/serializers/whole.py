"""An event as answers show it: whole, or as an item of a list (contract 7.10)."""

from collections.abc import Mapping
from typing import Any

from events import answers
from events.reading.shapes import EventShown
from events.serializers.entries import describe_entries
from issues.answers import Release
from projects.serializers import iso

USER = ("id", "email", "username", "ip_address", "name")


def describe_event(event: EventShown, release: Release | None) -> answers.Event:
    """Return a whole event. No key is left out: what is unknown is null, or empty.

    :param release: the one that it names, if it is there.
    """
    return {
        "id": event.id.hex,
        "eventID": event.id.hex,
        "groupID": None if event.issue_id is None else str(event.issue_id),
        "projectID": str(event.project_id),
        "title": event.title,
        "message": _message(event),
        "culprit": event.culprit,
        "type": event.type,
        "platform": event.platform or None,
        "metadata": dict(event.metadata),
        "location": event.location or None,
        "dateCreated": iso(event.seen_at),
        "dateReceived": iso(event.received_at),
        "size": event.size,
        "release": release,
        "dist": event.dist or None,
        "user": _user(event.user),
        "sdk": _sdk(event.sdk),
        "contexts": {name: {"type": name, **context} for name, context in event.contexts.items()},
        "context": dict(event.extra),
        "packages": dict(event.packages),
        "errors": [_error(name) for name in event.errors],
        "tags": _tags(event),
        "fingerprints": [] if event.fingerprint is None else [event.fingerprint.hex],
        "entries": describe_entries(event.entries),
        "previousEventID": None if event.previous_id is None else event.previous_id.hex,
        "nextEventID": None if event.next_id is None else event.next_id.hex,
        "occurrence": None,
        "_meta": {},
        "userReport": None,
        "sdkUpdates": [],
        "resolvedWith": [],
    }


def describe_item(event: EventShown) -> answers.EventItem:
    """Return an event as an item of a list, without its parts."""
    return {
        "id": event.id.hex,
        "eventID": event.id.hex,
        "groupID": None if event.issue_id is None else str(event.issue_id),
        "projectID": str(event.project_id),
        "event.type": event.type,
        "type": event.type,
        "title": event.title,
        "message": _message(event),
        "culprit": event.culprit,
        "platform": event.platform or None,
        "metadata": dict(event.metadata),
        "location": event.location or None,
        "dateCreated": iso(event.seen_at),
        "dateReceived": iso(event.received_at),
        "size": event.size,
        "dist": event.dist or None,
        "user": _user(event.user),
        "sdk": _sdk(event.sdk),
        "errors": [_error(name) for name in event.errors],
        "tags": _tags(event),
        "fingerprints": [] if event.fingerprint is None else [event.fingerprint.hex],
        "crashFile": None,
    }


def describe_whole_item(event: EventShown, release: Release | None) -> answers.WholeEventItem:
    """Return a whole event as an item of a list."""
    return {**describe_event(event, release), "event.type": event.type, "crashFile": None}


def _message(event: EventShown) -> str:
    return event.message or event.title


def _tags(event: EventShown) -> list[answers.EventTag]:
    return [{"key": key, "value": value} for key, value in event.tags]


def _error(name: str) -> answers.EventError:
    return {"type": "invalid_data", "message": "Discarded invalid value", "data": {"name": name}}


def _sdk(sdk: Mapping[str, Any]) -> dict[str, str]:
    return {key: value for key, value in sdk.items() if isinstance(value, str)}


def _user(user: Mapping[str, Any]) -> answers.EventUser | None:
    if not user:
        return None
    words = {key: user[key] if isinstance(user.get(key), str) else None for key in USER}
    data = user.get("data")
    more = {key: value for key, value in user.items() if key not in (*USER, "data", "geo")}
    return {
        "id": words["id"],
        "email": words["email"],
        "username": words["username"],
        "ip_address": words["ip_address"],
        "name": words["name"],
        "data": {**(data if isinstance(data, dict) else {}), **more},
    }
