"""The contract once more, as plainly as it can be said: PUT, DELETE and GET over a dictionary of issues.

Written from docs/contract.md, whose sections the comments name, and not from the service; it imports nothing of the
service and no Django (pyproject.toml sees to that). It is slow, keeps everything in memory and serves one request at a
time: whatever many requests at once lead to must be what *it* leads to in some order (tests/model/histories.py).

Issues are frozen values that are replaced, so that a copy of the whole model costs next to nothing.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from tests.model import searching
from tests.model.messages import Expected, Request, Who
from tests.model.searching import NAMES, STATES, TAKEN_AT_THEIR_WORD, MeansNothing, Term, Value, compares, is_at

MAX_ID = 2**63 - 1
LATEST = 0  # no id
# 6: the part of an issue that an activity tells of.
PARTS = {
    **dict.fromkeys(("set_resolved", "set_resolved_in_release", "set_unresolved", "set_ignored"), "status"),
    **dict.fromkeys(("assigned", "unassigned"), "assignee"),
    **dict.fromkeys(("set_public", "set_private"), "share"),
}
STATUSES = {"resolved": "resolved", "unresolved": "unresolved", "ignored": "ignored", "muted": "ignored"}
MARKS = ("hasSeen", "isBookmarked", "isSubscribed")
BOOLEANS = ("isPublic", "merge", *MARKS)
KEYS = ("status", "assignedTo", *BOOLEANS)
NUMBERS = {
    "ignoreDuration": (0, 52_560_000),
    "snoozeDuration": (0, 52_560_000),
    "ignoreCount": (0, 2_147_483_647),
    "ignoreWindow": (1, 10_080),
    "ignoreUserCount": (0, 2_147_483_647),
    "ignoreUserWindow": (1, 10_080),
}
TERMS = (*NUMBERS, "ignoreUntil")
SUBSTATUSES = {
    "ignored": ("archived_until_escalating", "archived_until_condition_met", "archived_forever"),
    "unresolved": ("ongoing", "new", "regressed", "escalating"),
}
# 1.4 and 1.3: keys by which a wish is said, and such as say which issues.
WISHES = re.compile(r"(ignore|snooze|status)|in[A-Z_]|(query|preview)$")
KNOWN = {"status", "statusDetails", "substatus", "assignedTo", *BOOLEANS, *TERMS}
WHICH = re.compile(
    r"((issue|group)?_?ids?|issues?|groups?)(\[.*\])?|level|project|environment|first_seen", re.IGNORECASE
)
WINDOWS = {"ignoreWindow": "ignoreCount", "ignoreUserWindow": "ignoreUserCount"}
Reader = Callable[[Any], Any]  # of a value in a body
Number = tuple[Any, ...]  # of a version
SORTS: dict[str, Callable[["Totals"], Any]] = {
    "date": lambda totals: totals.last_seen,
    "new": lambda totals: totals.first_seen,
    "freq": lambda totals: totals.events,
    "user": lambda totals: totals.users,
}


# ---------------------------------------------------------------------------------------------------------------------
# What there is
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    username: str
    name: str
    email: str
    is_active: bool = True

    def told(self) -> dict[str, str]:
        return {"id": str(self.id), "name": self.name, "username": self.username, "email": self.email}


@dataclass(frozen=True, slots=True)
class Team:
    id: int
    slug: str
    members: tuple[int, ...]
    has_access: bool


@dataclass(frozen=True, slots=True)
class Place:
    """The project and its organization, which no request changes. A caller without a person is an API key."""

    project: Mapping[str, str | None]
    callers: Mapping[Who, Person | None]
    members: tuple[Person, ...]
    teams: tuple[Team, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """What ends "ignored". A count without a window is what is left of it, and goes down with every event."""

    until: datetime | None = None
    count: int | None = None
    window: int | None = None
    user_count: int | None = None
    user_window: int | None = None

    def are_over(self, at: datetime) -> bool:
        return (
            (self.until is not None and self.until <= at)
            or (self.count is not None and self.window is None and self.count <= 0)
            or (self.user_count is not None and self.user_window is None and self.user_count <= 0)
        )

    def after(self, events: int, users: int) -> "Terms":
        return replace(
            self,
            count=self.count if self.count is None or self.window else self.count - events,
            user_count=self.user_count if self.user_count is None or self.user_window else self.user_count - users,
        )

    def told(self) -> dict[str, Any]:
        return {
            "ignoreCount": self.count,
            "ignoreUntil": None if self.until is None else iso(self.until),
            "ignoreUserCount": self.user_count,
            "ignoreUserWindow": self.user_window,
            "ignoreWindow": self.window,
        }


@dataclass(frozen=True, slots=True)
class Resolution:
    """Resolved in a release; without a version, in the next one ``after`` another; after none at all, in the first."""

    version: str | None = None
    after: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One activity; ``data`` as JSON."""

    kind: str
    data: str
    user: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Follower:
    is_active: bool
    reason: str
    since: datetime = field(compare=False)


@dataclass(frozen=True, slots=True)
class Overwritten:
    """6: what a mutation found in a part of an issue, and changed."""

    part: str
    mutation: int
    value: Any


@dataclass(frozen=True, slots=True)
class Mutation:
    """6: what an undo has to know. ``user`` is whose marks it set; ``made`` and ``cut`` are links, child -> parent."""

    number: int
    at: datetime
    user: int | None
    deletes: bool = False
    is_reversed: bool = False
    marks: Mapping[str, tuple[bool, frozenset[int]]] = field(default_factory=dict)
    made: Mapping[int, int] = field(default_factory=dict)
    cut: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Issue:
    """Its own numbers, and everything that stays with it while it is merged into another one."""

    id: int
    facts: Mapping[str, Any] = field(compare=False)  # what no request changes, by its key in a list
    first_seen: datetime
    last_seen: datetime
    events: int = 1
    users: int = 1
    comments: int = 0
    hours: tuple[tuple[datetime, int], ...] = ()

    status: str = "unresolved"
    set_by: int | None = None
    resolved_at: datetime | None = None
    resolution: Resolution | None = None
    terms: Terms = Terms()
    assignee: tuple[str, int] | None = None
    link: int | None = None  # the number of the one that it is public by
    links: int = 0  # how many links it has had
    parent: int | None = None
    seen: frozenset[tuple[int, datetime]] = frozenset()
    bookmarks: frozenset[int] = frozenset()
    followers: frozenset[tuple[int, Follower]] = frozenset()
    activity: tuple[Entry, ...] = ()
    past: tuple[Overwritten, ...] = field(default=(), compare=False)
    came: int = field(default=0, compare=False)  # events, since the beginning, to itself or to what is under it

    @property
    def is_public(self) -> bool:
        return self.link is not None

    def status_at(self, at: datetime) -> str:
        """1.5: a snooze that has run out is over."""
        return "unresolved" if self.status == "ignored" and self.terms.are_over(at) else self.status

    def follower(self, user: int) -> Follower | None:
        return dict(self.followers).get(user)

    def is_followed_by(self, user: int) -> bool:
        follower = self.follower(user)
        return follower is not None and follower.is_active

    def with_follower(self, user: int, follower: Follower | None) -> "Issue":
        others = frozenset(pair for pair in self.followers if pair[0] != user)
        return replace(self, followers=others if follower is None else others | {(user, follower)})

    def followed_by(self, users: Iterable[int], reason: str, at: datetime) -> "Issue":
        """1.5: as a side effect, which revives nothing and keeps a reason that exists."""
        issue = self
        for user in users:
            issue = issue if issue.follower(user) else issue.with_follower(user, Follower(True, reason, at))
        return issue

    def following(self, user: int, is_active: bool, at: datetime) -> "Issue":
        """1.4: as the user says it."""
        old = self.follower(user) or Follower(False, "unknown", at)
        return self.with_follower(
            user, replace(old, is_active=is_active, reason="unknown" if is_active else old.reason)
        )

    def recorded(self, kind: str, data: Mapping[str, Any], by: Person | None, at: datetime) -> "Issue":
        entry = Entry(kind, json.dumps(data), None if by is None else by.id, at)
        return replace(self, activity=(*self.activity, entry))


@dataclass(frozen=True, slots=True)
class Totals:
    """1.6: over an issue and everything under it."""

    first_seen: datetime
    last_seen: datetime
    events: int
    users: int
    comments: int
    hours: Mapping[datetime, int]


# ---------------------------------------------------------------------------------------------------------------------
# What is asked
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scope:
    """1.3"""

    ids: tuple[int, ...] | None
    statuses: frozenset[str] | None
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """1.4, validated. None is "absent"; ``assigns`` tells "to nobody" from it."""

    status: str | None = None
    substatus: str | None = None
    resolution: Resolution | None = None
    terms: Terms = Terms()
    assigns: bool = False
    assignee: Person | Team | None = None
    is_public: bool | None = None
    has_seen: bool | None = None
    is_bookmarked: bool | None = None
    is_subscribed: bool | None = None
    merge: bool | None = None

    @property
    def is_status_only(self) -> bool:
        without = replace(self, status=None, substatus=None, resolution=None, terms=Terms())
        return self.status is not None and without == Wish()


class Refused(Exception):
    """A 400; see :class:`Expected`."""

    def __init__(self, wrong: Mapping[str, object]) -> None:
        self.wrong = wrong


class Wrong(Exception):
    """A value that is none; the sentence is None where the contract doesn't give it."""

    def __init__(self, sentence: str | None = None) -> None:
        self.sentences = None if sentence is None else [sentence]


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


# ---------------------------------------------------------------------------------------------------------------------
# The model
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Model:
    place: Place
    issues: dict[int, Issue]
    releases: tuple[str, ...]  # of the project, as they came
    # By their ids, which nobody can foresee: under LATEST until somebody tells it.
    mutations: dict[int, Mutation] = field(default_factory=dict)
    numbers: int = 0  # how many mutations there were

    def copy(self) -> "Model":
        return Model(self.place, dict(self.issues), self.releases, dict(self.mutations), self.numbers)

    def name_latest(self, pk: int) -> None:
        """Give the latest mutation its id."""
        self.mutations[pk] = self.mutations.pop(LATEST)

    def key(self) -> object:
        """Return a value that two models have in common exactly when everything is the same in both."""
        return frozenset(self.issues.values()), self.releases

    def answer(self, request: Request, at: datetime) -> Expected:
        """Do what is asked, all of it or nothing, and return the answer."""
        after = self.copy()
        expected = after._answer(request, at)
        counted = "Issues-Matched" in expected.headers and "Issues-Out-Of-Scope" not in expected.headers
        if counted and request.expected not in (None, int(expected.headers["Issues-Matched"])):
            return Expected(412, wrong={"detail": None})
        if ("preview", "true") in request.query:  # 6: the same, but nothing is written
            return self._without_traces(expected, at)
        self.issues, self.releases, self.mutations = after.issues, after.releases, after.mutations
        self.numbers = after.numbers
        return expected

    def _without_traces(self, expected: Expected, at: datetime) -> Expected:
        """6: a preview has no mutation, and a link that would be made is another one each time."""
        headers = {name: value for name, value in expected.headers.items() if name != "Mutation-Id"}
        known = {_link(issue) for issue in self.issues.values() if issue.is_public}

        def name(link: re.Match[str]) -> str:
            return link[0] if link[0] in known else f"{link[0]} at {at}"

        body = re.sub(r"link [0-9.]+", name, expected.body)
        return replace(expected, body=body, headers=headers)

    def _answer(self, request: Request, at: datetime) -> Expected:
        try:
            match request.method, request.path.partition("/"):
                case "PUT", ("issues", "", _):
                    return self._put(request, at)
                case "DELETE", ("issues", "", _):
                    return self._delete(request, at)
                case "GET", ("issues", "", _):
                    return self._list(request, at)
                case "GET", ("issues", "/", word):
                    return self._whole(int(word), at)
                case "POST", ("releases", "", _):
                    return self._release(json.loads(request.body)["version"])
                case "POST", ("mutations", "/", rest):
                    self._read_scope(request, None)  # which is of a preview at most
                    return self._undo(int(rest.removesuffix("/undo")), self.place.callers[request.who], at)
        except Refused as refusal:
            return Expected(400, wrong=refusal.wrong)
        raise ValueError(f"The model knows no such request: {request}")

    def events_come(self, pk: int, count: int, at: datetime) -> None:
        """Let an issue have so many more events, each of another user."""
        issue = self.issues[pk]
        self.issues[pk] = replace(issue, events=issue.events + count, users=issue.users + count, last_seen=at)
        for above in (pk, *self._above(pk)):
            one = self.issues[above]
            self.issues[above] = replace(one, terms=one.terms.after(count, count), came=one.came + count)

    # --- PUT ---

    def _put(self, request: Request, at: datetime) -> Expected:
        """1.1, from check 4 on; who calls here has all scopes and sees the project."""
        user = self.place.callers[request.who]
        scope = self._read_scope(request, user)
        body = _read_body(request.body)
        wish = self._read_wish(body, user, at)
        ignored = _tell_ignored(body, wish)
        self._check_names(scope, hidden=wish == Wish(merge=False))
        if scope.ids is None and (not wish.is_status_only or any(map(WHICH.fullmatch, body))):
            raise Refused({"detail": "You must specify a list of IDs for this operation"})
        missing = self._missing(scope, hidden=wish == Wish(merge=False))
        if missing:
            return _nothing_done(missing, ignored)

        ids = self._matching(scope, user, at)
        before = {pk: self.issues[pk] for pk in ids}
        named = scope.ids is not None
        for pk in ids:
            self.issues[pk] = self._remembered(
                before[pk], self._changed(before[pk], wish, user, at, named=named), self.numbers + 1
            )
        changed = {pk for pk in ids if self._differs(before[pk], self.issues[pk], wish, user, at)}
        marks = {} if user is None else self._marks_changed(before, wish, user.id)
        merged: Any = wish.merge
        made: dict[int, int] = {}
        cut: dict[int, int] = {}
        if wish.merge and len(ids) > 1:
            parent, children = self._merge(ids, user, at)
            merged = {"parent": str(parent), "children": [str(pk) for pk in children]}
            made = dict.fromkeys(children, parent)
        if wish.merge is False:
            cut = self._unmerge(ids, user, at)
        changed |= _ends(made) | _ends(cut)
        if changed:
            whose = None if user is None else user.id
            self._keep(Mutation(self.numbers + 1, at, whose, marks=marks, made=made, cut=cut))

        link = _link(self.issues[ids[0]]) if wish.is_public and len(ids) == 1 else None
        told = _tell(body, wish, user, merged, link)
        return Expected(200, json.dumps(told), _counts(len(ids), len(changed)) | ignored)

    def _read_scope(self, request: Request, user: Person | None) -> Scope:
        """1.3"""
        words: dict[str, list[str]] = {"id": [], "status": [], "query": [], "preview": []}
        for name, value in request.query:
            if name not in words:
                raise Refused({"detail": None})
            words[name].append(value)
        wrong: dict[str, object] = {}
        if not all(re.fullmatch("[0-9]+", word) and 0 < int(word) <= MAX_ID for word in words["id"]):
            wrong["id"] = None
        if not set(words["status"]) <= set(STATUSES):
            wrong["status"] = None
        if words["preview"] not in ([], ["true"], ["false"]):
            wrong["preview"] = None
        if wrong:
            raise Refused(wrong)
        return Scope(
            ids=tuple(sorted({int(word) for word in words["id"]})) if words["id"] else None,
            statuses=frozenset(STATUSES[word] for word in words["status"]) if words["status"] else None,
            terms=_read_search(" ".join(words["query"]), user, longest=10_000),
        )

    def _missing(self, scope: Scope, *, hidden: bool) -> list[int]:
        """Return the ids that are out of scope; ``hidden``: merged children may be named (1.6)."""
        here = {pk for pk, issue in self.issues.items() if hidden or issue.parent is None}
        return [pk for pk in scope.ids or () if pk not in here]

    def _matching(self, scope: Scope, user: Person | None, at: datetime) -> list[int]:
        """Return what the filters leave of the ids, or of all that are visible; ascending."""
        named = scope.ids or sorted(pk for pk, issue in self.issues.items() if issue.parent is None)
        return [pk for pk in named if self._passes(self.issues[pk], scope.statuses, scope.terms, user, at)]

    def _passes(
        self,
        issue: Issue,
        statuses: frozenset[str] | None,
        terms: tuple[Term, ...],
        user: Person | None,
        at: datetime,
    ) -> bool:
        return (statuses is None or issue.status_at(at) in statuses) and all(
            any(self._holds(term.key, value, issue, user, at) for value in term.values) is not term.negated
            for term in terms
        )

    def _holds(self, key: str, value: Value, issue: Issue, user: Person | None, at: datetime) -> bool:
        """2: one value of a term. No issue here has a release, a platform or a logger."""
        totals = self.totals(issue.id)
        match key:
            case "is":
                return self._is(STATES[value.text.lower()], issue, user, at)
            case "assigned":
                return issue.assignee in self._assignees(value.text, user)
            case "bookmarks":
                return user is not None and user.id in issue.bookmarks
            case "level":
                return bool(issue.facts["level"] == value.text.lower())
            case "issue.type":
                return True
            case "id":
                return issue.id == int(value.text)
            case "timesseen":
                return compares(value, totals.events)
            case "usercount":
                return compares(value, totals.users)
            case "age" | "firstseen":
                return is_at(key, value, totals.first_seen, at)
            case "lastseen":
                return is_at(key, value, totals.last_seen, at)
            case "title":
                return value.finds(issue.facts["title"], whole=False)
            case "" | "message":
                return any(value.finds(issue.facts[column], whole=False) for column in ("title", "culprit"))
            case _:
                return False

    def _is(self, state: str, issue: Issue, user: Person | None, at: datetime) -> bool:
        match state:
            case "assigned" | "unassigned":
                return (issue.assignee is None) is (state == "unassigned")
            case "public":
                return issue.is_public
            case "bookmarked":
                return user is not None and user.id in issue.bookmarks
            case "with terms" | "without terms":
                return issue.status_at(at) == "ignored" and (issue.terms == Terms()) is (state == "without terms")
            case _:
                return issue.status_at(at) == state

    def _assignees(self, word: str, user: Person | None) -> list[tuple[str, int] | None]:
        """2 and 1.4: whom a word means."""
        match word.lower():
            case "none":
                return [None]
            case "me":
                return [] if user is None else [("user", user.id)]
            case "my_teams":
                return [("team", team.id) for team in self.place.teams if user and user.id in team.members]
            case _:
                found = self._find_actor(word)
                return [] if found is None else [("team" if isinstance(found, Team) else "user", found.id)]

    def _check_names(self, scope: Scope, *, hidden: bool) -> None:
        """1.3: what a change names must be there."""
        for term in scope.terms:
            for value in term.values:
                if not self._is_there(term.key, value, hidden=hidden):
                    raise Refused({"detail": None})

    def _is_there(self, key: str, value: Value, *, hidden: bool) -> bool:
        if key not in NAMES or (key in TAKEN_AT_THEIR_WORD and value.is_quoted):
            return True
        word = value.text.lower()
        match key:
            case "assigned":
                return word in {"none", "me", "my_teams"} or self._find_actor(value.text) is not None
            case "release" | "firstrelease":
                return word == "latest" or any(value.finds(version, whole=True) for version in self.releases)
            case "id":
                issue = self.issues.get(int(word))
                return issue is not None and (hidden or issue.parent is None)
            case _:
                return False

    # --- what a body says ---

    def _read_wish(self, body: Mapping[str, Any], user: Person | None, at: datetime) -> Wish:
        """1.4: every bad field is reported at once; about one that is wrong by itself nothing else is known."""
        wrong: dict[str, object] = {}
        wrong_details: dict[str, object] = {}
        find = partial(self._find_assignee, user=user)
        readers: dict[str, Reader] = {"status": _read_status, "assignedTo": find, "substatus": _read_substatus}
        readers |= dict.fromkeys(BOOLEANS, _read_boolean) | _term_readers(at)
        values = _read_all(body, readers, wrong)
        details: dict[str, Any] = {}
        if "statusDetails" in body:
            if isinstance(body["statusDetails"], dict):
                inner: dict[str, Reader] = {"inNextRelease": _read_boolean, "inRelease": self._find_release}
                inner |= _term_readers(at)
                details = _read_all(body["statusDetails"], inner, wrong_details)
                wrong_details |= dict.fromkeys(body["statusDetails"].keys() - inner.keys() - {"actor"})
            else:
                wrong["statusDetails"] = None

        terms = {key: values[key] for key in TERMS if values.get(key)}
        inner_terms = {key: details[key] for key in TERMS if details.get(key)}
        releases = [key for key in ("inNextRelease", "inRelease") if details.get(key)]
        status = values.get("status")

        for window, count in WINDOWS.items():
            if window in terms and count not in terms and count not in wrong:
                wrong[window] = None
            if window in inner_terms and count not in inner_terms and count not in wrong_details:
                wrong_details[window] = None
        terms_are_known = not wrong_details and not wrong.keys() & {*TERMS, "statusDetails"}
        contradictions: list[tuple[dict[str, object], str]] = []
        for where, given in ((wrong, terms), (wrong_details, inner_terms)):
            if "ignoreUntil" in given and given.keys() & {"ignoreDuration", "snoozeDuration"}:
                contradictions += [(where, "ignoreUntil")]
        if inner_terms:
            contradictions += [(wrong, key) for key in terms]
        if len(releases) + (status == "resolvedInNextRelease") > 1:
            contradictions += [(wrong_details, key) for key in releases]
        if "status" not in wrong:
            if _misfits(values.get("substatus"), status, bool(terms or inner_terms), terms_are_known):
                contradictions += [(wrong, "substatus")]
            if status not in {"ignored", "muted"}:
                contradictions += [(wrong, key) for key in terms]
                contradictions += [(wrong_details, key) for key in inner_terms]
            if status not in {"resolved", "resolvedInNextRelease"}:
                contradictions += [(wrong_details, key) for key in releases]
            if status is None and body.get("statusDetails"):
                contradictions += [(wrong, "statusDetails")]
        for where, key in contradictions:
            where[key] = None
        wrong |= dict.fromkeys(key for key in body if key not in KNOWN and WISHES.match(key))
        if wrong_details:
            exact = None not in wrong_details.values() and "statusDetails" not in wrong
            wrong["statusDetails"] = wrong_details if exact else None
        if wrong:
            raise Refused(wrong)

        return Wish(
            status=None if status is None else STATUSES.get(status, "resolved"),
            substatus=values.get("substatus"),
            resolution=_resolution(status, details, self._newest()),
            terms=_terms(terms | inner_terms, at),
            assigns="assignedTo" in values,
            assignee=values.get("assignedTo"),
            is_public=values.get("isPublic"),
            has_seen=values.get("hasSeen"),
            is_bookmarked=values.get("isBookmarked"),
            is_subscribed=values.get("isSubscribed"),
            merge=values.get("merge"),
        )

    def _find_release(self, raw: Any) -> str:
        version = _read_text(raw)
        if not version:
            raise Wrong
        known = self._in_order()[-1:] if version == "latest" else [one for one in self.releases if one == version]
        if not known:
            raise Wrong("Unable to find a release with the given version.")
        return known[0]

    def _find_assignee(self, raw: Any, user: Person | None) -> Person | Team | None:
        """1.4: whom a word, or what a GET answered, means, if they can take care of issues here."""
        if isinstance(raw, dict) and {"type", "id"} <= raw.keys():
            raw = f"{raw['type']}:{raw['id']}"
        word = "" if raw is None else _read_text(raw)
        if not word:
            return None
        found = user if word == "me" else self._find_actor(word)
        if found is None:
            raise Wrong("Unknown actor input")
        if isinstance(found, Person) and not found.is_active:
            raise Wrong("Cannot assign to a deactivated member")
        if isinstance(found, Team) and not found.has_access:
            raise Wrong("Cannot assign to a team without access to the project")
        return found

    def _find_actor(self, word: str) -> Person | Team | None:
        """1.4: whom a word means."""
        word = word.lower()
        kind, _, rest = word.partition(":")
        people = {str(person.id): person for person in self.place.members}
        teams = {str(team.id): team for team in self.place.teams}
        slugs = {team.slug: team for team in self.place.teams}
        if word.startswith("#"):
            return slugs.get(word[1:])
        if kind == "team" and rest:
            return teams.get(rest)
        if kind == "user" and rest:
            return people.get(rest)
        if word.isdigit():
            return people.get(word)
        named = (
            person
            for column in ("username", "email")
            for person in self.place.members
            if getattr(person, column).lower() == word
        )
        return next(named, None) or slugs.get(word)

    # --- what it does to one issue ---

    def _changed(self, issue: Issue, wish: Wish, user: Person | None, at: datetime, *, named: bool) -> Issue:
        """1.7: in this order; but what the user says about following wins over all that would subscribe them."""
        issue = _with_status(issue, wish, user, at, follows=named)
        if wish.assigns:
            issue = _assigned(issue, wish.assignee, user, at)
        if wish.is_public and not issue.is_public:
            number = issue.links + 1
            issue = replace(issue, link=number, links=number).recorded("set_public", {}, user, at)
        if wish.is_public is False and issue.is_public:
            issue = replace(issue, link=None).recorded("set_private", {}, user, at)
        return issue if user is None else self._marked(issue, wish, user.id, at)

    def _marked(self, issue: Issue, wish: Wish, user: int, at: datetime) -> Issue:
        """1.4: the calling user's own marks."""
        others = frozenset(pair for pair in issue.seen if pair[0] != user)
        if wish.has_seen and not self._is_seen(issue, user):
            issue = replace(issue, seen=others | {(user, at)})
        if wish.has_seen is False:
            issue = replace(issue, seen=others)
        if wish.is_bookmarked and user not in issue.bookmarks:
            issue = replace(issue, bookmarks=issue.bookmarks | {user}).followed_by([user], "bookmark", at)
        if wish.is_bookmarked is False:
            issue = replace(issue, bookmarks=issue.bookmarks - {user})
            if issue.follower(user) == Follower(True, "bookmark", at):
                issue = issue.with_follower(user, None)
        if wish.is_subscribed is not None:
            issue = issue.following(user, wish.is_subscribed, at)
        return issue

    def _is_seen(self, issue: Issue, user: int) -> bool:
        return any(who == user and when >= self.totals(issue.id).last_seen for who, when in issue.seen)

    def _differs(self, before: Issue, after: Issue, wish: Wish, user: Person | None, at: datetime) -> bool:
        """1.8, Issues-Changed: but for merges, which count by themselves."""

        def parts(issue: Issue) -> object:
            marks: list[bool] = []
            if user is not None:
                marks = [self._is_seen(issue, user.id), user.id in issue.bookmarks]
                marks += [] if wish.is_subscribed is None else [issue.is_followed_by(user.id)]
            status = issue.status_at(at)
            terms = issue.terms if status == "ignored" else None
            return status, terms, issue.resolution, issue.assignee, issue.is_public, marks

        return parts(before) != parts(after)

    # --- trees ---

    def _under(self, pk: int) -> list[int]:
        children = [issue.id for issue in self.issues.values() if issue.parent == pk]
        return [below for child in children for below in (child, *self._under(child))]

    def _above(self, pk: int) -> list[int]:
        parent = self.issues[pk].parent
        return [] if parent is None else [parent, *self._above(parent)]

    def totals(self, pk: int) -> Totals:
        tree = [self.issues[below] for below in (pk, *self._under(pk))]
        hours: dict[datetime, int] = {}
        for issue in tree:
            for hour, count in issue.hours:
                hours[hour] = hours.get(hour, 0) + count
        return Totals(
            first_seen=min(issue.first_seen for issue in tree),
            last_seen=max(issue.last_seen for issue in tree),
            events=sum(issue.events for issue in tree),
            users=sum(issue.users for issue in tree),
            comments=sum(issue.comments for issue in tree),
            hours=hours,
        )

    def _merge(self, ids: list[int], user: Person | None, at: datetime) -> tuple[int, list[int]]:
        """1.6"""
        pk = min(ids, key=lambda pk: (self.totals(pk).first_seen, pk))
        children = [child for child in ids if child != pk]
        parent = self.issues[pk]
        for child in (self.issues[child] for child in children):
            for follower, how in child.followers:
                parent = parent.followed_by([follower] if how.is_active else [], how.reason, at)
            parent = replace(parent, bookmarks=parent.bookmarks | child.bookmarks)
            self.issues[child.id] = replace(child, parent=pk)
        parent = parent.recorded("merge", {"issues": [{"id": str(child)} for child in children]}, user, at)
        heirs = [child for child in children if self._is_taken(self.issues[child].assignee)]
        if parent.assignee is None and heirs:
            first = self.issues[min(heirs, key=lambda child: (self.totals(child).first_seen, child))]
            left = {follower for follower, how in first.followers if not how.is_active}
            assigned = _assigned(parent, self._assignee(first), user, at, except_to=left)
            parent = self._remembered(parent, assigned, self.numbers + 1)
        self.issues[pk] = parent
        return pk, children

    def _assignee(self, issue: Issue) -> Person | Team | None:
        everybody: dict[tuple[str, int], Person | Team] = {}
        everybody.update({("user", person.id): person for person in self.place.members})
        everybody.update({("team", team.id): team for team in self.place.teams})
        return None if issue.assignee is None else everybody[issue.assignee]

    def _is_taken(self, assignee: tuple[str, int] | None) -> bool:
        """Return whether a PUT would assign to them (1.4)."""
        if assignee is None:
            return False
        try:
            self._find_assignee("{}:{}".format(*assignee), None)
        except Wrong:
            return False
        return True

    def _unmerge(self, ids: list[int], user: Person | None, at: datetime) -> dict[int, int]:
        """1.6: by the relations as before the request; return the links that were cut."""
        parents: dict[int, int] = {}
        for issue in self.issues.values():
            if issue.parent is not None:
                is_given_back = issue.parent in ids and self.issues[issue.parent].parent is None
                if issue.id in ids or is_given_back:
                    parents[issue.id] = issue.parent
        self._cut(parents, user, at)
        return parents

    def _cut(self, parents: Mapping[int, int], user: Person | None, at: datetime) -> None:
        """Who is on both sides tells first of what was lost."""
        for parent in set(parents.values()):
            lost = sorted(child for child in parents if parents[child] == parent)
            told = {"issues": [{"id": str(child)} for child in lost]}
            self.issues[parent] = self.issues[parent].recorded("unmerge", told, user, at)
        for child, parent in parents.items():
            data = {"parent": {"id": str(parent)}}
            self.issues[child] = replace(self.issues[child], parent=None).recorded("unmerge", data, user, at)

    # --- what was changed, and taking it back (6) ---

    def _keep(self, mutation: Mutation) -> None:
        self.numbers, self.mutations[LATEST] = mutation.number, mutation

    def _value(self, issue: Issue, part: str) -> Any:
        """Return what stands in a part, to be compared and put back.

        A count ends when so many events have come, which no merge brings nearer.
        """
        if part == "assignee":
            return issue.assignee
        if part == "share":
            return issue.link
        ends = issue.terms.after(-issue.came, -issue.came)
        after = issue.resolution and issue.resolution.after
        return issue.status, issue.set_by, issue.resolved_at, issue.resolution, after, ends

    def _remembered(self, before: Issue, after: Issue, mutation: int) -> Issue:
        """Keep what was overwritten, of every part that an activity tells of."""
        parts = [PARTS[entry.kind] for entry in after.activity[len(before.activity) :] if entry.kind in PARTS]
        new = tuple(Overwritten(part, mutation, self._value(before, part)) for part in parts)
        return replace(after, past=(*after.past, *new))

    def _marks_changed(
        self, before: Mapping[int, Issue], wish: Wish, user: int
    ) -> dict[str, tuple[bool, frozenset[int]]]:
        """Return what each mark that was asked for was set to, and where that is another than it was."""
        wishes = {"seen": wish.has_seen, "bookmark": wish.is_bookmarked, "subscription": wish.is_subscribed}
        return {
            mark: (value, frozenset(pk for pk in before if self._has(before[pk], mark, user) is not value))
            for mark, value in wishes.items()
            if value is not None
        }

    def _has(self, issue: Issue, mark: str, user: int) -> bool:
        if mark == "seen":
            return self._is_seen(issue, user)
        return user in issue.bookmarks if mark == "bookmark" else issue.is_followed_by(user)

    def _undo(self, pk: int, user: Person | None, at: datetime) -> Expected:
        """6: every part that still is what the mutation left is put back."""
        undone = self.mutations.get(pk)
        if undone is None:
            return Expected(404, wrong={"detail": None})
        if undone.deletes:
            raise Refused({"detail": None})
        past = [(issue.id, kept) for issue in self.issues.values() for kept in issue.past]
        parts = {(changed, kept.part) for changed, kept in past if kept.mutation == undone.number}
        marked = {changed for _, ids in undone.marks.values() for changed in ids}
        there = ({changed for changed, _ in parts} | marked | _ends(undone.made) | _ends(undone.cut)) & set(self.issues)
        is_theirs = user is not None and user.id == undone.user  # a user's own marks are put back by that user alone
        undo = Mutation(self.numbers + 1, at, undone.user if is_theirs else None, is_reversed=not undone.is_reversed)
        restored: set[int] = set()
        skipped: set[int] = set()
        # The last step of what is undone is undone first.
        if not undone.is_reversed:
            undo = self._restore_links(undo, undone, user)
        for part in ("status", "assignee", "share"):
            for changed in sorted(changed for changed, which in parts if which == part):
                (restored if self._restore(changed, part, undone, undo, user) else skipped).add(changed)
        marks: dict[str, tuple[bool, frozenset[int]]] = {}
        for mark, (value, ids) in undone.marks.items():
            mine = ids & there if is_theirs else frozenset()
            done = frozenset(marked for marked in mine if self._restore_mark(marked, mark, value, undone, at))
            if is_theirs:
                marks[mark] = (not value, done)
            restored |= done
            skipped |= ids - done
        if undone.is_reversed:
            undo = self._restore_links(undo, undone, user)
        linked = _ends(undo.made) | _ends(undo.cut)
        restored |= linked
        skipped = (skipped | ((_ends(undone.made) | _ends(undone.cut)) - linked)) & there
        if restored:
            self._keep(replace(undo, marks=marks))
        told = {
            "undoes": str(pk),
            "restored": len(restored),
            "skipped": len(skipped),
            "skippedIds": [str(left) for left in sorted(skipped)],
        }
        return Expected(200, json.dumps(told), _counts(len(there), len(restored)))

    def _restore(self, pk: int, part: str, undone: Mutation, undo: Mutation, user: Person | None) -> bool:
        issue = self.issues[pk]
        past = [kept for kept in issue.past if kept.part == part]
        number = next(i for i, kept in enumerate(past) if kept.mutation == undone.number)
        now, was = self._value(issue, part), past[number].value
        left = past[number + 1].value if number + 1 < len(past) else now
        if not self._looks_same(issue, part, now, left, undo.at) or self._looks_same(issue, part, now, was, undo.at):
            return False
        if part == "assignee" and was is not None and not self._is_taken(was):
            return False  # what a PUT would refuse
        self.issues[pk] = self._remembered(issue, self._with_value(issue, part, was, user, undo.at), undo.number)
        return True

    def _looks_same(self, issue: Issue, part: str, one: Any, other: Any, at: datetime) -> bool:
        """6: whether a reader of the issue sees the same in both."""
        if part != "status":
            return bool(one == other)

        def seen(value: Any) -> tuple[Any, ...]:
            status, set_by, _, resolution, _, ends = value
            if status == "unresolved" or (status == "ignored" and ends.after(issue.came, issue.came).are_over(at)):
                return ("unresolved",)
            if status == "ignored":
                return (status, ends, set_by if ends != Terms() else None)
            return (status, resolution, set_by if resolution else None)

        waited, settled = sorted((one, other), key=lambda value: bool(value[3] and value[3].version))
        was_settled_since = waited[3] == Resolution() and settled[3] is not None and settled[3] != Resolution()
        return seen(one) == seen(other) or (was_settled_since and waited[1:3] == settled[1:3])

    def _with_value(self, issue: Issue, part: str, value: Any, user: Person | None, at: datetime) -> Issue:
        """Put it back, and record what the same change would have recorded."""
        if part == "share":
            return replace(issue, link=value).recorded("set_private" if value is None else "set_public", {}, user, at)
        if part == "assignee":
            data = {} if value is None else {"assignee": str(value[1]), "assigneeType": value[0]}
            return replace(issue, assignee=value).recorded("assigned" if value else "unassigned", data, user, at)
        status, set_by, resolved_at, resolution, after, ends = value
        if status == "ignored" and ends.after(issue.came, issue.came).are_over(at):
            status, set_by, ends = "unresolved", None, Terms()
        if resolution == Resolution() and (come := self._next(after)):  # which has come meanwhile
            resolution = Resolution(come)
        terms = ends.after(issue.came, issue.came)
        issue = replace(
            issue, status=status, set_by=set_by, resolved_at=resolved_at, resolution=resolution, terms=terms
        )
        return issue.recorded(*_told_of_status(status, terms, resolution), user, at)

    def _restore_mark(self, pk: int, mark: str, was_set_to: bool, undone: Mutation, at: datetime) -> bool:
        issue, user = self.issues[pk], undone.user
        assert user is not None
        if self._has(issue, mark, user) is not was_set_to:
            return False
        if mark == "seen":
            if not was_set_to and self.totals(pk).last_seen > undone.at:
                return False  # events came since
            others = frozenset(pair for pair in issue.seen if pair[0] != user)
            issue = replace(issue, seen=others if was_set_to else others | {(user, undone.at)})
        elif mark == "bookmark":
            issue = replace(issue, bookmarks=issue.bookmarks ^ {user})
        else:
            old = issue.follower(user) or Follower(False, "unknown", at)
            is_its_own = was_set_to and old.since == undone.at  # which was never ended by the user
            issue = issue.with_follower(user, None if is_its_own else replace(old, is_active=not was_set_to))
        self.issues[pk] = issue
        return True

    def _restore_links(self, undo: Mutation, undone: Mutation, user: Person | None) -> Mutation:
        """1.6: the links that were made and still are are cut; those that were cut are made, but for circles."""
        parents = {pk: issue.parent for pk, issue in self.issues.items()}
        cut = {child: parent for child, parent in undone.made.items() if parents.get(child) == parent}
        made: dict[int, int] = {}
        for child, parent in sorted(undone.cut.items()):
            if {child, parent} <= set(parents) and parents[child] is None:
                above: int | None = parent
                while above not in (None, child):
                    above = parents[above]
                if above is None:
                    parents[child] = made[child] = parent
        self._cut(cut, user, undo.at)
        for parent in set(made.values()):
            children = sorted(child for child in made if made[child] == parent)
            told = {"issues": [{"id": str(child)} for child in children]}
            self.issues[parent] = self.issues[parent].recorded("merge", told, user, undo.at)
        for child, parent in made.items():
            self.issues[child] = replace(self.issues[child], parent=parent)
        return replace(undo, made=made, cut=cut)

    # --- DELETE ---

    def _delete(self, request: Request, at: datetime) -> Expected:
        """3"""
        user = self.place.callers[request.who]
        scope = self._read_scope(request, user)
        self._check_names(scope, hidden=False)
        if scope.ids is None:
            raise Refused({"detail": "You must specify a list of IDs for this operation"})
        missing = self._missing(scope, hidden=False)
        if missing:
            return _nothing_done(missing, {})
        ids = self._matching(scope, user, at)
        doomed = {below for pk in ids for below in (pk, *self._under(pk))}
        for pk in doomed:
            del self.issues[pk]
        for number, kept in self.mutations.items():  # a merge is told by its parent alone
            made = {child: parent for child, parent in kept.made.items() if parent not in doomed}
            self.mutations[number] = replace(kept, made=made)
        if doomed:
            self._keep(Mutation(self.numbers + 1, at, None, deletes=True))
        return Expected(204, "", _counts(len(ids), len(doomed)))

    # --- releases ---

    def _release(self, version: str) -> Expected:
        """5: a release comes. It settles what waits for it, unless it is older; and may make others newer."""
        self.releases = (*self.releases, version)
        for pk, issue in self.issues.items():
            if issue.resolution == Resolution() and (come := self._next(issue.resolution.after)):
                number = max(i for i, entry in enumerate(issue.activity) if entry.kind == "set_resolved_in_release")
                told = replace(issue.activity[number], data=json.dumps({"version": come}))
                activity = (*issue.activity[:number], told, *issue.activity[number + 1 :])
                self.issues[pk] = replace(issue, resolution=Resolution(come), activity=activity)
        return Expected(201)

    def _in_order(self) -> list[str]:
        """5: oldest first. Each came later than those before, so when it came is as good as a date and an id."""

        def place(version: str) -> tuple[int, Number, int]:
            package, number = _package(version)
            up_to = [came for came, other in enumerate(self.releases) if _is_up_to(other, package, number)]
            came = self.releases.index(version)
            return max([came, *up_to]), number, came

        return sorted(self.releases, key=place)

    def _newest(self) -> str | None:
        return next(reversed(self._in_order()), None)

    def _next(self, after: str | None) -> str | None:
        """5: the first release that is newer than another; after none, the first of all."""
        order = self._in_order()
        return next(iter(order[0 if after is None else order.index(after) + 1 :]), None)

    # --- what is told ---

    def _list(self, request: Request, at: datetime) -> Expected:
        """2"""
        user = self.place.callers[request.who]
        given: dict[str, list[str]] = {}
        for name, value in request.query:
            given.setdefault(name, []).append(value)
        query = given.get("query")
        terms = _read_search(" ".join(query or []), user, longest=2_000)
        sort = given.get("sort", ["date"])[-1]
        limit = given.get("limit", ["100"])[-1]
        statuses = given.get("status", [])
        if sort not in SORTS:
            raise Refused({"sort": None})
        if not set(statuses) <= set(STATUSES):
            raise Refused({"status": None})
        if not limit.isdigit() or int(limit) < 1:
            raise Refused({"limit": None})
        asked = {STATUSES[word] for word in statuses} or ({"unresolved"} if query is None else None)
        found = [
            issue
            for issue in self.issues.values()
            if issue.parent is None
            and self._passes(issue, None if asked is None else frozenset(asked), terms, user, at)
        ]
        found.sort(key=lambda issue: (SORTS[sort](self.totals(issue.id)), issue.id), reverse=True)
        items = [self._item(issue, user, at) for issue in found[: int(limit)]]
        return Expected(200, json.dumps(items), {"X-Hits": str(len(found))})

    def _item(self, issue: Issue, user: Person | None, at: datetime) -> dict[str, Any]:
        totals = self.totals(issue.id)
        status = issue.status_at(at)
        people = {person.id: person for person in self.place.members}
        details: dict[str, Any] = {}
        if status == issue.status != "unresolved":
            actor = None if issue.set_by is None else people[issue.set_by]
            details = _tell_details(issue.terms, issue.resolution, actor)
        assignee = self._assignee(issue)
        follower = None if user is None else issue.follower(user.id)
        is_followed = follower is not None and follower.is_active
        hour = at.replace(minute=0, second=0, microsecond=0)
        hours = [hour - timedelta(hours=ago) for ago in range(23, -1, -1)]
        told = {
            "id": str(issue.id),
            "status": status,
            "statusDetails": details,
            "isPublic": issue.is_public,
            "shareId": _link(issue) if issue.is_public else None,
            "project": self.place.project,
            "numComments": totals.comments,
            "assignedTo": _tell_assignee(assignee),
            "isBookmarked": user is not None and user.id in issue.bookmarks,
            "isSubscribed": is_followed,
            "subscriptionDetails": {"reason": follower.reason} if follower is not None and is_followed else None,
            "hasSeen": user is not None and self._is_seen(issue, user.id),
            "annotations": [],
            "count": str(totals.events),
            "userCount": totals.users,
            "firstSeen": iso(totals.first_seen),
            "lastSeen": iso(totals.last_seen),
            "stats": {"24h": [[int(begin.timestamp()), totals.hours.get(begin, 0)] for begin in hours]},
            "substatus": _substatus(status, issue.terms, totals.first_seen, at),
            "isUnhandled": False,
            "issueType": "error",
            "issueCategory": "error",
            "lifetime": {
                "count": str(totals.events),
                "userCount": totals.users,
                "firstSeen": iso(totals.first_seen),
                "lastSeen": iso(totals.last_seen),
                "stats": {},
            },
        }
        return {key: told[key] if key in told else issue.facts[key] for key in ITEM}

    def _whole(self, pk: int, at: datetime) -> Expected:
        """5, and 1.6: of a merged issue, the one above it. What messages.tell_whole tells of it."""
        if pk not in self.issues:
            return Expected(404, wrong={"detail": None})
        issue = self.issues[(pk, *self._above(pk))[-1]]
        people = {person.id: person for person in self.place.members}
        activity = {
            str(below): [
                {
                    "type": entry.kind,
                    "data": json.loads(entry.data),
                    "user": None if entry.user is None else people[entry.user].told(),
                    "dateCreated": iso(entry.at),
                }
                for entry in reversed(self.issues[below].activity)
            ]
            for below in (issue.id, *self._under(issue.id))
            if self.issues[below].activity
        }
        seen_by = [people[user].told() | {"lastSeen": iso(when)} for user, when in issue.seen]
        told = {
            "id": str(issue.id),
            "status": issue.status_at(at),
            "activity": dict(sorted(activity.items())),
            "seenBy": sorted(seen_by, key=str),
            "participants": sorted(user for user, how in issue.followers if how.is_active),
        }
        return Expected(200, json.dumps(told))


# The keys of an item of a list, in the contract's order (2).
ITEM = (
    *("id", "shortId", "title", "culprit", "permalink", "logger", "level", "status", "statusDetails", "isPublic"),
    *("shareId", "platform", "project", "type", "metadata", "numComments", "assignedTo", "isBookmarked"),
    *("isSubscribed", "subscriptionDetails", "hasSeen", "annotations", "count", "userCount", "firstSeen", "lastSeen"),
    *("stats", "substatus", "isUnhandled", "issueType", "issueCategory", "lifetime"),
)


# ---------------------------------------------------------------------------------------------------------------------
# Values in bodies and queries
# ---------------------------------------------------------------------------------------------------------------------


def _read_body(text: str) -> dict[str, Any]:
    """1.4: a JSON object, or nothing at all."""
    if not text:
        return {}
    try:
        body = json.loads(text, parse_constant=_refuse, object_pairs_hook=_object)
    except ValueError as error:
        raise Refused({"detail": None}) from error
    if not isinstance(body, dict):
        raise Refused({"detail": None})
    return body


def _refuse(word: str) -> None:
    raise ValueError(word)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


def _read_search(query: str, user: Person | None, *, longest: int) -> tuple[Term, ...]:
    """2"""
    try:
        return searching.read(query, has_me=user is not None, longest=longest)
    except MeansNothing as error:
        raise Refused({"detail": None}) from error


def _read_all(body: Mapping[str, Any], readers: Mapping[str, Reader], wrong: dict[str, object]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, read in readers.items():
        if key in body:
            try:
                values[key] = read(body[key])
            except Wrong as error:
                wrong[key] = error.sentences
    return values


def _read_status(raw: Any) -> str:
    if not isinstance(raw, str) or raw not in {*STATUSES, "resolvedInNextRelease"}:
        raise Wrong
    return raw


def _read_substatus(raw: Any) -> str | None:
    if raw is not None and raw not in [word for words in SUBSTATUSES.values() for word in words]:
        raise Wrong
    return None if raw is None else str(raw)


def _misfits(substatus: str | None, status: str | None, has_terms: bool, terms_are_known: bool) -> bool:
    """1.4: whether it doesn't go with the status and its terms."""
    if substatus is None:
        return False
    if status is None or substatus not in SUBSTATUSES.get(STATUSES.get(status, status), ()):
        return True
    if substatus == "archived_until_condition_met":
        return not has_terms and terms_are_known
    return has_terms and status != "unresolved"


def _read_boolean(raw: Any) -> bool:
    for value, words in ((True, ("true", "1")), (False, ("false", "0"))):
        if isinstance(raw, bool | int | str) and str(raw).lower() in words:
            return value
    raise Wrong


def _read_text(raw: Any) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise Wrong
    return str(raw).strip()


def _term_readers(at: datetime) -> dict[str, Reader]:
    def read_instant(raw: Any) -> datetime | None:
        if raw is None:
            return None
        try:
            moment = datetime.fromisoformat(raw) if str(raw).isascii() else None
        except (TypeError, ValueError):
            moment = None
        if moment is None or moment <= at:
            raise Wrong
        return moment.astimezone(UTC)

    return {key: _number_reader(key) for key in NUMBERS} | {"ignoreUntil": read_instant}


def _number_reader(key: str) -> Callable[[Any], int | None]:
    least, greatest = NUMBERS[key]

    def read(raw: Any) -> int | None:
        if raw is None:
            return None
        if isinstance(raw, bool) or not re.fullmatch("-?[0-9]+", str(raw)) or not least <= int(raw) <= greatest:
            raise Wrong
        return int(raw)

    return read


def _package(version: str) -> tuple[str, Number]:
    """Return the package that a version names, and its number; a pre-release comes before its release."""
    found = re.fullmatch(r"(\w+)@(\d+)\.(\d+)(-\w+)?", version)
    return (found[1], (int(found[2]), int(found[3]), not found[4], found[4] or "")) if found else ("", ())


def _is_up_to(version: str, package: str, number: Number) -> bool:
    of, its = _package(version)
    return of == package != "" and its <= number


def _resolution(status: str | None, details: Mapping[str, Any], newest: str | None) -> Resolution | None:
    if status == "resolvedInNextRelease" or details.get("inNextRelease"):
        return Resolution(after=newest)
    return Resolution(details["inRelease"]) if details.get("inRelease") else None


def _terms(given: Mapping[str, Any], at: datetime) -> Terms:
    minutes = given.get("ignoreDuration", given.get("snoozeDuration"))
    return Terms(
        until=given.get("ignoreUntil") if minutes is None else at + timedelta(minutes=minutes),
        count=given.get("ignoreCount"),
        window=given.get("ignoreWindow"),
        user_count=given.get("ignoreUserCount"),
        user_window=given.get("ignoreUserWindow"),
    )


# ---------------------------------------------------------------------------------------------------------------------
# What becomes of an issue
# ---------------------------------------------------------------------------------------------------------------------


def _with_status(issue: Issue, wish: Wish, user: Person | None, at: datetime, *, follows: bool) -> Issue:
    """1.5"""
    now = issue.status_at(at)
    if wish.status is None or (
        (now, issue.resolution, issue.terms if now == "ignored" else Terms())
        == (wish.status, wish.resolution, wish.terms)
    ):
        return issue
    changed = replace(
        issue,
        status=wish.status,
        set_by=None if user is None else user.id,
        resolved_at=at if wish.status == "resolved" else None,
        resolution=wish.resolution,
        terms=wish.terms,
    )
    if wish.status == "resolved" and user is not None and follows:
        changed = changed.followed_by([user.id], "status_change", at)
    return changed.recorded(*_told_of_status(wish.status, wish.terms, wish.resolution), user, at)


def _told_of_status(status: str, terms: Terms, resolution: Resolution | None) -> tuple[str, dict[str, Any]]:
    """Return the activity that tells of a status."""
    if resolution is not None:
        return "set_resolved_in_release", {"version": resolution.version or ""}
    return f"set_{status}", {key: value for key, value in terms.told().items() if value is not None}


def _assigned(
    issue: Issue, to: Person | Team | None, user: Person | None, at: datetime, *, except_to: Collection[int] = ()
) -> Issue:
    """1.4: who they are follow it from then on, but for some, who left what it is a part of (1.6)."""
    kind = "team" if isinstance(to, Team) else "user"
    assignee = None if to is None else (kind, to.id)
    if issue.assignee == assignee:
        return issue
    changed = replace(issue, assignee=assignee)
    if to is None:
        return changed.recorded("unassigned", {}, user, at)
    people = set(to.members if isinstance(to, Team) else [to.id]).difference(except_to)
    data = {"assignee": str(to.id), "assigneeType": kind}
    return changed.followed_by(people, "assigned", at).recorded("assigned", data, user, at)


def _link(issue: Issue) -> str:
    return f"link {issue.id}.{issue.link}"


def _ends(links: Mapping[int, int]) -> set[int]:
    return {*links, *links.values()}


def _tell(body: Mapping[str, Any], wish: Wish, user: Person | None, merged: Any, link: str | None) -> dict[str, Any]:
    """1.8: what was asked, in the order of the body, and what it led to."""
    values = {
        "status": wish.status,
        "substatus": wish.substatus,
        "assignedTo": _tell_assignee(wish.assignee),
        "isPublic": wish.is_public,
        "merge": merged,
        "hasSeen": wish.has_seen,
        "isBookmarked": wish.is_bookmarked,
        "isSubscribed": wish.is_subscribed,
    }
    told = {key: values[key] for key in body if key in KEYS or key in _substatus_told(wish)}
    if link is not None:
        told["shareId"] = link
    if wish.is_subscribed is not None:
        told["subscriptionDetails"] = {"reason": "unknown"}
    if wish.status is not None:
        told["statusDetails"] = _tell_details(wish.terms, wish.resolution, user)
    return told


def _tell_assignee(assignee: Person | Team | None) -> dict[str, str] | None:
    match assignee:
        case None:
            return None
        case Team(id=pk, slug=slug):
            return {"type": "team", "id": str(pk), "name": slug}
        case Person(id=pk, name=name, email=email):
            return {"type": "user", "id": str(pk), "name": name, "email": email}


def _tell_details(terms: Terms, resolution: Resolution | None, actor: Person | None) -> dict[str, Any]:
    """1.8"""
    details: dict[str, Any] = {}
    if terms != Terms():
        details = terms.told()
    elif resolution is not None:
        details = {"inNextRelease": True} if resolution.version is None else {"inRelease": resolution.version}
    return details | {"actor": actor.told()} if details and actor is not None else details


def _substatus(status: str, terms: Terms, first_seen: datetime, at: datetime) -> str | None:
    """1.8"""
    if status == "ignored":
        return "archived_forever" if terms == Terms() else "archived_until_condition_met"
    if status == "unresolved":
        return "new" if at - first_seen <= timedelta(days=7) else "ongoing"
    return None


def _counts(matched: int, changed: int) -> dict[str, str]:
    counts = {"Issues-Matched": str(matched), "Issues-Changed": str(changed)}
    return counts | {"Mutation-Id": "given"} if changed else counts


def _substatus_told(wish: Wish) -> set[str]:
    """1.4: null was not given, and that an issue escalates is not understood."""
    return set() if wish.substatus in (None, "archived_until_escalating") else {"substatus"}


def _tell_ignored(body: Mapping[str, Any], wish: Wish) -> dict[str, str]:
    """1.4: the keys that nothing came of; what is asked here has none that need an escape."""
    not_understood = {"substatus"} if wish.substatus == "archived_until_escalating" else set()
    ignored = [key for key in body if key not in KNOWN - not_understood]
    return {"Ignored-Keys": ",".join(ignored[:20])} if ignored else {}


def _nothing_done(missing: list[int], ignored: dict[str, str]) -> Expected:
    told = {"Issues-Out-Of-Scope": ",".join(str(pk) for pk in missing[:20])}
    return Expected(204, "", _counts(0, 0) | told | ignored)
