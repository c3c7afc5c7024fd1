"""How soon an issue should be looked at (contract 1.4)."""

from typing import Annotated, TypedDict

from issues.conditions import condition
from issues.enums import ActivityKind, IssuePriority
from issues.named import Names
from issues.services.ground.activity import Change
from issues.services.ground.parts import Checked, Part, State, Told, equal
from projects.acting import Act
from projects.json_schema import Form, about, one_of_words

WORDS = one_of_words(*IssuePriority.values)


class Shown(TypedDict):
    """What answers say of it."""

    priority: Annotated[str, Form(WORDS)]


def change(project_id: int, priority: IssuePriority, act: Act) -> Change:
    """Give an issue this priority."""
    return Change(
        condition("issues_issue.priority <> %s", priority.value),
        {"priority": priority.value},
        ActivityKind.SET_PRIORITY,
        {"priority": priority.value},
    )


def answered(priority: IssuePriority) -> Shown:
    """Return what an answer says of a wish."""
    return {"priority": priority}


def shown(state: State, names: Names) -> Shown:
    """Return what an answer says of an issue."""
    return {"priority": state.priority}


PART = Part(
    name="priority",
    columns=("priority",),
    wish="priority",
    change=change,
    asked={"priority": about(WORDS, "The priority of the issues.")},
    answered=answered,
    shown=shown,
    told={ActivityKind.SET_PRIORITY: Told("flag", lambda data, people: f"set its priority to {data.get('priority')}")},
    checked=Checked(
        name="priorities",
        holds="an issue has the priority that its newest activity about that says",
        left={ActivityKind.SET_PRIORITY: "issue.priority = newest.data ->> 'priority'"},
        overwrote={ActivityKind.SET_PRIORITY: "before_priority = data_before ->> 'priority'"},
        lacks="before_priority IS NULL",
    ),
    same=equal(("priority",)),
    kind="'set_priority'",
    data="jsonb_build_object('priority', back.priority)",
    allowed="true",
)
