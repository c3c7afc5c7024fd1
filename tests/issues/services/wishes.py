"""What a body may ask of an assignment."""

from issues.mutation import (
    Assignee,
    Assignment,
)
from projects.models import Team, User


def to(whom: User | Team | None) -> Assignment:
    match whom:
        case User():
            return Assignment(Assignee("user", whom.pk, whom.get_full_name(), whom.email))
        case Team():
            return Assignment(Assignee("team", whom.pk, whom.slug))
        case None:
            return Assignment(None)
