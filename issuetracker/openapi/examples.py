"""Bodies to begin with, all of which a test sends. They fit what ``manage.py demo`` makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Example:
    """A body; and the answer to it with an API key, where that is the same each time."""

    summary: str
    body: dict[str, Any]
    answer: dict[str, Any] | None = None


# From the published reference, word for word.
PUBLISHED = Example(
    "As published: reopen two issues, and make them private",
    {"status": "unresolved", "isPublic": False},
    {"status": "unresolved", "isPublic": False, "statusDetails": {}},
)

BULK: Mapping[str, Example] = {
    "published": PUBLISHED,
    "nextRelease": Example(
        "Resolve them in the next release",
        {"status": "resolvedInNextRelease"},
        {"status": "resolved", "statusDetails": {"inNextRelease": True}},
    ),
    "release": Example(
        "Resolve them in a release",
        {"status": "resolved", "statusDetails": {"inRelease": "1.1.0"}},
        {"status": "resolved", "statusDetails": {"inRelease": "1.1.0"}},
    ),
    "ignore": Example(
        "Ignore them until a hundred more events",
        {"status": "ignored", "ignoreCount": 100},
        {
            "status": "ignored",
            "statusDetails": {
                "ignoreCount": 100,
                "ignoreUntil": None,
                "ignoreUserCount": None,
                "ignoreUserWindow": None,
                "ignoreWindow": None,
            },
        },
    ),
    "unassign": Example("Take them from whoever has them", {"assignedTo": None}, {"assignedTo": None}),
    "assign": Example("Give them to a team", {"assignedTo": "#powerful-abolitionist"}),
    "merge": Example("Merge them", {"merge": True}, {"merge": {"parent": "1", "children": ["2"]}}),
    "unmerge": Example("Take apart what was merged into them", {"merge": False}, {"merge": False}),
    "marks": Example(
        "Mark them for the calling user",
        {"hasSeen": True, "isBookmarked": True, "isSubscribed": True},
        {
            "hasSeen": True,
            "isBookmarked": True,
            "isSubscribed": True,
            "subscriptionDetails": {"reason": "unknown"},
        },
    ),
}
BULK_OF_ORGANIZATION: Mapping[str, Example] = {"published": PUBLISHED}

ONE_ISSUE: Mapping[str, Example] = {"resolve": Example("Resolve it", {"status": "resolved"})}
NOTES: Mapping[str, Example] = {"note": Example("A note", {"text": "The valve was changed on Monday."})}
NEW_RELEASES: Mapping[str, Example] = {
    "release": Example(
        "A release that is out",
        {"version": "1.2.0", "projects": ["pump-station"], "dateReleased": "2026-03-01T12:00:00Z"},
    )
}
RELEASE_CHANGES: Mapping[str, Example] = {
    "released": Example("It is out", {"dateReleased": "2026-03-01T12:00:00Z"}),
    "archive": Example("Out of the way", {"status": "archived"}),
}
NEW_DEPLOYS: Mapping[str, Example] = {
    "deploy": Example("Live in production", {"environment": "production", "dateFinished": "2026-03-01T12:30:00Z"})
}
NEW_CLIENT_KEYS: Mapping[str, Example] = {"named": Example("One for the workers", {"name": "workers"})}
CLIENT_KEY_CHANGES: Mapping[str, Example] = {
    "disable": Example("Refuse what is sent with it", {"isActive": False}),
    "limit": Example("At most 1,000 events in a minute", {"rateLimit": {"window": 60, "count": 1000}}),
}
