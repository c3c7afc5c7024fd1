"""What the HTTP server calls: Django, behind what must be done before it looks at a request."""

import os
from collections.abc import Iterable
from http.client import responses
from io import BytesIO
from wsgiref.types import StartResponse, WSGIEnvironment

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.db import connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "issuetracker.settings")
_django = get_wsgi_application()

from events.form.refusals import TooLarge  # noqa: E402
from issuetracker.middleware import AddressOfSdks, address_of_sdks, answer_to_sdk  # noqa: E402
from issuetracker.server import LARGE_BODY_ADDRESSES, BodyTooLong, Unread  # noqa: E402
from projects.api.negotiation import BodyTooLarge  # noqa: E402  # DRF reads the settings when it is imported


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer one request, which the server has received whole.

    :raises BodyTooLong: all but its body, which is too long; the server answers then.
    """
    keep_media_type(environ)
    refuse_too_long(environ)
    address = address_of_sdks(environ["PATH_INFO"])
    return _django(environ, start_response) if address is None else _answer_to_sdk(environ, start_response, address)


def _answer_to_sdk(environ: WSGIEnvironment, start_response: StartResponse, address: AddressOfSdks) -> list[bytes]:
    """Answer past Django's handler, whose signals and layers cost a seventh of what it costs to take an event in.

    One thing of what it does is needed here: a connection that an error has left behind is looked at, or closed.
    """
    connection.close_if_unusable_or_obsolete()
    answer = answer_to_sdk(WSGIRequest(environ), address)
    start_response(f"{answer.status} {responses[answer.status]}", list(answer.headers.items()))
    return [answer.body]


def keep_media_type(environ: WSGIEnvironment) -> None:
    """Leave of the body's media type what is looked at: its name, and the boundary of a form that has parts.

    Bodies are UTF-8, whatever they say. Django would read the *query* in the ``charset`` of the body, any of Python's
    codecs, "hex" too; and it crashes on a parameter in an encoding that it doesn't know, before it can answer.
    """
    name, *parameters = environ.get("CONTENT_TYPE", "").split(";")
    kept = [parameter for parameter in parameters if parameter.strip().lower().startswith("boundary=")]
    environ["CONTENT_TYPE"] = ";".join([name, *kept])


def refuse_too_long(environ: WSGIEnvironment) -> None:
    """Let who reads a body that the server has not kept, being too long, find out by the refusal of that address.

    It comes when its turn is (contract 1.1): a caller without a credential is told of that first.

    :raises BodyTooLong: no page for people takes such a body either. The server answers, with 413.
    """
    if not isinstance(environ["wsgi.input"], Unread):
        return
    path, most = environ["PATH_INFO"], environ["wsgi.input"].most
    if not path.startswith("/api/"):
        raise BodyTooLong
    environ["wsgi.input"] = RefusedBody(
        TooLarge("the body", most) if LARGE_BODY_ADDRESSES.fullmatch(path) else BodyTooLarge()
    )


class RefusedBody(BytesIO):
    """A body that is too long for the address."""

    def __init__(self, refusal: Exception) -> None:
        super().__init__()
        self._refusal = refusal

    def read(self, size: int | None = -1, /) -> bytes:
        """Refuse.

        :raises BodyTooLarge: always, of the API.
        :raises TooLarge: always, of what SDKs send.
        """
        raise self._refusal
