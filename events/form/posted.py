"""What one request held."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Posted:
    """What one request held that is of use here, and a count of the rest."""

    event: dict[str, Any] | None = None  # the first one, as it was sent; None when there is none
    # Of the envelope's header, or of what /store/ passed over; None when there is none, or the nil one.
    event_id: UUID | None = None
    sent_at: datetime | None = None
    reports: tuple[dict[str, Any], ...] = ()  # what the client says that it lost
    # How many items were passed over, by the words of X-Sentry-Rate-Limits.
    passed_over: Mapping[str, int] = field(default_factory=dict)
    is_csp: bool = False  # the event is {"csp": {...}}, made of a browser's report
