"""An answer to an SDK before anything is Django's: to make a response of it costs as much as to scrub an event."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps

from django.http import HttpRequest, HttpResponse


@dataclass(slots=True)
class Answer:
    """A status, a body and the headers; all are ASCII, and on one line."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def as_response(self) -> HttpResponse:
        """Return the same as Django has it."""
        response = HttpResponse(self.body, status=self.status, headers=self.headers)
        if "Content-Type" not in self.headers:
            del response.headers["Content-Type"]  # Django's own
        # Else Django logs an error for each 503 of a night when the database is away. What there is to say was said.
        response._has_been_logged = True  # type: ignore[attr-defined]  # Django's own mark
        return response


View = Callable[..., Answer]


def as_django_calls_it(view: View) -> Callable[..., HttpResponse]:
    """Return a view that answers the same; ``__wrapped__`` is the one that was given."""

    @wraps(view)
    def responding(request: HttpRequest, **named: str) -> HttpResponse:
        return view(request, **named).as_response()

    return responding
