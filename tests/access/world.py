"""Two organizations alike, and everybody who may call about the first one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.test import Client
from django.utils import timezone

from issues.models import Activity, Issue, Mutation
from projects.models import ClientKey, Organization, Project, Release, Role, Team, User
from tests.access import rules
from tests.api_client import Api, basic, bearer
from tests.factories import (
    NOW,
    ActivityFactory,
    ApiKeyFactory,
    ApiTokenFactory,
    ClientKeyFactory,
    DeployFactory,
    IssueFactory,
    MutationFactory,
    OrganizationFactory,
    OrganizationMemberFactory,
    ProjectFactory,
    ReleaseFactory,
    TeamFactory,
    UserFactory,
)
from tests.factories.events import keep_event_of

CSRF_TOKEN = "a" * 32
RESOLVED_BEFORE = {"before_status": "resolved", "before_resolved_at": NOW}


@dataclass(frozen=True, slots=True)
class Realm:
    """A project with one of everything, in an organization with an owner, who is on the project's team."""

    organization: Organization
    team: Team
    owner: User
    project: Project
    issue: Issue
    note: Activity
    mutation: Mutation
    release: Release
    client_key: ClientKey

    @property
    def words(self) -> dict[str, str]:
        """What stands for each part of a route, a query or a body."""
        assert self.issue.share_id is not None
        return {
            "organization": self.organization.slug,
            "project": self.project.slug,
            "team": self.team.slug,
            "issue": str(self.issue.pk),
            "note": str(self.note.pk),
            "mutation": str(self.mutation.pk),
            "event": event_id_of(self.issue).hex,
            "key": "level",
            "share_id": self.issue.share_id.hex,
            "version": self.release.version,
            "client_key": self.client_key.key,
        }


def event_id_of(issue: Issue) -> UUID:
    """Return the id of the one event that is kept of an issue."""
    return UUID(int=0xE << 120 | issue.pk)


def build(name: str, *, organization: Organization | None = None, ids: int | None = None) -> Realm:
    """Make a realm whose names begin with this one; with an organization, another project of that one.

    ``ids`` is where its ids begin; else the database chooses.
    """

    def pk(number: int) -> dict[str, int]:
        return {} if ids is None else {"pk": ids + number}

    organization = organization or OrganizationFactory(**pk(0), slug=name)
    owner = UserFactory(**pk(1), username=f"{name}-owner", email=f"{name}@example.com")
    OrganizationMemberFactory(organization=organization, user=owner, role=Role.OWNER)
    team = TeamFactory(**pk(2), organization=organization, slug=f"{name}-team", members=[owner])
    project = ProjectFactory(**pk(3), teams=[team], slug=f"{name}-project")
    release = ReleaseFactory(**pk(4), projects=[project], version=f"{name}-1.0")
    DeployFactory(**pk(5), release=release)
    issue = IssueFactory(**pk(6), project=project, public=True, own_comment_count=1, own_first_release=release)
    keep_event_of(issue, event_id=event_id_of(issue), release=release.version)
    note = ActivityFactory(**pk(7), issue=issue, user=owner, note=True)
    mutation = MutationFactory(**pk(8), project=project, user=owner, ids=[issue.pk])
    ActivityFactory(**pk(9), issue=issue, user=owner, kind="set_unresolved", mutation_id=mutation.pk, **RESOLVED_BEFORE)
    client_key = ClientKeyFactory(**pk(10), project=project)
    return Realm(organization, team, owner, project, issue, note, mutation, release, client_key)


def with_key(realm: Realm, **columns: Any) -> Api:
    ApiKeyFactory(organization=realm.organization, secret="5" * 32, **columns)
    return saying(basic("5" * 32))


def with_token(user: User, *, said: str = "Bearer", **columns: Any) -> Api:
    ApiTokenFactory(user=user, secret="sntryu_" + "5" * 64, **columns)
    return saying(f"{said} sntryu_{'5' * 64}".strip())


def with_session(user: User, *, csrf_token: str = CSRF_TOKEN, said: str = "") -> Api:
    """Return a browser in which the user is logged in; CSRF is enforced as in production."""
    headers = {"X-CSRFToken": csrf_token, "Authorization": said}
    client = Client(enforce_csrf_checks=True, headers={name: value for name, value in headers.items() if value})
    client.force_login(user)
    client.cookies["csrftoken"] = CSRF_TOKEN
    return replace(saying(""), client=client)


def saying(authorization: str) -> Api:
    """Return a caller with this Authorization header, or with none."""
    return Api("", {}, Client(headers={"Authorization": authorization} if authorization else {}))


def user(realm: Realm, role: Role | None = None, *, is_on_team: bool = False, **columns: Any) -> User:
    """Make a user; with a role, a member of the realm's organization."""
    made = UserFactory(**columns)
    if role is not None:
        OrganizationMemberFactory(organization=realm.organization, user=made, role=role)
    if is_on_team:
        realm.team.members.add(made)
    return made


# ours, theirs -> a caller; the rules say what it is in the eyes of the contract
CALLERS: dict[str, Callable[[Realm, Realm], Api]] = {
    "nobody": lambda ours, theirs: saying(""),
    "unknown key": lambda ours, theirs: saying(basic("6" * 32)),
    "key with a password": lambda ours, theirs: with_key(ours) and saying(basic("5" * 32, "secret")),
    "disabled key": lambda ours, theirs: with_key(ours, disabled=True),
    "key": lambda ours, theirs: with_key(ours),
    "key, closed membership": lambda ours, theirs: with_key(ours),
    "key that reads": lambda ours, theirs: with_key(ours, scopes=[rules.READ]),
    "key that writes": lambda ours, theirs: with_key(ours, scopes=[rules.WRITE]),
    "key that deletes": lambda ours, theirs: with_key(ours, scopes=[rules.ADMIN]),
    "key of another organization": lambda ours, theirs: with_key(theirs),
    "unknown token": lambda ours, theirs: saying(bearer("sntryu_" + "6" * 64)),
    "expired token": lambda ours, theirs: with_token(ours.owner, expires_at=timezone.now() - timedelta(seconds=1)),
    "token of an inactive user": lambda ours, theirs: with_token(user(ours, Role.OWNER, inactive=True)),
    "token that reads": lambda ours, theirs: with_token(ours.owner, scopes=[rules.READ]),
    "token that writes": lambda ours, theirs: with_token(user(ours, Role.OWNER), scopes=[rules.WRITE]),
    "token that deletes": lambda ours, theirs: with_token(user(ours, Role.OWNER), scopes=[rules.ADMIN]),
    "token as Token": lambda ours, theirs: with_token(ours.owner, said="Token"),
    "token alone": lambda ours, theirs: with_token(ours.owner, said=""),
    "token as Digest": lambda ours, theirs: with_token(ours.owner, said="Digest"),
    "key as ApiKey": lambda ours, theirs: with_key(ours) and saying("ApiKey " + "5" * 32),
    "session that says Token": lambda ours, theirs: with_session(ours.owner, said="Token " + "5" * 32),
    "member off the team, open": lambda ours, theirs: with_token(user(ours, Role.MEMBER)),
    "member off the team, closed": lambda ours, theirs: with_token(user(ours, Role.MEMBER)),
    "admin off the team, closed": lambda ours, theirs: with_token(user(ours, Role.ADMIN)),
    "manager off the team, closed": lambda ours, theirs: with_token(user(ours, Role.MANAGER)),
    "member on the team, closed": lambda ours, theirs: with_token(user(ours, Role.MEMBER, is_on_team=True)),
    "no member, but on the team": lambda ours, theirs: with_token(user(ours, is_on_team=True)),
    "owner of another organization": lambda ours, theirs: with_token(theirs.owner),
    "owner": lambda ours, theirs: with_token(ours.owner),
    "superuser": lambda ours, theirs: with_token(user(ours, superuser=True)),
    "session": lambda ours, theirs: with_session(ours.owner),
    "session without CSRF token": lambda ours, theirs: with_session(ours.owner, csrf_token=""),
    "session off the team, closed": lambda ours, theirs: with_session(user(ours, Role.MEMBER)),
    "session of a stranger": lambda ours, theirs: with_session(theirs.owner),
    "session of an inactive user": lambda ours, theirs: with_session(user(ours, Role.OWNER, inactive=True)),
}
