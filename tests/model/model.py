"""The contract once more, as plainly as it can be said: PUT, DELETE and GET over a dictionary of issues.

Written from docs/contract.md, whose sections the comments name, and not from the service; it imports nothing of the
service and no Django (pyproject.toml sees to that). It is slow, keeps everything in memory and serves one request at a
time: whatever many requests at once lead to must be what *it* leads to in some order (tests/model/histories.py).

Issues are frozen values that are replaced, so that a copy of the whole model costs next to nothing.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.model.messages import Expected, Request, Who

MAX_ID = 2**63 - 1
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
WINDOWS = {"ignoreWindow": "ignoreCount", "ignoreUserWindow": "ignoreUserCount"}
Reader = Callable[[Any], Any]  # of a value in a body
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

    project: Mapping[str, str]
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
    """Resolved in a release; without a version, in the next one."""

    version: str | None = None


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
    resolution: Resolution | None = None
    terms: Terms = Terms()
    assignee: tuple[str, int] | None = None
    is_public: bool = False
    links: int = 0  # how many links it has had
    parent: int | None = None
    seen: frozenset[tuple[int, datetime]] = frozenset()
    bookmarks: frozenset[int] = frozenset()
    followers: frozenset[tuple[int, Follower]] = frozenset()
    activity: tuple[Entry, ...] = ()

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

    def followed_by(self, users: Iterable[int], reason: str) -> "Issue":
        """1.5: as a side effect, which revives nothing and keeps a reason that exists."""
        issue = self
        for user in users:
            issue = issue if issue.follower(user) else issue.with_follower(user, Follower(True, reason))
        return issue

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
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """1.4, validated. None is "absent"; ``assigns`` tells "to nobody" from it."""

    status: str | None = None
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
        without = replace(self, status=None, resolution=None, terms=Terms())
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
    releases: tuple[str, ...]  # of the project, oldest first

    def copy(self) -> "Model":
        return Model(self.place, dict(self.issues), self.releases)

    def key(self) -> object:
        """Return a value that two models have in common exactly when everything is the same in both."""
        return frozenset(self.issues.values()), self.releases

    def answer(self, request: Request, at: datetime) -> Expected:
        """Do what is asked, all of it or nothing, and return the answer."""
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
        except Refused as refusal:
            return Expected(400, wrong=refusal.wrong)
        raise ValueError(f"The model knows no such request: {request}")

    def events_come(self, pk: int, count: int, at: datetime) -> None:
        """Let an issue have so many more events, each of another user."""
        issue = self.issues[pk]
        self.issues[pk] = replace(issue, events=issue.events + count, users=issue.users + count, last_seen=at)
        for above in (pk, *self._above(pk)):
            self.issues[above] = replace(self.issues[above], terms=self.issues[above].terms.after(count, count))

    # --- PUT ---

    def _put(self, request: Request, at: datetime) -> Expected:
        """1.1, from check 4 on; who calls here has all scopes and sees the project."""
        user = self.place.callers[request.who]
        scope = self._read_scope(request, user)
        body = _read_body(request.body)
        wish = self._read_wish(body, at)
        if scope.ids is None and (not wish.is_status_only or {"id", "ids"} & set(body)):
            raise Refused({"detail": "You must specify a list of IDs for this operation"})
        missing = self._missing(scope, hidden=wish == Wish(merge=False))
        if missing:
            return _nothing_done(missing)

        ids = self._matching(scope, user, at)
        before = {pk: self.issues[pk] for pk in ids}
        named = scope.ids is not None
        for pk in ids:
            self.issues[pk] = self._changed(self.issues[pk], wish, user, at, named=named)
        changed = {pk for pk in ids if self._differs(before[pk], self.issues[pk], wish, user, at)}
        merged: Any = wish.merge
        if wish.merge and len(ids) > 1:
            parent, children = self._merge(ids, user, at)
            changed |= {parent, *children}
            merged = {"parent": str(parent), "children": [str(pk) for pk in children]}
        if wish.merge is False:
            changed |= self._unmerge(ids, user, at)

        link = _link(self.issues[ids[0]]) if wish.is_public and len(ids) == 1 else None
        told = _tell(body, wish, user, merged, link)
        return Expected(200, json.dumps(told), _counts(len(ids), len(changed)))

    def _read_scope(self, request: Request, user: Person | None) -> Scope:
        """1.3"""
        words: dict[str, list[str]] = {"id": [], "status": [], "query": []}
        for name, value in request.query:
            if name not in words:
                raise Refused({"detail": None})
            words[name].append(value)
        wrong: dict[str, object] = {}
        if not all(re.fullmatch("[0-9]+", word) and 0 < int(word) <= MAX_ID for word in words["id"]):
            wrong["id"] = None
        if not set(words["status"]) <= set(STATUSES):
            wrong["status"] = None
        if wrong:
            raise Refused(wrong)
        return Scope(
            ids=tuple(sorted({int(word) for word in words["id"]})) if words["id"] else None,
            statuses=frozenset(STATUSES[word] for word in words["status"]) if words["status"] else None,
            words=_read_words(" ".join(words["query"]), user),
        )

    def _missing(self, scope: Scope, *, hidden: bool) -> list[int]:
        """Return the ids that are out of scope; ``hidden``: merged children may be named (1.6)."""
        here = {pk for pk, issue in self.issues.items() if hidden or issue.parent is None}
        return [pk for pk in scope.ids or () if pk not in here]

    def _matching(self, scope: Scope, user: Person | None, at: datetime) -> list[int]:
        """Return what the filters leave of the ids, or of all that are visible; ascending."""
        named = scope.ids or sorted(pk for pk, issue in self.issues.items() if issue.parent is None)
        return [pk for pk in named if self._passes(self.issues[pk], scope.statuses, scope.words, user, at)]

    def _passes(
        self,
        issue: Issue,
        statuses: frozenset[str] | None,
        words: tuple[str, ...],
        user: Person | None,
        at: datetime,
    ) -> bool:
        return (statuses is None or issue.status_at(at) in statuses) and all(
            self._holds(word.removeprefix("!"), issue, user, at) is not word.startswith("!") for word in words
        )

    def _holds(self, word: str, issue: Issue, user: Person | None, at: datetime) -> bool:
        """2: the part of the search language that is asked here."""
        match word.partition(":"):
            case "is", ":", ("resolved" | "unresolved" | "ignored") as status:
                return issue.status_at(at) == status
            case "is", ":", "assigned":
                return issue.assignee is not None
            case "is", ":", "unassigned":
                return issue.assignee is None
            case "is", ":", "public":
                return issue.is_public
            case "is", ":", "bookmarked":
                return user is not None and user.id in issue.bookmarks
            case "timesSeen", ":", number:
                return self.totals(issue.id).events > int(number.removeprefix(">"))
            case _:
                return any(word.lower() in issue.facts[key].lower() for key in ("title", "culprit"))

    # --- what a body says ---

    def _read_wish(self, body: Mapping[str, Any], at: datetime) -> Wish:
        """1.4: every bad field is reported at once; about one that is wrong by itself nothing else is known."""
        wrong: dict[str, object] = {}
        wrong_details: dict[str, object] = {}
        readers: dict[str, Reader] = {"status": _read_status, "assignedTo": self._find_assignee}
        readers |= dict.fromkeys(BOOLEANS, _read_boolean) | {key: _number_reader(key) for key in NUMBERS}
        values = _read_all(body, readers, wrong)
        details: dict[str, Any] = {}
        if "statusDetails" in body:
            if isinstance(body["statusDetails"], dict):
                inner: dict[str, Reader] = {"inNextRelease": _read_boolean, "inRelease": self._find_release}
                inner |= {key: _number_reader(key) for key in NUMBERS if key != "snoozeDuration"}
                details = _read_all(body["statusDetails"], inner, wrong_details)
            else:
                wrong["statusDetails"] = None

        terms = {key: values[key] for key in NUMBERS if values.get(key)}
        inner_terms = {key: details[key] for key in NUMBERS if details.get(key)}
        releases = [key for key in ("inNextRelease", "inRelease") if details.get(key)]
        status = values.get("status")

        for window, count in WINDOWS.items():
            if window in terms and count not in terms and count not in wrong:
                wrong[window] = None
            if window in inner_terms and count not in inner_terms and count not in wrong_details:
                wrong_details[window] = None
        contradictions: list[tuple[dict[str, object], str]] = []
        if inner_terms:
            contradictions += [(wrong, key) for key in terms]
        if len(releases) + (status == "resolvedInNextRelease") > 1:
            contradictions += [(wrong_details, key) for key in releases]
        if "status" not in wrong:
            if status not in {"ignored", "muted"}:
                contradictions += [(wrong, key) for key in terms]
                contradictions += [(wrong_details, key) for key in inner_terms]
            if status not in {"resolved", "resolvedInNextRelease"}:
                contradictions += [(wrong_details, key) for key in releases]
            if status is None and body.get("statusDetails"):
                contradictions += [(wrong, "statusDetails")]
        for where, key in contradictions:
            where[key] = None
        if wrong_details:
            exact = None not in wrong_details.values() and "statusDetails" not in wrong
            wrong["statusDetails"] = wrong_details if exact else None
        if wrong:
            raise Refused(wrong)

        return Wish(
            status=None if status is None else STATUSES.get(status, "resolved"),
            resolution=_resolution(status, details),
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
        known = self.releases[-1:] if version == "latest" else [one for one in self.releases if one == version]
        if not known:
            raise Wrong("Unable to find a release with the given version.")
        return known[0]

    def _find_assignee(self, raw: Any) -> Person | Team | None:
        """1.4: whom a word means."""
        word = "" if raw is None else _read_text(raw)
        kind, _, rest = word.partition(":")
        people = {str(person.id): person for person in self.place.members}
        teams = {str(team.id): team for team in self.place.teams}
        slugs = {team.slug: team for team in self.place.teams}
        found: Person | Team | None
        if not word:
            return None
        if word.startswith("#"):
            found = slugs.get(word[1:])
        elif kind == "team" and rest:
            found = teams.get(rest)
        elif kind == "user" and rest:
            found = people.get(rest)
        elif word.isdigit():
            found = people.get(word)
        else:
            found = next(
                (
                    person
                    for column in ("username", "email")
                    for person in self.place.members
                    if getattr(person, column).lower() == word.lower()
                ),
                slugs.get(word),
            )
        if found is None:
            raise Wrong("Unknown actor input")
        if isinstance(found, Person) and not found.is_active:
            raise Wrong("Cannot assign to a deactivated member")
        if isinstance(found, Team) and not found.has_access:
            raise Wrong("Cannot assign to a team without access to the project")
        return found

    # --- what it does to one issue ---

    def _changed(self, issue: Issue, wish: Wish, user: Person | None, at: datetime, *, named: bool) -> Issue:
        """1.7: in this order; but what the user says about following wins over all that would subscribe them."""
        issue = _with_status(issue, wish, user, at, follows=named)
        if wish.assigns:
            issue = _assigned(issue, wish.assignee, user, at)
        if wish.is_public and not issue.is_public:
            issue = replace(issue, is_public=True, links=issue.links + 1).recorded("set_public", {}, user, at)
        if wish.is_public is False and issue.is_public:
            issue = replace(issue, is_public=False).recorded("set_private", {}, user, at)
        return issue if user is None else self._marked(issue, wish, user.id, at)

    def _marked(self, issue: Issue, wish: Wish, user: int, at: datetime) -> Issue:
        """1.4: the calling user's own marks."""
        others = frozenset(pair for pair in issue.seen if pair[0] != user)
        if wish.has_seen and not self._is_seen(issue, user):
            issue = replace(issue, seen=others | {(user, at)})
        if wish.has_seen is False:
            issue = replace(issue, seen=others)
        if wish.is_bookmarked and user not in issue.bookmarks:
            issue = replace(issue, bookmarks=issue.bookmarks | {user}).followed_by([user], "bookmark")
        if wish.is_bookmarked is False:
            issue = replace(issue, bookmarks=issue.bookmarks - {user})
            if issue.follower(user) == Follower(True, "bookmark"):
                issue = issue.with_follower(user, None)
        if wish.is_subscribed is not None:
            issue = issue.with_follower(user, Follower(wish.is_subscribed, "unknown"))
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
                parent = parent.followed_by([follower] if how.is_active else [], how.reason)
            parent = replace(parent, bookmarks=parent.bookmarks | child.bookmarks)
            self.issues[child.id] = replace(child, parent=pk)
        self.issues[pk] = parent.recorded("merge", {"issues": [{"id": str(child)} for child in children]}, user, at)
        return pk, children

    def _unmerge(self, ids: list[int], user: Person | None, at: datetime) -> set[int]:
        """1.6: by the relations as before the request. Who is on both sides tells first of what was lost."""
        parents: dict[int, int] = {}
        for issue in self.issues.values():
            if issue.parent is not None:
                is_given_back = issue.parent in ids and self.issues[issue.parent].parent is None
                if issue.id in ids or is_given_back:
                    parents[issue.id] = issue.parent
        for parent in set(parents.values()):
            lost = sorted(child for child in parents if parents[child] == parent)
            told = {"issues": [{"id": str(child)} for child in lost]}
            self.issues[parent] = self.issues[parent].recorded("unmerge", told, user, at)
        for child, parent in parents.items():
            data = {"parent": {"id": str(parent)}}
            self.issues[child] = replace(self.issues[child], parent=None).recorded("unmerge", data, user, at)
        return {*parents, *parents.values()}

    # --- DELETE ---

    def _delete(self, request: Request, at: datetime) -> Expected:
        """3"""
        user = self.place.callers[request.who]
        scope = self._read_scope(request, user)
        if scope.ids is None:
            raise Refused({"detail": "You must specify a list of IDs for this operation"})
        missing = self._missing(scope, hidden=False)
        if missing:
            return _nothing_done(missing)
        ids = self._matching(scope, user, at)
        doomed = {below for pk in ids for below in (pk, *self._under(pk))}
        for pk in doomed:
            del self.issues[pk]
        return Expected(204, "", _counts(len(ids), len(doomed)))

    # --- releases ---

    def _release(self, version: str) -> Expected:
        """5: a release that is newer than all others comes, and settles what waits for it."""
        self.releases = (*self.releases, version)
        for pk, issue in self.issues.items():
            if issue.resolution == Resolution():
                number = max(i for i, entry in enumerate(issue.activity) if entry.kind == "set_resolved_in_release")
                told = replace(issue.activity[number], data=json.dumps({"version": version}))
                activity = (*issue.activity[:number], told, *issue.activity[number + 1 :])
                self.issues[pk] = replace(issue, resolution=Resolution(version), activity=activity)
        return Expected(201)

    # --- what is told ---

    def _list(self, request: Request, at: datetime) -> Expected:
        """2"""
        user = self.place.callers[request.who]
        given: dict[str, list[str]] = {}
        for name, value in request.query:
            given.setdefault(name, []).append(value)
        query = given.get("query")
        words = _read_words(" ".join(query or []), user)
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
            and self._passes(issue, None if asked is None else frozenset(asked), words, user, at)
        ]
        found.sort(key=lambda issue: (SORTS[sort](self.totals(issue.id)), issue.id), reverse=True)
        items = [self._item(issue, user, at) for issue in found[: int(limit)]]
        return Expected(200, json.dumps(items), {"X-Hits": str(len(found))})

    def _item(self, issue: Issue, user: Person | None, at: datetime) -> dict[str, Any]:
        totals = self.totals(issue.id)
        status = issue.status_at(at)
        people = {person.id: person for person in self.place.members}
        teams = {team.id: team for team in self.place.teams}
        details: dict[str, Any] = {}
        if status == issue.status != "unresolved":
            actor = None if issue.set_by is None else people[issue.set_by]
            details = _tell_details(issue.terms, issue.resolution, actor)
        assignee: Person | Team | None = None
        if issue.assignee is not None:
            kind, pk = issue.assignee
            assignee = people[pk] if kind == "user" else teams[pk]
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
        }
        return {key: told[key] if key in told else issue.facts[key] for key in ITEM}

    def _whole(self, pk: int, at: datetime) -> Expected:
        """5, and 1.6: of a merged issue, the one above it. What messages.tell_whole tells of it."""
        if pk not in self.issues:
            return Expected(404, wrong={"detail": None})
        issue = self.issues[(pk, *self._above(pk))[-1]]
        people = {person.id: person for person in self.place.members}
        activity = [
            {
                "type": entry.kind,
                "data": json.loads(entry.data),
                "user": None if entry.user is None else people[entry.user].told(),
                "dateCreated": iso(entry.at),
            }
            for entry in reversed(issue.activity)
        ]
        seen_by = [people[user].told() | {"lastSeen": iso(when)} for user, when in issue.seen]
        told = {
            "id": str(issue.id),
            "status": issue.status_at(at),
            "activity": activity,
            "seenBy": sorted(seen_by, key=str),
            "participants": sorted(user for user, how in issue.followers if how.is_active),
        }
        return Expected(200, json.dumps(told))


# The keys of an item of a list, in the contract's order (2).
ITEM = (
    *("id", "shortId", "title", "culprit", "permalink", "logger", "level", "status", "statusDetails", "isPublic"),
    *("shareId", "platform", "project", "type", "metadata", "numComments", "assignedTo", "isBookmarked"),
    *("isSubscribed", "subscriptionDetails", "hasSeen", "annotations", "count", "userCount", "firstSeen", "lastSeen"),
    "stats",
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


def _read_words(query: str, user: Person | None) -> tuple[str, ...]:
    """2: a term that means nothing, and "me" of nobody, are bad terms."""
    known = {"resolved", "unresolved", "ignored", "assigned", "unassigned", "public", "bookmarked"}
    for word in query.split():
        key, colon, value = word.removeprefix("!").partition(":")
        if colon and (
            key not in {"is", "timesSeen"}
            or (key == "is" and value not in known)
            or (value == "bookmarked" and user is None)
        ):
            raise Refused({"detail": None})
    return tuple(query.split())


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


def _read_boolean(raw: Any) -> bool:
    for value, words in ((True, ("true", "1")), (False, ("false", "0"))):
        if isinstance(raw, bool | int | str) and str(raw).lower() in words:
            return value
    raise Wrong


def _read_text(raw: Any) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise Wrong
    return str(raw).strip()


def _number_reader(key: str) -> Callable[[Any], int | None]:
    least, greatest = NUMBERS[key]

    def read(raw: Any) -> int | None:
        if raw is None:
            return None
        if isinstance(raw, bool) or not re.fullmatch("-?[0-9]+", str(raw)) or not least <= int(raw) <= greatest:
            raise Wrong
        return int(raw)

    return read


def _resolution(status: str | None, details: Mapping[str, Any]) -> Resolution | None:
    if status == "resolvedInNextRelease" or details.get("inNextRelease"):
        return Resolution()
    return Resolution(details["inRelease"]) if details.get("inRelease") else None


def _terms(given: Mapping[str, int], at: datetime) -> Terms:
    minutes = given.get("ignoreDuration", given.get("snoozeDuration"))
    return Terms(
        until=None if minutes is None else at + timedelta(minutes=minutes),
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
        resolution=wish.resolution,
        terms=wish.terms,
    )
    if wish.status != "resolved":
        given = {key: value for key, value in wish.terms.told().items() if value is not None}
        return changed.recorded(f"set_{wish.status}", given, user, at)
    if user is not None and follows:
        changed = changed.followed_by([user.id], "status_change")
    if wish.resolution is None:
        return changed.recorded("set_resolved", {}, user, at)
    return changed.recorded("set_resolved_in_release", {"version": wish.resolution.version or ""}, user, at)


def _assigned(issue: Issue, to: Person | Team | None, user: Person | None, at: datetime) -> Issue:
    """1.4"""
    kind = "team" if isinstance(to, Team) else "user"
    assignee = None if to is None else (kind, to.id)
    if issue.assignee == assignee:
        return issue
    changed = replace(issue, assignee=assignee)
    if to is None:
        return changed.recorded("unassigned", {}, user, at)
    people = to.members if isinstance(to, Team) else [to.id]
    data = {"assignee": str(to.id), "assigneeType": kind}
    return changed.followed_by(people, "assigned").recorded("assigned", data, user, at)


def _link(issue: Issue) -> str:
    return f"link {issue.id}.{issue.links}"


def _tell(body: Mapping[str, Any], wish: Wish, user: Person | None, merged: Any, link: str | None) -> dict[str, Any]:
    """1.8: what was asked, in the order of the body, and what it led to."""
    values = {
        "status": wish.status,
        "assignedTo": _tell_assignee(wish.assignee),
        "isPublic": wish.is_public,
        "merge": merged,
        "hasSeen": wish.has_seen,
        "isBookmarked": wish.is_bookmarked,
        "isSubscribed": wish.is_subscribed,
    }
    told = {key: values[key] for key in body if key in KEYS}
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


def _counts(matched: int, changed: int) -> dict[str, str]:
    counts = {"Issues-Matched": str(matched), "Issues-Changed": str(changed)}
    return counts | {"Mutation-Id": "given"} if changed else counts


def _nothing_done(missing: list[int]) -> Expected:
    told = {"Issues-Out-Of-Scope": ",".join(str(pk) for pk in missing[:20])}
    return Expected(204, "", _counts(0, 0) | told)
