"""What answers have in common: their headers, and the errors (contract 1.8, 1.9)."""

from typing import Any

from issues.services.ground.precautions import UnexpectedNumber
from issuetracker.middleware import ON_API_ANSWERS, ON_EVERY_ANSWER
from issuetracker.server import LimitRequestHeaders, LimitRequestLine, RequestTimeout
from projects.api.ignored import MAX_LENGTH, PARAMETERS_HEADER
from projects.api.throttling import TooManyRequests
from projects.database.failures import DatabaseAway
from projects.json_schema import Schema, ref
from projects.refusals import TryAgain

# ---------------------------------------------------------------------------------------------------------------------
# Headers
# ---------------------------------------------------------------------------------------------------------------------


def _header(description: str, **schema: Any) -> dict[str, Any]:
    return {"description": description, "required": True, "schema": schema}


def _optional(description: str, **schema: Any) -> dict[str, Any]:
    return {"description": description, "schema": schema}


def _always(value: str) -> dict[str, Any]:
    return {"required": True, "schema": {"type": "string", "const": value}}


NUMBERS = {"type": "string", "pattern": "^[0-9]+(,[0-9]+)*$"}

HEADERS: dict[str, dict[str, Any]] = {
    **{name: _always(value) for name, value in (ON_API_ANSWERS | ON_EVERY_ANSWER).items()},
    "Allow": _optional("The methods of the address.", type="string"),
    "Link": _header(
        'The pages around this one, both always there: `<URL>; rel="previous"; results="false"; cursor="0:0:1", '
        '<URL>; rel="next"; results="true"; cursor="0:100:0"`. `results` tells whether there is anything.',
        type="string",
    ),
    "X-Hits": _header("How many there are in all, as far as is counted.", type="integer", minimum=0),
    "X-Max-Hits": _header("So far is counted.", type="integer"),
    "Issues-Matched": _header("Issues in scope, after the filters.", type="integer", minimum=0),
    "Issues-Changed": _header("Issues that are different now.", type="integer", minimum=0),
    "Issues-Out-Of-Scope": _optional(
        "On a 204 that changed nothing: ids that are no issues here, twenty at most.", **NUMBERS
    ),
    "Mutation-Id": _optional(
        "Of the change, when there was one; on an organization's route, one for each project.", **NUMBERS
    ),
    "Ignored-Keys": _optional(
        "The keys of the body that were not understood and did nothing: the first twenty, percent-encoded, with commas "
        "between.",
        type="string",
        maxLength=MAX_LENGTH,
    ),
    PARAMETERS_HEADER: _optional(
        "The parameters that this address doesn't know, which changed nothing: the first twenty, percent-encoded, with "
        "commas between.",
        type="string",
        maxLength=MAX_LENGTH,
    ),
    "X-Request-Id": _header(
        "The request's own, if it is safe to log; else made here. Log lines carry it.", type="string"
    ),
    "WWW-Authenticate": _header("How to say who calls.", type="string"),
    "Retry-After": _header("Seconds.", type="integer", minimum=1),
}

ON_ALL = (*ON_API_ANSWERS, *ON_EVERY_ANSWER, "X-Request-Id")
COUNTING = ("Issues-Matched", "Issues-Changed", "Mutation-Id")
OF_BODIES = (*COUNTING, "Ignored-Keys")
OF_LISTS = ("Link",)
OF_ISSUE_LISTS = ("Link", "X-Hits", "X-Max-Hits")


def headers(*names: str) -> dict[str, Any]:
    """Return the headers of an answer: those of all, and these."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*ON_ALL, *names)}


# ---------------------------------------------------------------------------------------------------------------------
# Errors
# ---------------------------------------------------------------------------------------------------------------------

DETAIL = ref("Detail")
DETAIL_OR_PROBLEMS: Schema = {"anyOf": [ref("Detail"), ref("Problems")]}


def _error(description: str, example: str, *names: str, schema: Schema = DETAIL) -> dict[str, Any]:
    return {
        "description": description,
        "headers": headers("Allow", *names),
        "content": {"application/json": {"schema": schema, "example": {"detail": example}}},
    }


def _forbidden() -> dict[str, Any]:
    found = _error("The credential lacks the scope.", "You do not have permission to perform this action.")
    found["headers"]["WWW-Authenticate"] = _optional(
        "Where a scope is what lacks: those any one of which the method needs.",
        type="string",
        pattern='^Bearer error="insufficient_scope", scope="[a-z: ]+"$',
    )
    return found


ERRORS: dict[int, tuple[str, dict[str, Any]]] = {
    400: (
        "BadRequest",
        _error(
            "The request makes no sense, or asks for what can't be; nothing was changed. Every bad field of a body is "
            "named.",
            "You must specify a list of IDs for this operation",
            schema=DETAIL_OR_PROBLEMS,
        ),
    ),
    401: (
        "Unauthorized",
        _error(
            "No credential, or one that is not good.",
            "Authentication credentials were not provided.",
            "WWW-Authenticate",
        ),
    ),
    403: ("Forbidden", _forbidden()),
    404: ("NotFound", _error("There is no such thing, or the caller can't see it.", "Not found.")),
    406: (
        "NotAcceptable",
        _error("Accept leaves no room for JSON.", "Answers are application/json only; accept that."),
    ),
    408: ("TooSlow", _error("The request did not arrive in time.", RequestTimeout.sentence)),
    412: (
        "AnotherNumber",
        _error(
            "Another number of issues matches than the request expects; nothing was changed.",
            str(UnexpectedNumber(matched=2, expected="1")),
        ),
    ),
    413: (
        "BodyTooLarge",
        _error("The body is over 1 MiB.", "The body is larger than 1048576 bytes; name fewer issues or say less."),
    ),
    414: ("LineTooLong", _error("The request line is over 1 MiB.", LimitRequestLine.sentence)),
    415: (
        "NoJson",
        _error(
            "The body is of another media type.",
            'Unsupported media type "text/plain" in request. Send application/json.',
        ),
    ),
    429: (
        "TooMany",
        _error(
            "This credential has sent more requests in a minute than are let through; nothing was changed.",
            f"{TooManyRequests.default_detail} Try again in 42 seconds.",
            "Retry-After",
        ),
    ),
    431: ("HeadersTooLong", _error("The headers are too long, or too many.", LimitRequestHeaders.sentence)),
    500: ("Bug", _error("A bug; nothing was changed.", "Internal server error. Nothing was changed.")),
    503: (
        "Unavailable",
        _error(
            f"Another request has these issues; or: {DatabaseAway.sentence} Nothing was changed.",
            TryAgain.sentence,
            "Retry-After",
        ),
    ),
}

RESPONSES = dict(ERRORS.values())


def error(status: int) -> dict[str, Any]:
    return {"$ref": f"#/components/responses/{ERRORS[status][0]}"}
