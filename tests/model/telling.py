"""What is told of issues, and of what was done."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.model.asking import KNOWN, Asking, read_search
from tests.model.bodies import BOOLEANS, STATUSES, Refused, Wish
from tests.model.messages import Expected, Request
from tests.model.things import NO_TERMS, Issue, Person, Resolution, Team, Terms, Totals, iso

KEYS = ("status", "priority", "assignedTo", *BOOLEANS)
SORTS: dict[str, Callable[["Totals"], Any]] = {
    "date": lambda totals: totals.last_seen,
    "new": lambda totals: totals.first_seen,
    "freq": lambda totals: totals.events,
    "user": lambda totals: totals.users,
}
# The keys of an item of a list, in the contract's order (2).
ITEM = (
    *("id", "shortId", "title", "culprit", "permalink", "logger", "level", "status", "statusDetails", "isPublic"),
    *("shareId", "platform", "project", "type", "metadata", "numComments", "assignedTo", "isBookmarked"),
    *("isSubscribed", "subscriptionDetails", "hasSeen", "annotations", "count", "userCount", "firstSeen", "lastSeen"),
    *("stats", "priority", "substatus", "isUnhandled", "issueType", "issueCategory", "lifetime"),
)


class Telling(Asking):
    """Answers a GET."""

    def _list(self, request: Request, at: datetime) -> Expected:
        """2"""
        user = self.place.callers[request.who]
        given: dict[str, list[str]] = {}
        for name, value in request.query:
            given.setdefault(name, []).append(value)
        query = given.get("query")
        terms = read_search(" ".join(query or []), user, longest=2_000)
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
            details = tell_details(issue.terms, issue.resolution, actor)
        assignee = self._assignee(issue)
        follower = None if user is None else issue.follower(user.id)
        is_followed = follower is not None and follower.is_active
        hour = at.replace(minute=0, second=0, microsecond=0)
        hours = [hour - timedelta(hours=ago) for ago in range(23, -1, -1)]
        told = {
            "id": str(issue.id),
            "status": status,
            "statusDetails": details,
            "level": issue.level,
            "isPublic": issue.is_public,
            "shareId": link_of(issue) if issue.is_public else None,
            "project": self.place.project,
            "numComments": totals.comments,
            "assignedTo": tell_assignee(assignee),
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
            "priority": issue.priority,
            "substatus": substatus_of(status, issue, totals.first_seen, at),
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
            "releases": [self.totals(issue.id).first_release, self.totals(issue.id).last_release],
        }
        return Expected(200, json.dumps(told))


def link_of(issue: Issue) -> str:
    return f"link {issue.id}.{issue.link}"


def ends_of(links: Mapping[int, int]) -> set[int]:
    return {*links, *links.values()}


def tell(body: Mapping[str, Any], wish: Wish, user: Person | None, merged: Any, link: str | None) -> dict[str, Any]:
    """1.8: what was asked, in the order of the body, and what it led to."""
    values = {
        "status": wish.status,
        "substatus": wish.substatus,
        "priority": wish.priority,
        "assignedTo": tell_assignee(wish.assignee),
        "isPublic": wish.is_public,
        "merge": merged,
        "hasSeen": wish.has_seen,
        "isBookmarked": wish.is_bookmarked,
        "isSubscribed": wish.is_subscribed,
    }
    told = {key: values[key] for key in body if key in KEYS or (key == "substatus" and wish.substatus is not None)}
    if link is not None:
        told["shareId"] = link
    if wish.is_subscribed is not None:
        told["subscriptionDetails"] = {"reason": "unknown"}
    if wish.status is not None:
        told["statusDetails"] = tell_details(wish.terms, wish.resolution, user)
    return told


def tell_assignee(assignee: Person | Team | None) -> dict[str, str] | None:
    match assignee:
        case None:
            return None
        case Team(id=pk, slug=slug):
            return {"type": "team", "id": str(pk), "name": slug}
        case Person(id=pk, name=name, email=email):
            return {"type": "user", "id": str(pk), "name": name, "email": email}


def tell_details(terms: Terms, resolution: Resolution | None, actor: Person | None) -> dict[str, Any]:
    """1.8"""
    details: dict[str, Any] = {}
    if terms != NO_TERMS:
        details = terms.told()
    elif resolution is not None:
        details = {"inNextRelease": True} if resolution.version is None else {"inRelease": resolution.version}
    return details | {"actor": actor.told()} if details and actor is not None else details


def substatus_of(status: str, issue: Issue, first_seen: datetime, at: datetime) -> str | None:
    """1.8, 7.9"""
    if status == "ignored" and issue.terms.until_escalating:
        return "archived_until_escalating"
    if status == "ignored":
        return "archived_forever" if issue.terms == NO_TERMS else "archived_until_condition_met"
    if status == "unresolved" and issue.reopened is not None:
        return issue.reopened
    if status == "unresolved":
        return "new" if at - first_seen <= timedelta(days=7) else "ongoing"
    return None


def counted(matched: int, changed: int) -> dict[str, str]:
    counts = {"Issues-Matched": str(matched), "Issues-Changed": str(changed)}
    return counts | {"Mutation-Id": "given"} if changed else counts


def tell_ignored(body: Mapping[str, Any]) -> dict[str, str]:
    """1.4: the keys that nothing came of; what is asked here has none that need an escape."""
    ignored = [key for key in body if key not in KNOWN]
    return {"Ignored-Keys": ",".join(ignored[:20])} if ignored else {}


def nothing_done(missing: list[int], ignored: dict[str, str]) -> Expected:
    told = {"Issues-Out-Of-Scope": ",".join(str(pk) for pk in missing[:20])}
    return Expected(204, "", counted(0, 0) | told | ignored)
