"""Events as SDKs send them, as the page of an issue is handed them."""

from typing import Any
from uuid import UUID

from events.reading.shapes import EventShown
from events.reading.shaping import shape
from tests.events.meaning.asking import AT, read_event


def shown_of(event: dict[str, Any]) -> EventShown:
    """Return what is shown of an event that an SDK sent so."""
    return shape(
        read_event(event).data,
        project_id=1,
        issue_id=2,
        event_id=UUID(int=3),
        fingerprint=UUID(int=4),
        seen_at=AT,
        received_at=AT,
    )


def frame(name: str, *, own: bool = True, **said: Any) -> dict[str, Any]:
    """Return a frame with its source, in a function of this name."""
    return {
        **{"function": name, "module": "pump.run", "filename": "run.py", "abs_path": "/srv/run.py", "in_app": own},
        **{"lineno": 42, "pre_context": ["a = 1"], "context_line": "b = a / 0", "post_context": ["return b"]},
        **said,
    }


def thrown(type_: str, *frames: dict[str, Any], value: str = "", **said: Any) -> dict[str, Any]:
    return {"type": type_, "value": value, "stacktrace": {"frames": list(frames)}, **said}


def failing(*exceptions: dict[str, Any], **said: Any) -> dict[str, Any]:
    """Return an event with this chain, oldest first, as it is sent."""
    return {"exception": {"values": list(exceptions)}, "platform": "python", **said}
