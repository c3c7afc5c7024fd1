"""Whom ``assignedTo`` means (contract 1.4)."""

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from issues.mutation import Assignee, UnknownActor
from projects.actors import Way, ways_to_find
from projects.callers import Caller
from projects.models import OrganizationMember, Project, Team

ME = "me"
LONGEST = 320  # characters; no user name, e-mail, slug or id that is written by anybody has more

ONE_PROJECT_ONLY = "This goes with issues of one project only."


class AssigneeField(serializers.CharField):
    """A word for somebody, or the object that answers hold; that one is read as the word ``TYPE:ID``."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the word; an empty one and null mean nobody.

        :raises ValidationError: it is neither a word nor such an object.
        """
        return super().run_validation(_word_for(data) if isinstance(data, Mapping) else data)


def _word_for(answered: Mapping[str, Any]) -> Any:
    """Return the word that an object stands for; the object itself if it is none that an answer could have held."""
    kind, pk = answered.get("type"), answered.get("id")
    is_answer = kind in ("user", "team") and isinstance(pk, str | int) and not isinstance(pk, bool)
    return f"{kind}:{pk}" if is_answer else answered


def find_assignee(word: str, organization_id: int, projects: Sequence[Project], *, by: Caller) -> Assignee:
    """Return the member or team of the organization that a word stands for: ``me``, or as :mod:`projects.actors` says.

    All else is unknown, so that nobody learns who exists in other organizations.

    :param projects: those whose issues they are to take care of.
    :raises ValidationError: nobody, or somebody who can't take care of them.
    """
    if len(word) > LONGEST:  # blanks and zeros that mean nothing would be kept in the history
        raise ValidationError(UnknownActor.sentence)
    if word.casefold() == ME:  # before user names: whoever is called so can't be meant by everybody
        word = f"user:{by.user_id or 0}"  # an API key is nobody
    for way, rows in ways_to_find(word, [organization_id]):
        if way == Way.TEAM:
            for team in rows:
                return _team(team, projects)
        elif found := list(rows.select_related("user")[:2]):
            return _member(found, projects)
    raise ValidationError(UnknownActor.sentence)


def _member(found: Sequence[OrganizationMember], projects: Sequence[Project]) -> Assignee:
    if len(found) > 1:  # with one e-mail: neither was surely meant
        raise ValidationError(UnknownActor.sentence)
    user = found[0].user
    if not user.is_active:
        raise ValidationError("Cannot assign to a deactivated member")
    if Project.objects.visible_to_member(user.pk).filter(pk__in=_ids(projects)).count() < len(projects):
        raise ValidationError("Cannot assign to non-team member")
    return Assignee("user", user.pk, user.get_full_name(), user.email)


def _team(team: Team, projects: Sequence[Project]) -> Assignee:
    if len(projects) > 1:
        raise ValidationError(ONE_PROJECT_ONLY)
    if not team.projects.filter(pk__in=_ids(projects)).exists():
        raise ValidationError("Cannot assign to a team without access to the project")
    return Assignee("team", team.pk, team.slug)


def _ids(projects: Sequence[Project]) -> list[int]:
    return [project.pk for project in projects]
