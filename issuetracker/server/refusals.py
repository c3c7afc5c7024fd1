"""What the server answers by itself: in JSON, like everything."""

import json
from http import HTTPStatus

from gunicorn.http import errors
from gunicorn.util import http_date

from issuetracker.middleware import ON_API_ANSWERS, ON_EVERY_ANSWER
from issuetracker.server import limits


class RequestTimeout(errors.ParseException):  # type: ignore[misc]  # gunicorn ships no types
    """The client stopped in the middle of a request."""


class BodyTooLong(Exception):
    """The body of the request is over 1 MiB, and was not read."""


class Ending(Exception):
    """The server ends, in the middle of a request."""


class Overloaded(Exception):
    """A large request has no room beside the others, which are not whole yet, or wait for threads."""


_CRASHED = (500, "Internal server error. Look at the issues before you send this again.")

# By the exceptions of gunicorn's parser; the first line that fits counts. Messages never repeat what the client sent:
# it may hold a key.
_REFUSALS: tuple[tuple[tuple[type[Exception], ...], int, str], ...] = (
    # Headers that the application wanted to send: not the client's fault, though gunicorn derives them from those.
    ((errors.InvalidResponseHeader, errors.InvalidResponseHeaderName), *_CRASHED),
    (
        (errors.LimitRequestLine,),
        414,
        "The request line is longer than 1 MiB, some 70,000 ids. Send them in several requests.",
    ),
    (
        (errors.LimitRequestHeaders,),
        431,
        f"The headers are too long: at most {limits.HEADER_COUNT} lines of {limits.HEADER_BYTES:,} bytes each.",
    ),
    (
        (RequestTimeout,),
        408,
        f"The rest of the request did not arrive in time: the headers in {limits.PATIENCE_SECONDS} seconds, the body "
        f"in {limits.BODY_SECONDS}, without a pause of {limits.PATIENCE_SECONDS}. Nothing was changed: send it again.",
    ),
    (
        (Ending,),
        503,
        "The server is being stopped, and the request was not complete. Nothing was changed: send it again.",
    ),
    ((Overloaded,), 503, "Too many large requests are here at once. Nothing was changed: send it again."),
    ((BodyTooLong,), 413, f"The body is larger than {limits.BODY_BYTES} bytes."),
    (
        (errors.InvalidRequestLine,),
        400,
        "This is no HTTP/1.1 request. It starts with a method, a target and HTTP/1.1, separated by one space; every "
        "line ends with CR LF; and in the target, all but printable ASCII is percent-encoded.",
    ),
    ((errors.InvalidRequestMethod,), 400, "The request's method is not valid: capital letters, such as PUT."),
    ((errors.InvalidHTTPVersion,), 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here."),
    ((errors.ExpectationFailed,), 417, "The only Expect header that is understood is: Expect: 100-continue."),
    (
        (errors.UnsupportedTransferCoding,),
        501,
        "The Transfer-Encoding is not supported. Send the body with a Content-Length, or chunked.",
    ),
    (
        (errors.InvalidHeader, errors.InvalidHeaderName, errors.ObsoleteFolding),
        400,
        "A request header is not valid: a name of letters, digits and hyphens, a colon, and a value without control "
        "characters on one line; Host, Content-Type and Content-Length at most once; Content-Length a number, and not "
        "together with Transfer-Encoding.",
    ),
    (
        (errors.InvalidChunkSize, errors.ChunkMissingTerminator, errors.InvalidChunkExtension),
        400,
        "The chunked body is not valid HTTP/1.1. Nothing was changed.",
    ),
    ((errors.ParseException,), 400, "This is no valid HTTP/1.1 request."),
)


def refusal(error: BaseException) -> tuple[int, str]:
    """Return the status, and a sentence for the caller, of a request that failed outside of Django."""
    for kinds, status, detail in _REFUSALS:
        if isinstance(error, kinds):
            return status, detail
    return _CRASHED


def response(status: int, detail: str, *, request_id: str, with_body: bool = True) -> bytes:
    """Return a whole HTTP response, the last one of its connection."""
    body = json.dumps({"detail": detail}).encode("ascii")
    headers = {
        "Date": http_date(),
        "Connection": "close",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **ON_API_ANSWERS,
        **ON_EVERY_ANSWER,
        "X-Request-Id": request_id,
    }
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(limits.RETRY_SECONDS)
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + (body if with_body else b"")
