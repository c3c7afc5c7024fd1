"""Whom and what a request names, and the ways in which they go away."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction

from issues.models import IssueRelease
from projects.models import OrganizationMember, Project, Release, Team, User
from tests.factories import (
    ProjectFactory,
)


@dataclass(frozen=True, slots=True)
class Cast:
    """Whom and what the bodies below name."""

    project: Project
    team: Team
    sam: User
    release: Release


def leave_the_organization(cast: Cast) -> None:
    OrganizationMember.objects.filter(user=cast.sam).delete()


def delete_the_user(cast: Cast) -> None:
    cast.sam.delete()


def deactivate_the_user(cast: Cast) -> None:
    User.objects.filter(pk=cast.sam.pk).update(is_active=False)


def take_the_team_from_the_project(cast: Cast) -> None:
    cast.project.teams.remove(cast.team)


def delete_the_team(cast: Cast) -> None:
    cast.team.delete()


def take_the_release_from_the_project(cast: Cast) -> None:
    Release.objects.filter(pk=cast.release.pk).update(project=ProjectFactory())


def delete_the_release(cast: Cast) -> None:
    IssueRelease.objects.filter(project=cast.project, release=cast.release).delete()
    cast.release.delete()


THE_LAST_WORD = re.compile("SELECT 'the last word'")


def without_committing(goes_away: Callable[[Cast], None], cast: Cast) -> None:
    """Take it away, and say a last word before the commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        goes_away(cast)
        cursor.execute(THE_LAST_WORD.pattern)
