"""The table of actions: all that the API can do to issues."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from desk.acting.forms import AssignForm, IgnoreForm, NoteForm, PriorityForm, ReleaseForm, WishForm
from projects.roles import May

Group = Literal["status", "care", "tree", "marks", "more"]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done.

    :ivar label: what its button says.
    :ivar done: what follows a number of issues afterwards: "3 issues resolved".
    :ivar body: what is asked, as a body of the API; the form says the rest.
    :ivar asks_first: whether nothing can be shown before the form is filled in.
    :ivar takes_all: whether it may be about all that a search finds, however many (contract 1.3); others name each.
    :ivar at_once: whether one issue needs no page in between: nothing is asked, and it can be undone.
    :ivar key: what presses its button.
    :ivar needs: what a role must allow in the organization (projects/roles.py).
    """

    name: str
    label: str
    done: str
    group: Group
    body: Mapping[str, Any] = field(default_factory=dict)
    form: type[WishForm] = WishForm
    asks_first: bool = False
    takes_all: bool = False
    at_once: bool = True
    key: str = ""
    needs: May = May.TRIAGE


NOTE, DELETE = "note", "delete"  # the two that no body of a PUT asks for

ACTIONS: Mapping[str, Action] = {
    action.name: action
    for action in (
        Action("resolve", "Resolve", "resolved", "status", {"status": "resolved"}, takes_all=True, key="r"),
        Action(
            "resolve_in_next_release",
            "Resolve in the next release",
            "resolved in the next release",
            "status",
            {"status": "resolvedInNextRelease"},
            takes_all=True,
            key="e",
        ),
        Action(
            "resolve_in_release",
            "Resolve in a release",
            "resolved in a release",
            "status",
            {"status": "resolved"},
            ReleaseForm,
            asks_first=True,
            takes_all=True,
            at_once=False,
        ),
        Action(
            "ignore",
            "Ignore",
            "ignored",
            "status",
            {"status": "ignored"},
            IgnoreForm,
            takes_all=True,
            at_once=False,
            key="i",
        ),
        Action("reopen", "Reopen", "reopened", "status", {"status": "unresolved"}, takes_all=True, key="u"),
        Action("assign", "Assign", "assigned", "care", form=AssignForm, asks_first=True, at_once=False, key="a"),
        Action("take", "Assign to me", "assigned to you", "care", {"assignedTo": "me"}, key="t"),
        Action("unassign", "Assign to nobody", "assigned to nobody", "care", {"assignedTo": None}),
        Action(
            "priority",
            "Set the priority",
            "given another priority",
            "care",
            form=PriorityForm,
            asks_first=True,
            at_once=False,
            key="p",
        ),
        Action("merge", "Merge", "changed by the merge", "tree", {"merge": True}, at_once=False, key="m"),
        Action("unmerge", "Unmerge", "changed by the unmerge", "tree", {"merge": False}, at_once=False),
        Action("mark_seen", "Mark as seen", "marked as seen", "marks", {"hasSeen": True}, key="s"),
        Action("mark_unseen", "Mark as not seen", "marked as not seen", "marks", {"hasSeen": False}),
        Action("bookmark", "Bookmark", "bookmarked", "marks", {"isBookmarked": True}, key="b"),
        Action("unbookmark", "Remove the bookmark", "not bookmarked any more", "marks", {"isBookmarked": False}),
        Action("subscribe", "Follow", "followed", "marks", {"isSubscribed": True}),
        Action("unsubscribe", "Follow no more", "not followed any more", "marks", {"isSubscribed": False}),
        Action("share", "Make public", "public, each by a link of its own", "more", {"isPublic": True}),
        Action("unshare", "Make private", "private", "more", {"isPublic": False}),
        Action(NOTE, "Add a note", "given a note", "more", form=NoteForm, asks_first=True, at_once=False, key="n"),
        Action(DELETE, "Delete", "deleted", "more", at_once=False, needs=May.DELETE_ISSUES),
    )
}

AT_HAND = ("resolve", "resolve_in_next_release", "ignore", "assign", "merge")  # buttons; the others are in a menu
GROUPS: Mapping[Group, str] = {
    "status": "Status",
    "care": "Who and how soon",
    "tree": "Merging",
    "marks": "For me",
    "more": "More",
}


@dataclass(frozen=True, slots=True)
class Offered:
    """Actions as a page offers them: some as buttons, all others in a menu, by heading."""

    at_hand: Sequence[Action]
    menu: Sequence[tuple[str, Sequence[Action]]]


def offered(names: Sequence[str] = tuple(ACTIONS)) -> Offered:
    """Return how these actions are offered."""
    others = [ACTIONS[name] for name in names if name not in AT_HAND]
    menu = [(label, [action for action in others if action.group == group]) for group, label in GROUPS.items()]
    return Offered(
        at_hand=[ACTIONS[name] for name in AT_HAND if name in names],
        menu=[(label, actions) for label, actions in menu if actions],
    )


def offered_for(
    *,
    status: str,
    is_assigned: bool,
    is_mine: bool,
    is_public: bool,
    is_seen: bool,
    is_bookmarked: bool,
    is_followed: bool,
) -> Offered:
    """Return what is offered for one issue: of two that are each other's opposite, the one that would change it.

    :param status: what it counts as.
    """
    pointless = {
        *({"reopen"} if status == "unresolved" else ()),
        *(() if is_assigned else {"unassign"}),
        *({"take"} if is_mine else ()),
        "share" if is_public else "unshare",
        "mark_seen" if is_seen else "mark_unseen",
        "bookmark" if is_bookmarked else "unbookmark",
        "subscribe" if is_followed else "unsubscribe",
        "merge",  # which takes two
        "unmerge",  # which is offered beside what was merged
        NOTE,  # the page has a form for it
    }
    return offered([name for name in ACTIONS if name not in pointless])
