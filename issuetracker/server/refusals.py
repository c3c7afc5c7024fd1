"""What the server answers by itself: in JSON, like everything."""

import json
from http import HTTPStatus

from django.utils.http import http_date

from events import cors
from issuetracker.middleware import ON_API_ANSWERS, ON_EVERY_ANSWER, address_of_sdks
from issuetracker.server import limits
from projects.refusals import RETRY_SECONDS


class Refused(Exception):
    """A request that the server ends outside of Django: the status, and a sentence for the caller.

    Sentences never repeat what the client sent: it may hold a key. Those that gunicorn has too are called as there, so
    that the log has one word for each.
    """

    status = 400
    sentence = "This is no valid HTTP/1.1 request."


class Crashed(Refused):
    """A bug, or headers that the application wanted to send and can't: not the client's fault."""

    status = 500
    sentence = "Internal server error. Look at the issues before you send this again."


class LimitRequestLine(Refused):
    status = 414
    sentence = "The request line is longer than 1 MiB, some 70,000 ids. Send them in several requests."


class LimitRequestHeaders(Refused):
    status = 431
    sentence = f"The headers are too long: at most {limits.HEADER_COUNT} lines of {limits.HEADER_BYTES:,} bytes each."


class RequestTimeout(Refused):
    """The client stopped in the middle of a request."""

    status = 408
    sentence = (
        f"The rest of the request did not arrive in time: the headers in {limits.PATIENCE_SECONDS} seconds, the body "
        f"in {limits.BODY_SECONDS}, without a pause of {limits.PATIENCE_SECONDS}. Nothing was changed: send it again."
    )


class Ending(Refused):
    """The server ends, in the middle of a request."""

    status = 503
    sentence = "The server is being stopped, and the request was not complete. Nothing was changed: send it again."


class Overloaded(Refused):
    """A large request has no room beside the others, which are not whole yet, or wait for threads."""

    status = 503
    sentence = "Too many large requests are here at once. Nothing was changed: send it again."


class NoRoomOnDisk(Refused):
    """A large body can't be written to a file, which is gone with the request."""

    status = 503
    sentence = "The server's disk has no room for a request of this size. Nothing was changed: send it again."


class BodyTooLong(Refused):
    """The body of the request is over 1 MiB, and was not read."""

    status = 413
    sentence = f"The body is larger than {limits.BODY_BYTES} bytes."


class InvalidRequestLine(Refused):
    sentence = (
        "This is no HTTP/1.1 request. It starts with a method, a target and HTTP/1.1, separated by one space; every "
        "line ends with CR LF; and in the target, all but printable ASCII is percent-encoded."
    )


class Fragment(Refused):
    """A part of the target that addresses of pages have, and requests have not: what stands there would not be read."""

    sentence = 'The address has a "#" in it, and what stands behind one is not read: write %23. Nothing was changed.'


class GuardUnderscored(Refused):
    """A header that no application is handed, for its underscore: to WSGI it looks like one of another name."""

    sentence = (
        "The header Issues-Expected is written with a hyphen; with an underscore it would not be read, and guard "
        "nothing. Nothing was changed."
    )


class InvalidRequestMethod(Refused):
    sentence = "The request's method is not valid: capital letters, such as PUT."


class InvalidHTTPVersion(Refused):
    status = 505
    sentence = "Only HTTP/1.1 and HTTP/1.0 are spoken here."


class ExpectationFailed(Refused):
    status = 417
    sentence = "The only Expect header that is understood is: Expect: 100-continue."


class UnsupportedTransferCoding(Refused):
    status = 501
    sentence = "The Transfer-Encoding is not supported. Send the body with a Content-Length, or chunked."


class InvalidHeader(Refused):
    sentence = (
        "A request header is not valid: a name of letters, digits and hyphens, a colon, and a value without control "
        "characters on one line; Host, Content-Type and Content-Length at most once; Content-Length a number, and not "
        "together with Transfer-Encoding."
    )


class InvalidChunks(Refused):
    sentence = "The chunked body is not valid HTTP/1.1. Nothing was changed."


class InvalidChunkSize(InvalidChunks):
    """The size of a chunk, or of the whole: there is far more around the body than in it."""


class InvalidChunkExtension(InvalidChunks):
    """What stands behind the size of a chunk."""


class ChunkMissingTerminator(InvalidChunks):
    """What stands behind a chunk."""


def response(status: int, detail: str, *, path: str, request_id: str, with_body: bool = True) -> bytes:
    """Return a whole HTTP response, the last one of its connection.

    :param path: what was asked, as far as that is known. Where SDKs send, browsers are let read the answer.
    """
    body = json.dumps({"detail": detail}).encode("ascii")
    headers = {
        "Date": http_date(),
        "Connection": "close",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **ON_API_ANSWERS,
        **ON_EVERY_ANSWER,
        **(cors.on_errors(detail) if address_of_sdks(path) else {}),
        "X-Request-Id": request_id,
    }
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_SECONDS)
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + (body if with_body else b"")
