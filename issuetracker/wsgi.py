"""What the HTTP server calls: Django, behind what must be done before it looks at a request."""

import errno
import os
from collections.abc import Iterable
from io import BytesIO
from wsgiref.types import StartResponse, WSGIEnvironment

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "issuetracker.settings")
_django = get_wsgi_application()

from issues.negotiation import MAX_BODY  # noqa: E402  # DRF reads the settings when it is imported


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer one request.

    :raises OSError: the client left before its body was complete; the server then drops the request.
    """
    keep_media_type(environ)
    read_body(environ)
    return _django(environ, start_response)


def keep_media_type(environ: WSGIEnvironment) -> None:
    """Leave of the body's media type what is looked at: its name, and the boundary of a form that has parts.

    Bodies are UTF-8, whatever they say. Django would read the *query* in the ``charset`` of the body, any of Python's
    codecs, "hex" too; and it crashes on a parameter in an encoding that it doesn't know, before it can answer.
    """
    name, *parameters = environ.get("CONTENT_TYPE", "").split(";")
    kept = [parameter for parameter in parameters if parameter.strip().lower().startswith("boundary=")]
    environ["CONTENT_TYPE"] = ";".join([name, *kept])


def read_body(environ: WSGIEnvironment) -> None:
    """Replace the stream of the body by the body itself, with its length.

    Django reads no body that has no Content-Length: a chunked PUT would be taken for an empty one, and do nothing. And
    it takes a body that breaks off for a shorter one. What the server raises here (408 for a client that stalls, 400
    for chunks that are none) is its own to answer; from within Django it would be a crash.

    A body over MAX_BODY is left unread, or, if chunked, handed on with its first byte too many: the view answers 413.

    :raises OSError: the client left before its body was complete.
    """
    stream = environ["wsgi.input"]
    if environ.get("CONTENT_LENGTH"):
        length = int(environ["CONTENT_LENGTH"])  # the server refuses what is no number
        if length > MAX_BODY:
            return
        body = stream.read(length)
        if len(body) < length:
            raise ConnectionResetError(errno.ECONNRESET, "The client left before its body was complete.")
    elif environ.get("HTTP_TRANSFER_ENCODING"):  # the server has seen to it that the last one is "chunked"
        body = stream.read(MAX_BODY + 1)
    else:
        return
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
