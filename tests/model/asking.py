"""What a request means: which issues it names, what it searches, and what its body asks for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from tests.model import searching
from tests.model.bodies import (
    BOOLEANS,
    STATUSES,
    TERMS,
    Reader,
    Refused,
    Wish,
    Wrong,
    misfits,
    read_all,
    read_boolean,
    read_boolean_or_null,
    read_priority,
    read_status,
    read_substatus,
    read_text,
    resolution_of,
    term_readers,
    terms_of,
)
from tests.model.messages import Request
from tests.model.searching import NAMES, STATES, TAKEN_AT_THEIR_WORD, MeansNothing, Term, Value, compares, is_at
from tests.model.state import State
from tests.model.things import NO_TERMS, Issue, Person, Team

MAX_ID = 2**63 - 1
# 1.4: keys by which a wish is said.
WISHES = re.compile(r"(ignore|snooze|status)|in[A-Z_]|(query|preview)$")
KNOWN = {"status", "statusDetails", "substatus", "priority", "assignedTo", *BOOLEANS, *TERMS}
UNTIL_ESCALATING = "ignoreUntilEscalating"
WINDOWS = {"ignoreWindow": "ignoreCount", "ignoreUserWindow": "ignoreUserCount"}


@dataclass(frozen=True, slots=True)
class Scope:
    """1.3"""

    ids: tuple[int, ...] | None
    statuses: frozenset[str] | None
    terms: tuple[Term, ...]


class Asking(State):
    """Reads requests."""

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
            terms=read_search(" ".join(words["query"]), user, longest=10_000),
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
        """2: one value of a term. No issue here has a platform or a logger."""
        totals = self.totals(issue.id)
        match key:
            case "is":
                return self._is(STATES[value.text.lower()], issue, user, at)
            case "assigned":
                return issue.assignee in self._assignees(value.text, user)
            case "bookmarks":
                return user is not None and user.id in issue.bookmarks
            case "priority":
                return issue.priority == value.text.lower()
            case "level":
                return bool(issue.level == value.text.lower())
            case "release" | "firstrelease":
                versions = {totals.first_release} | ({totals.last_release} if key == "release" else set())
                if value.text.lower() == "latest":
                    return self._newest() in versions
                return any(value.finds(version, whole=True) for version in versions if version is not None)
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
            case "with terms" | "without terms" | "until escalating":
                how = "until escalating" if issue.terms.until_escalating else "with terms"
                return issue.status_at(at) == "ignored" and state == (
                    "without terms" if issue.terms == NO_TERMS else how
                )
            case "regressed" | "escalating":
                return issue.status_at(at) == "unresolved" and issue.reopened == state
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
                return word == "latest" or any(value.finds(version, whole=True) for version in self.versions)
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
        readers: dict[str, Reader] = {"status": read_status, "assignedTo": find, "substatus": read_substatus}
        readers["priority"] = read_priority
        readers |= dict.fromkeys(BOOLEANS, read_boolean) | term_readers(at)
        values = read_all(body, readers, wrong)
        details: dict[str, Any] = {}
        if "statusDetails" in body:
            if isinstance(body["statusDetails"], dict):
                inner: dict[str, Reader] = {"inNextRelease": read_boolean, "inRelease": self._find_release}
                inner |= term_readers(at) | {UNTIL_ESCALATING: read_boolean_or_null}
                details = read_all(body["statusDetails"], inner, wrong_details)
                wrong_details |= dict.fromkeys(body["statusDetails"].keys() - inner.keys() - {"actor"})
            else:
                wrong["statusDetails"] = None

        terms = {key: values[key] for key in TERMS if values.get(key)}
        inner_terms = {key: details[key] for key in TERMS if details.get(key)}
        releases = [key for key in ("inNextRelease", "inRelease") if details.get(key)]
        status = values.get("status")
        until_escalating = bool(details.get(UNTIL_ESCALATING))

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
        if until_escalating and (terms or inner_terms):
            contradictions += [(wrong_details, UNTIL_ESCALATING)]
        if len(releases) + (status == "resolvedInNextRelease") > 1:
            contradictions += [(wrong_details, key) for key in releases]
        if "status" not in wrong:
            has_terms = bool(terms or inner_terms)
            if misfits(values.get("substatus"), status, has_terms, terms_are_known, until_escalating):
                contradictions += [(wrong, "substatus")]
            if status not in {"ignored", "muted"}:
                contradictions += [(wrong, key) for key in terms]
                contradictions += [(wrong_details, key) for key in inner_terms]
                contradictions += [(wrong_details, UNTIL_ESCALATING)] if until_escalating else []
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
            resolution=resolution_of(status, details, self._newest()),
            terms=terms_of(
                terms | inner_terms,
                until_escalating or values.get("substatus") == "archived_until_escalating",
                at,
            ),
            assigns="assignedTo" in values,
            assignee=values.get("assignedTo"),
            priority=values.get("priority"),
            is_public=values.get("isPublic"),
            has_seen=values.get("hasSeen"),
            is_bookmarked=values.get("isBookmarked"),
            is_subscribed=values.get("isSubscribed"),
            merge=values.get("merge"),
        )

    def _find_release(self, raw: Any) -> str:
        version = read_text(raw)
        if not version:
            raise Wrong
        known = self._in_order()[-1:] if version == "latest" else [one for one in self.versions if one == version]
        if not known:
            raise Wrong("Unable to find a release with the given version.")
        return known[0]

    def _find_assignee(self, raw: Any, user: Person | None) -> Person | Team | None:
        """1.4: whom a word, or what a GET answered, means, if they can take care of issues here."""
        if isinstance(raw, dict) and {"type", "id"} <= raw.keys():
            raw = f"{raw['type']}:{raw['id']}"
        word = "" if raw is None else read_text(raw)
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

    def _is_taken(self, assignee: tuple[str, int] | None) -> bool:
        """Return whether a PUT would assign to them (1.4)."""
        if assignee is None:
            return False
        try:
            self._find_assignee("{}:{}".format(*assignee), None)
        except Wrong:
            return False
        return True


def read_search(query: str, user: Person | None, *, longest: int) -> tuple[Term, ...]:
    """2"""
    try:
        return searching.read(query, has_me=user is not None, longest=longest)
    except MeansNothing as error:
        raise Refused({"detail": None}) from error
