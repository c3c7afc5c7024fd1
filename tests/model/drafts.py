"""What callers may think of, as Hypothesis strategies: sensible requests, and such as are wrong in one way or two.

Issues and people are named <A>, <jane> ...; tests/model/world.py spells them.
"""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.factories import NOW
from tests.model.messages import Request, Who
from tests.model.world import NAMES, NEW_NAMES

Body = dict[str, Any]
Query = tuple[tuple[str, str], ...]
Said = dict[str, str]  # by an event

WHO: SearchStrategy[Who] = st.sampled_from(("jane", "sam", "key"))
BOOLEANS = st.sampled_from([True, False, True, False, True, False, "true", "false", 1, 0])

STATUSES = st.sampled_from(["resolved", "unresolved", "ignored", "muted", "resolvedInNextRelease"])
TERMS: SearchStrategy[Body] = st.sampled_from(
    [
        {"ignoreDuration": 30},
        {"ignoreDuration": "1"},
        {"snoozeDuration": 30},
        {"ignoreDuration": 1, "snoozeDuration": 30},
        {"ignoreCount": 5},
        {"ignoreCount": 5, "ignoreWindow": 60},
        {"ignoreCount": 3, "ignoreWindow": 1},
        {"ignoreUserCount": 3},
        {"ignoreUserCount": 3, "ignoreUserWindow": 60},
        {"ignoreUserCount": 2, "ignoreUserWindow": 1},
        {"ignoreDuration": 30, "ignoreCount": 2, "ignoreUserCount": 4, "ignoreUserWindow": 10_080},
        {"ignoreDuration": 0, "ignoreCount": None, "ignoreUntil": None},
        {"ignoreUntil": (NOW + timedelta(hours=1)).isoformat()},
        {"ignoreUntil": "2999-12-31T23:59:59.123456+05:30", "ignoreCount": 5},
    ]
)
# What a release is called that comes; of a package, in any order.
VERSIONS = ["2.0", "2.1", "p@1.9", "p@1.10", "p@2.0-rc", "p@2.0"]
RELEASES: SearchStrategy[Body] = st.sampled_from(
    [
        {"inNextRelease": True},
        {"inNextRelease": False},
        {"inRelease": "1.0"},
        {"inRelease": "p@1.10"},
        {"inRelease": "latest"},
    ]
)
ASSIGNEES = st.sampled_from(
    [
        *("jane", "SAM", "sam@example.com", "<jane>", "user:<sam>", " user:<jane> "),
        *("powerful-abolitionist", "#powerful-abolitionist", "team:<powerful-abolitionist>"),
        *(None, "", None, "me"),
        *({"type": "user", "id": "<sam>", "name": "x"}, {"type": "team", "id": "<powerful-abolitionist>"}),
    ]
)


def _in_details(keys: Body) -> Body:
    return {"statusDetails": keys | {"actor": {"id": "1"}}}


STATUS_BODIES: SearchStrategy[Body] = st.one_of(
    STATUSES.map(lambda word: {"status": word}),
    TERMS.map(lambda terms: {"status": "ignored", **terms}),
    TERMS.map(lambda terms: {"status": "ignored", **_in_details(terms)}),
    RELEASES.map(lambda release: {"status": "resolved", "statusDetails": release}),
    st.sampled_from([True, "true", False, None]).map(
        lambda wish: {"status": "ignored", "statusDetails": {"ignoreUntilEscalating": wish}}
    ),
    st.just({"status": "resolved", "snoozeDuration": None, "statusDetails": {}, "substatus": None, "inbox": False}),
    st.builds(
        lambda word, body: {"substatus": word, **body},
        st.sampled_from(["archived_until_escalating", "archived_until_condition_met", "archived_forever"]),
        st.one_of(st.just(Body()), TERMS, TERMS.map(_in_details)).map(lambda terms: {"status": "ignored", **terms}),
    ),
    st.sampled_from(["ongoing", "new", "regressed", "escalating"]).map(
        lambda word: {"status": "unresolved", "substatus": word}
    ),
)
MARKS: SearchStrategy[Body] = st.dictionaries(
    st.sampled_from(["hasSeen", "isBookmarked", "isSubscribed"]), BOOLEANS, min_size=1
)
ASSIGNMENTS: SearchStrategy[Body] = ASSIGNEES.map(lambda word: {"assignedTo": word})
PRIORITIES: SearchStrategy[Body] = st.sampled_from(["high", "medium", "low"]).map(lambda word: {"priority": word})
SHARES: SearchStrategy[Body] = BOOLEANS.map(lambda wish: {"isPublic": wish})
MERGES: SearchStrategy[Body] = st.just({"merge": True})
UNMERGES: SearchStrategy[Body] = st.just({"merge": False})


def _shuffled(bodies: list[Body]) -> SearchStrategy[Body]:
    pairs = [pair for body in bodies for pair in body.items()]
    return st.permutations(pairs).map(dict)


SEVERAL: SearchStrategy[Body] = st.tuples(
    *(
        st.one_of(st.just(Body()), part)
        for part in (STATUS_BODIES, PRIORITIES, ASSIGNMENTS, SHARES, MARKS, MERGES | UNMERGES)
    )
).flatmap(lambda bodies: _shuffled(list(bodies)))

# Each wrong by itself, or with what else is in the body.
WRONG: dict[str, list[Any]] = {
    "status": ["open", None, "", 1],
    "priority": ["urgent", "HIGH", None, "", 1],
    "isPublic": ["maybe", None],
    "merge": ["maybe", None, 2],
    "hasSeen": ["maybe", None],
    "isBookmarked": ["maybe", None],
    "isSubscribed": [[], {}, ""],
    "assignedTo": [
        *("kit", "<kit>", "user:<kit>", "lee", "#nobody", "team:<jane>", [], True),
        *("captain-planet", "team:<captain-planet>", "user:"),
    ],
    "ignoreDuration": [-1, 52_560_001, 1.5, "soon", True],
    "ignoreCount": [2**31, ""],
    "ignoreWindow": [0, 10_081, 60],
    "ignoreUserWindow": [5],
    "snoozeDuration": [30],
    "ignoreUntil": ["2999-12-31T00:00:00Z", "2020-01-01T00:00:00Z", "soon", "", 30, []],
    "substatus": ["archived", "ongoing", "archived_forever", "archived_until_condition_met", "", 1],
    **{key: [True] for key in ("inNextRelease", "in_release", "statusDetail", "ignoreUntilEscalating", "snoozeUntil")},
    **{key: ["level:error"] for key in ("query", "preview")},
    **{key: [["1"]] for key in ("id", "issues", "group_ids", "level", "project", "first_seen")},
    "statusDetails": [
        *(None, [], "latest"),
        {"inRelease": "9.9"},
        {"inRelease": "9.9", "ignoreCount": -1},
        {"inRelease": ""},
        {"inNextRelease": True, "inRelease": "1.0"},
        {"inNextRelease": "soon"},
        {"ignoreCount": 5},
        {"ignoreUserWindow": 5},
        {"somethingElse": 1},
        {"inCommit": {"commit": "a"}, "ignoreCount": 5},
        {"ignoreUntil": "2020-01-01T00:00:00Z"},
        {"snoozeDuration": 30},
        {"ignoreUntilEscalating": True},
        {"ignoreUntilEscalating": True, "ignoreCount": 5},
        {"ignoreUntilEscalating": "soon"},
    ],
}
WRONG_VALUES: SearchStrategy[tuple[str, Any]] = st.sampled_from(
    [(key, value) for key, values in WRONG.items() for value in values]
)
WRONG_BODIES: SearchStrategy[str] = st.one_of(
    st.tuples(SEVERAL, st.lists(WRONG_VALUES, min_size=1, max_size=2)).map(
        lambda parts: json.dumps(parts[0] | dict(parts[1]))
    ),
    st.sampled_from(["", "{}", "[]", "null", "{", '"status"', '{"merge": true, "merge": false}', '{"substatus": NaN}']),
)

IDS: SearchStrategy[Query] = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True).map(
    lambda names: tuple(("id", f"<{name}>") for name in names)
)
TWO_IDS = IDS.filter(lambda ids: len(ids) > 1)
STRANGE_IDS: SearchStrategy[Query] = st.sampled_from(
    [
        *((("id", value),) for value in ("<elsewhere>", "999999999", "0", "-1", "", "a", "9223372036854775808")),
        *((("id", value),) for value in ("00<A>", "9223372036854775807", " <A>", "<B>,<C>")),
        (("id[]", "<A>"),),
        (("ids", "<A>"),),
        (("sort", "new"),),
    ]
)
STATUS_FILTERS: SearchStrategy[Query] = st.lists(
    st.sampled_from(["resolved", "unresolved", "ignored", "muted"]), min_size=1, max_size=2
).map(lambda words: tuple(("status", word) for word in words))
TERMS_OF_A_SEARCH = [
    *("is:resolved", "is:Ignored", "IS:assigned", "is:unassigned", "is:public", "is:bookmarked", "is:muted"),
    *("is:[resolved,ignored]", "is:[unresolved, public]", "is:archived_forever", "is:archived_until_condition_met"),
    *("is:archived_until_escalating", "is:regressed", "!is:escalating"),
    *("assigned:me", "assigned:my_teams", "assigned:none", "assigned:SAM", "assigned:user:<jane>", "assigned:lee"),
    *("assigned:#powerful-abolitionist", "assigned:[me,none]", "assigned:[my_teams, sam@example.com]"),
    *("bookmarks:me", "level:error", "level:[error,fatal]", "level:fatal", "issue.type:error"),
    *("priority:high", "priority:[HIGH,low]", "issue.priority:medium"),
    *("release:1.0", "release:latest", "firstRelease:1.*", "release:[1.0,latest]", 'release:"9.9"', 'platform:"x*"'),
    *("timesSeen:>20", "timesSeen:<=13", "timesSeen:37", "userCount:>1", "userCount:3"),
    *("age:-4d", "firstSeen:+72h", "lastSeen:-2h", "lastSeen:>=2026-03-01", "firstSeen:<2026-02-26"),
    *("id:<A>", "id:[<B>, <C>]", "title:error", 'title:"Error A"', "message:VALVE"),
    *("PUMP", "error", '"error b"', "error a", "pump.valve", "e*r", "Error*C", '"or"'),
]
# Which mean nothing; or, where something is changed, name what isn't there.
NOT_TERMS = [
    *("is:unresoled", "is:[resolved,open]", "level:eror", "level:>=error", "level:[]", "level:[error,]", "colour:red"),
    *("OR", "error AND", "NOT", "(error)", "a]", "*", "!*", ">3", "release:*", "timesSeen:[1,2]", "assigned:ja*", "!"),
    *(
        '"error',
        '""',
        "http://x",
        "age:4d",
        "lastSeen:>2026-01-01T00:00:00+16:00",
        "priority:urgent",
        "id:0",
        "-is:public",
    ),
    *("assigned:typo", "assigned:#typo", "assigned:[me,typo]", "assigned:user:999999", "assigned:team:<jane>"),
    *("release:9.9", "release:[1.0,9.*]", "platform:python", "logger:x*", "id:<elsewhere>", "id:[<A>,999999]"),
]


def _searches(terms: list[str]) -> SearchStrategy[Query]:
    signed = st.builds(lambda sign, term: f"{sign}{term}", st.sampled_from(["", "", "!"]), st.sampled_from(terms))
    return st.lists(signed, min_size=1, max_size=3).map(lambda words: (("query", " ".join(words)),))


SEARCHES = st.one_of(_searches(TERMS_OF_A_SEARCH), _searches(TERMS_OF_A_SEARCH), st.just((("query", ""),)))
FILTERS: SearchStrategy[Query] = st.one_of(st.just(()), st.just(()), st.just(()), STATUS_FILTERS, SEARCHES)
WRONG_FILTERS: SearchStrategy[Query] = st.one_of(
    st.sampled_from([(("status", "open"),), (("project", "1"),)]),
    _searches(NOT_TERMS),
    _searches(NOT_TERMS + TERMS_OF_A_SEARCH),
)


def puts(bodies: SearchStrategy[Body], ids: SearchStrategy[Query] = IDS) -> SearchStrategy[Request]:
    """Return PUTs of these bodies on a few issues, sometimes with a filter."""
    return st.builds(
        lambda who, ids, filters, body: Request("PUT", who, query=ids + filters, body=json.dumps(body)),
        who=WHO,
        ids=ids,
        filters=FILTERS,
        body=bodies,
    )


# What an event may take back.
CHANGES_OF_STATUS: SearchStrategy[Request] = st.builds(
    lambda who, ids, body: Request("PUT", who, query=ids[:2], body=json.dumps(body)),
    who=WHO,
    ids=IDS,
    body=st.one_of(
        st.sampled_from(["resolved", "resolvedInNextRelease"]).map(lambda word: {"status": word}),
        RELEASES.map(lambda release: {"status": "resolved", "statusDetails": release}),
        TERMS.map(lambda terms: {"status": "ignored", **terms}),
        st.just({"status": "ignored", "substatus": "archived_until_escalating"}),
    ),
)
UPDATES_OF_ALL = puts(STATUS_BODIES, ids=st.just(()))
DELETES: SearchStrategy[Request] = st.builds(
    lambda who, ids, filters: Request("DELETE", who, query=ids[:2] + filters), who=WHO, ids=IDS, filters=FILTERS
)
STRANGE: SearchStrategy[Request] = st.builds(
    lambda method, who, parts, body: Request(method, who, query=sum(parts, ()), body=body if method == "PUT" else ""),
    method=st.sampled_from(["PUT", "PUT", "PUT", "DELETE"]),
    who=WHO,
    parts=st.lists(st.one_of(IDS, STRANGE_IDS, FILTERS, WRONG_FILTERS), max_size=2),
    body=st.one_of(SEVERAL.map(json.dumps), STATUS_BODIES.map(json.dumps), WRONG_BODIES),
).filter(lambda request: sum(name == "query" for name, _ in request.query) < 2)
SEVERAL_PUTS = puts(SEVERAL)
# Mutations are counted from the latest one back; tests/model/test_state_machine.py knows their ids.
UNDOS: SearchStrategy[tuple[Who, int]] = st.tuples(WHO, st.integers(0, 5))


def carefully(requests: SearchStrategy[Request]) -> SearchStrategy[Request]:
    """Return such requests that only look, or expect a number of issues, or both; right or wrong ones."""
    return st.builds(
        lambda request, preview, expected: replace(request, query=request.query + preview, expected=expected),
        requests,
        st.sampled_from([(), *((("preview", word),) for word in ("true", "true", "true", "false", "yes", ""))]),
        st.sampled_from([None, None, 0, 1, 2, 3]),
    )


WRONGS: SearchStrategy[Request] = st.builds(
    lambda who, ids, body: Request("PUT", who, query=ids, body=body),
    who=WHO,
    ids=st.one_of(IDS, st.just(())),
    body=WRONG_BODIES,
)
LISTS: SearchStrategy[Request] = st.builds(
    lambda who, filters, sort, limit: Request("GET", who, query=filters + sort + limit),
    who=WHO,
    filters=st.one_of(FILTERS, WRONG_FILTERS),
    sort=st.sampled_from([(), *((("sort", word),) for word in ("date", "new", "freq", "user", "age"))]),
    limit=st.sampled_from([(), (), (("limit", "2"),), (("limit", "0"),)]),
)
LOOKS: SearchStrategy[Request] = st.builds(
    lambda who, name: Request("GET", who, path=f"issues/<{name}>"), who=WHO, name=st.sampled_from(NAMES)
)


def opposite(request: Request) -> Request | None:
    """Return the request that takes a wish back: false for true, nobody for somebody; None if it has no opposite."""
    try:
        body = json.loads(request.body)
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    flipped: Body = {key: not value for key, value in body.items() if isinstance(value, bool)}
    if "assignedTo" in body:
        flipped["assignedTo"] = None if body["assignedTo"] else "jane"
    return replace(request, body=json.dumps(body | flipped)) if flipped else None


def and_then(requests: SearchStrategy[Request]) -> SearchStrategy[list[Request]]:
    """Return such requests, half of them followed by the same again, or by their opposite."""

    def follow(request: Request, then: str) -> list[Request]:
        following = {"again": request, "opposite": opposite(request)}.get(then)
        return [request] if following is None else [request, following]

    return st.builds(follow, requests, st.sampled_from(["nothing", "again", "opposite", "nothing"]))


# ---------------------------------------------------------------------------------------------------------------------
# Events
# ---------------------------------------------------------------------------------------------------------------------

# How long before now an event says that it was; the last two are not believed (7.5).
AGES = st.sampled_from(
    [
        *([timedelta()] * 3 + [timedelta(seconds=seconds) for seconds in (1, 30, 59, 61, 119, 300, -30, -60)]),
        *(timedelta(hours=hours) for hours in (1, 2, 26, 24 * 6, 24 * 29)),
        *(timedelta(seconds=-61), timedelta(days=31)),
    ]
)
EVENTS: SearchStrategy[Said] = st.fixed_dictionaries(
    {
        "kind": st.sampled_from("AABBCDEF" + NEW_NAMES),
        "title": st.sampled_from(["Pump 3 lost suction", "Valve stuck"]),
        "level": st.sampled_from(["error", "error", "info", "fatal"]),
        "user": st.sampled_from(["", "1", "2", "3", "4"]),
        "release": st.sampled_from(["", "", "1.0", "1.1", "2.0", "3.0", "4.0"]),
        "environment": st.sampled_from(["", "production", "staging"]),
        "transaction": st.sampled_from(["", "/pump"]),
    }
)


def _of_one_kind(said: list[Said]) -> list[Said]:
    return [fields | {"kind": said[0]["kind"]} for fields in said]


SEVERAL_EVENTS: SearchStrategy[list[Said]] = st.lists(EVENTS, min_size=1, max_size=6).flatmap(
    lambda said: st.sampled_from([said, _of_one_kind(said)])
)
BATCHES = st.sampled_from([1, 2, 5, 2_000, 2_000])
