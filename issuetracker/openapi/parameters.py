"""What stands in paths, queries and request headers."""

from typing import Any

from events.serializers.asked import ORDERS
from events.serializers.asked import SORTS as EVENT_SORTS
from issues.enums import IssueStatus
from issues.search import MAX_LENGTH
from issues.serializers.list_query import SORTS
from issues.serializers.scopes import MAX_EXPECTED, STATUS_WORDS
from projects.api.parameters import MAX_QUERY
from projects.json_schema import one_of_words
from projects.models import ReleaseStatus
from projects.querysets import MAX_ID

Parameter = dict[str, Any]

# ---------------------------------------------------------------------------------------------------------------------
# In the path. The examples are what `manage.py demo` makes.
# ---------------------------------------------------------------------------------------------------------------------


def _in_path(name: str, description: str, example: str, **schema: Any) -> Parameter:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string", "minLength": 1} | schema,
        "example": example,
    }


IN_PATH: dict[str, Parameter] = {
    parameter["name"]: parameter
    for parameter in [
        _in_path(
            "organization",
            "The slug of the organization the issues belong to, or its id.",
            "the-interstellar-jurisdiction",
        ),
        _in_path("project", "The slug of the project the issues belong to, or its id.", "pump-station"),
        _in_path("team", "The slug of a team, or its id.", "powerful-abolitionist"),
        _in_path("issue", "An issue's id; where the path names an organization, its short id, too.", "1"),
        _in_path("note", "A note's id.", "1"),
        _in_path("event", "`latest` (or `oldest`, `recommended`, which is the same one), or an event's id.", "latest"),
        _in_path("share_id", "What the share link ends with.", "0123456789abcdef0123456789abcdef"),
        _in_path("version", "The release's version. Slashes in it may be written as they are.", "1.0.0"),
        _in_path("key", "A tag's name.", "level"),
        _in_path("client_key", "A client key: 32 hex digits.", "0123456789abcdef0123456789abcdef"),
        _in_path("mutation", "A mutation's id, as the header `Mutation-Id` told it.", "1"),
    ]
}
EVENT_OF_PROJECT = IN_PATH["event"] | {
    "description": "An event's id, 32 hex digits, dashed or not.",
    "example": "00000000000000000000000000000001",
}

# ---------------------------------------------------------------------------------------------------------------------
# In the query
# ---------------------------------------------------------------------------------------------------------------------


def _in_query(name: str, description: str, **schema: Any) -> Parameter:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _repeated(name: str, description: str, **schema: Any) -> Parameter:
    return _in_query(name, description, type="array", items=schema) | {"style": "form", "explode": True}


_AN_ID = {"type": "integer", "minimum": 1, "maximum": MAX_ID}
_A_STATUS = one_of_words(*STATUS_WORDS)

IDS = _repeated(
    "id",
    "A list of IDs of the issues to be mutated. This parameter shall be repeated for each issue. It is optional only "
    "if a status is mutated in which case an implicit `update all` is assumed. If any of them is no issue here, "
    "nothing is changed, and the answer is 204.",
    **_AN_ID,
)
PUBLISHED_IDS = IDS | {"example": [1, 2]}
IDS_TO_DELETE = _repeated("id", "The issues to be deleted. If any of them is no issue here, none is.", **_AN_ID) | {
    "required": True
}
STATUSES = _repeated(
    "status",
    "Optionally limits the query to issues of the specified status; repeated, of any of them. Valid values are "
    f"{', '.join(f'`{status}`' for status in IssueStatus.values)}; `muted` is an old word for `ignored`.",
    **_A_STATUS,
)
_A_SEARCH = (
    "A search, whose terms must all hold: words, which side by side are one phrase, `is:unresolved`, `assigned:me`, "
    "`level:[error,fatal]`, `release:1.*`, `timesSeen:>100`, `age:-24h` and so on; `!` negates one. A term that means "
    "nothing is an error."
)
SEARCH = _in_query(
    "query",
    f"{_A_SEARCH} So is a person, a release, an environment, a platform, a logger, a project or an id that isn't "
    "there.",
    type="string",
    maxLength=MAX_LENGTH,
)
NARROWING = [
    SEARCH,
    _repeated(
        "environment",
        "Only issues that were seen in this environment; repeated, in any of them. One that isn't there is an error.",
        type="string",
        minLength=1,
    ),
]
PREVIEW = _in_query(
    "preview",
    "`true`: the same checks, answer and headers, but nothing is changed, and there is no `Mutation-Id`; a "
    "`shareId` only where it is there already.",
    **one_of_words("true", "false"),
    default="false",
)
EXPECTED = {
    "name": "Issues-Expected",
    "in": "header",
    "description": "How many issues must match: when it is another number, nothing is changed, and the answer is 412.",
    "schema": {"type": "integer", "minimum": 0, "maximum": MAX_EXPECTED},
}
CAREFULLY = [PREVIEW, EXPECTED]
PROJECTS = _repeated("project", "The ids of projects, to which this is narrowed.", **_AN_ID)
PROJECTS_OR_ALL = _repeated(
    "project",
    "The ids of projects, to which this is narrowed; -1 among them: all that the caller sees, as without any.",
    anyOf=[{"const": -1}, _AN_ID],
)
CURSOR = _in_query(
    "cursor", "A place in the list, from the `Link` header of an answer. Empty: the first page.", type="string"
)

_AN_INSTANT = "ISO 8601, in UTC unless it has an offset, which is below 16 hours; a day is its midnight. Empty: any."

OF_ISSUE_LISTS = [
    _in_query(
        "query",
        f"{_A_SEARCH} The id of an event, 32 hex digits, finds its issue, whatever its status. A list with neither "
        "this nor `status` shows unresolved issues.",
        type="string",
        maxLength=MAX_QUERY,
    ),
    STATUSES,
    _in_query("start", f"Only issues that were last seen then or later. {_AN_INSTANT}", type="string"),
    _in_query("end", f"Only issues that were first seen then or earlier. {_AN_INSTANT}", type="string"),
    _repeated(
        "environment",
        "Only issues that were seen in this environment; repeated, in any of them. Empty: none is asked for.",
        type="string",
    ),
    _in_query(
        "sort",
        "Last seen, first seen, events, or users: newest or largest first.",
        **one_of_words(*SORTS),
        default="date",
    ),
    _in_query("limit", "Issues on a page; more than 100 is 100.", type="integer", minimum=1, default=100),
    CURSOR,
    _in_query(
        "statsPeriod",
        "What `stats` covers, in seconds, minutes, hours, days or weeks: by the hour up to 24 hours, else by the day, "
        "90 days at most. Empty: none; absent: `24h`. On an organization's route, when given without `start` and "
        "`end`, only issues seen within it are listed.",
        type="string",
        pattern="^([0-9]{1,9}[smhdw])?$",  # no default: generated clients send it, and would lose what is older
    ),
    _in_query("shortIdLookup", "1: a `query` that is a short id finds that issue, whatever its status.", type="string"),
]
OF_PAGES = [
    _in_query("per_page", "Items on a page; more than 100 is 100.", type="integer", minimum=1, default=100),
    CURSOR,
]
LOST_PERIOD = _in_query(
    "statsPeriod",
    "Days or weeks that end with today; of hours, minutes or seconds, each day that they touch. 90 days at most.",
    type="string",
    pattern="^([0-9]{1,9}[smhdw])?$",
    default="14d",
)
OF_EVENT_LISTS = [
    _in_query(
        "query",
        "A search, whose terms must all hold: words of the message, `KEY:VALUE` of tags, `release:`, `user.id:`, "
        "`user.email:`; `*` stands for anything, `!` negates. A term that means nothing is an error.",
        type="string",
        maxLength=MAX_QUERY,
    ),
    _repeated("environment", "Only events of this environment; repeated, of any of them.", type="string"),
    _in_query("start", f"Only events that were seen then or later. {_AN_INSTANT}", type="string"),
    _in_query("end", f"Only events that were seen then or earlier. {_AN_INSTANT}", type="string"),
    _in_query(
        "statsPeriod",
        "Only events seen within it: seconds, minutes, hours, days or weeks. `start` and `end` win over it.",
        type="string",
        pattern="^([0-9]{1,9}[smhdw])?$",
    ),
    _in_query("full", "`true`: whole events, with their parts.", type="string", enum=["", "true", "false", "1", "0"]),
    _in_query("sort", "By the time they were seen.", **one_of_words(*EVENT_SORTS), default="-timestamp"),
    *OF_PAGES,
]
ORDER_OF_VALUES = _in_query(
    "sort",
    "Those first seen last, of most events, last seen last, or that became known last, come first.",
    **one_of_words(*ORDERS),
    default="id",
)
OF_PLACES = [_in_query("query", "Part of a name.", type="string", maxLength=MAX_QUERY), *OF_PAGES]
OF_RELEASES = [
    _in_query("query", "Part of a version.", type="string", maxLength=MAX_QUERY),
    _in_query("status", "Releases that are open, or archived.", type="string", enum=["", *ReleaseStatus.values]),
    *OF_PAGES,
]
