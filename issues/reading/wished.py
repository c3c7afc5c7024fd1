"""What a body names (contract 1.4): who is to take care of issues, and the release that they are resolved in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from issues.mutation import Assignee, NamedRelease, UnknownActor, UnknownRelease
from projects.actors import Way, ways_to_find
from projects.callers import Caller
from projects.models import OrganizationMember, Project, Release, Team
from projects.refusals import Refusal

ME = "me"
LATEST = "latest"
LONGEST = 320  # characters; no user name, e-mail, slug or id that is written by anybody has more

ONE_PROJECT_ONLY = "This goes with issues of one project only."


@dataclass(frozen=True, slots=True)
class Words:
    """Words of a body that stand for somebody, and for a release; None where it has none that can be read."""

    assignee: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Wished:
    """What such words stand for, or why for nothing, which is told with whatever else is wrong with the body."""

    assignee: Assignee | Refusal | None = None
    release: NamedRelease | Refusal | None = None


class NotAssignable(Refusal):
    """Somebody is meant who can't take care of these issues."""

    field = UnknownActor.field

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)


def look_up(words: Words, organization_id: int, projects: Sequence[Project], *, by: Caller, at: datetime) -> Wished:
    """Return what the words of a body stand for, for issues of these projects of the organization."""
    assignee: Assignee | Refusal | None = None
    release: NamedRelease | Refusal | None = None
    try:
        if words.assignee is not None:
            assignee = find_assignee(words.assignee, organization_id, projects, by=by)
    except Refusal as refusal:
        assignee = refusal
    try:
        if words.version is not None:
            # Releases are a project's own: of several there is none that all have.
            release = find_release(words.version, projects[0].pk if len(projects) == 1 else None, at=at)
    except Refusal as refusal:
        release = refusal
    return Wished(assignee, release)


def find_assignee(word: str, organization_id: int, projects: Sequence[Project], *, by: Caller) -> Assignee:
    """Return the member or team of the organization that a word stands for: ``me``, or as :mod:`projects.actors` says.

    All else is unknown, so that nobody learns who exists in other organizations.

    :param projects: those whose issues they are to take care of.
    :raises UnknownActor: nobody.
    :raises NotAssignable: somebody who can't take care of them.
    """
    if len(word) > LONGEST:  # blanks and zeros that mean nothing would be kept in the history
        raise UnknownActor
    if word.casefold() == ME:  # before user names: whoever is called so can't be meant by everybody
        word = f"user:{by.user_id or 0}"  # an API key is nobody
    for way, rows in ways_to_find(word, [organization_id]):
        if way == Way.TEAM:
            for team in rows:
                return _team(team, projects)
        elif found := list(rows.select_related("user")[:2]):
            return _member(found, projects)
    raise UnknownActor


def _member(found: Sequence[OrganizationMember], projects: Sequence[Project]) -> Assignee:
    if len(found) > 1:  # with one e-mail: neither was surely meant
        raise UnknownActor
    user = found[0].user
    if not user.is_active:
        raise NotAssignable("Cannot assign to a deactivated member")
    if Project.objects.visible_to_member(user.pk).filter(pk__in=_ids(projects)).count() < len(projects):
        raise NotAssignable("Cannot assign to non-team member")
    return Assignee("user", user.pk, user.get_full_name(), user.email)


def _team(team: Team, projects: Sequence[Project]) -> Assignee:
    if len(projects) > 1:
        raise NotAssignable(ONE_PROJECT_ONLY)
    if not team.projects.filter(pk__in=_ids(projects)).exists():
        raise NotAssignable("Cannot assign to a team without access to the project")
    return Assignee("team", team.pk, team.slug)


def _ids(projects: Sequence[Project]) -> list[int]:
    return [project.pk for project in projects]


def find_release(version: str, project_id: int | None, *, at: datetime) -> NamedRelease:
    """Return the release of a project that a version names; ``latest`` is the newest of them.

    :raises UnknownRelease: there is none; without a project there are none at all.
    """
    releases = Release.objects.none() if project_id is None else Release.objects.of_project(project_id)
    found = releases.out_at(at).newest_first() if version == LATEST else releases.filter(version=version)
    release = found.first()
    if release is None:
        raise UnknownRelease
    return NamedRelease(release.pk, release.version)
