"""What answers say of people and places. Ids are strings and times end in ``Z``: clients insist on both."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from rest_framework import serializers

from projects import answers
from projects.models import MAX_LIMIT, ClientKey, Release, Team, User

# Clients look for these; here they are the same for everybody.
NO_AVATAR: answers.Avatar = {"avatarType": "letter_avatar", "avatarUuid": None, "avatarUrl": None}
ACTIVE: answers.OrganizationStatus = {"id": "active", "name": "active"}


def iso(moment: datetime) -> str:
    """Return the time in ISO 8601, in UTC and with the ``Z`` that clients insist on."""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return msgspec.json.encode(in_utc)[1:-1].decode()  # in a fifth of the time of isoformat()


def describe_user(user: User) -> answers.User:
    """Return what everybody who meets this user sees."""
    return describe_person(user.pk, user.username, user.name, user.email)


def describe_person(pk: int, username: str, name: str, email: str) -> answers.User:
    """Return the same of a user who is at hand as columns only."""
    return {"id": str(pk), "name": name or username, "username": username, "email": email}


def describe_account(user: User) -> answers.Account:
    """Return what a user sees of their own account."""
    return {
        **describe_user(user),
        "isActive": user.is_active,
        "isStaff": user.is_staff,
        "isSuperuser": user.is_superuser,
        "dateJoined": iso(user.date_joined),
        "lastLogin": None if user.last_login is None else iso(user.last_login),
        "avatar": NO_AVATAR,
    }


def describe_organization(organization: Any, *, base_url: str) -> answers.Organization:
    """Return an organization, in a list and alone alike.

    :param organization: with ``caller_role``.
    :param base_url: where its data is, for clients that know of several regions: here.
    """
    return {
        "id": str(organization.pk),
        "slug": organization.slug,
        "name": organization.name,
        "status": ACTIVE,
        "dateCreated": iso(organization.created_at),
        "isEarlyAdopter": False,
        "require2FA": False,
        "requireEmailVerification": False,
        "features": [],
        "openMembership": organization.open_membership,
        "orgRole": organization.caller_role,
        "avatar": NO_AVATAR,
        "links": {"organizationUrl": base_url, "regionUrl": base_url},
    }


def describe_project(project: Any) -> answers.Project:
    """Return an item of a list of projects.

    :param project: with ``is_mine``, and its organization and teams at hand.
    """
    teams = [_describe_place(team) for team in sorted(project.teams.all(), key=_slug)]
    return {
        **_describe_place(project),
        "platform": project.platform or None,
        "dateCreated": iso(project.created_at),
        "status": "active",
        "features": [],
        "isMember": project.is_mine,
        "hasAccess": True,  # whoever has none doesn't see it
        "organization": _describe_place(project.organization),
        "team": teams[0] if teams else None,
        "teams": teams,
    }


def describe_project_in_full(project: Any, *, latest_release: Release | None) -> answers.ProjectInFull:
    """Return one project alone: as in a list, and its newest release."""
    release: answers.LatestRelease | None = None if latest_release is None else {"version": latest_release.version}
    return {**describe_project(project), "latestRelease": release}


def describe_team(team: Any) -> answers.Team:
    """Return an item of a list of teams.

    :param team: with ``member_count`` and ``is_mine``.
    """
    return {
        **_describe_place(team),
        "dateCreated": iso(team.created_at),
        "isMember": team.is_mine,
        "memberCount": team.member_count,
        "avatar": NO_AVATAR,
    }


def describe_team_in_full(team: Any, organization: Any, *, base_url: str) -> answers.TeamInFull:
    """Return one team alone: as in a list, and its organization, as that is described.

    :param team: with ``member_count`` and ``is_mine``.
    """
    return {
        **describe_team(team),
        "hasAccess": True,  # whoever sees it may ask about it
        "isPending": False,  # nobody asks to be on a team here
        "organization": describe_organization(organization, base_url=base_url),
    }


def describe_member(membership: Any) -> answers.Member:
    """Return an item of a list of members.

    :param membership: with its user and the teams that the user is on there at hand. Its id is not the user's.
    """
    user = membership.user
    return {
        "id": str(membership.pk),
        "email": user.email,
        "name": user.get_full_name(),
        "user": describe_user(user),
        "role": membership.role,
        "orgRole": membership.role,  # the newer of its two names
        "pending": False,  # nobody is invited here: a member is one at once
        "expired": False,
        "dateCreated": iso(membership.created_at),
        "teams": [team.slug for team in user.teams.all()],
    }


def describe_member_with_projects(membership: Any) -> answers.MemberWithProjects:
    """Return the same, and the projects of those teams.

    :param membership: with the ``seen_projects`` of each team there at hand, too.
    """
    slugs = {project.slug for team in membership.user.teams.all() for project in team.seen_projects}
    return {**describe_member(membership), "projects": sorted(slugs)}


def _describe_place(place: Any) -> answers.Place:
    return {"id": str(place.pk), "slug": place.slug, "name": place.name}


def _slug(team: Team) -> str:
    return team.slug


# ---------------------------------------------------------------------------------------------------------------------
# Client keys
# ---------------------------------------------------------------------------------------------------------------------


class TruthField(serializers.BooleanField):
    """True or false, and no words that may mean them."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class CountField(serializers.IntegerField):
    """A whole number from 1, and no word that may mean one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_LIMIT, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return data


class _Strict(serializers.Serializer[Any]):
    """Refuses keys that it does not know: what was meant by them would be left out without a word."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = [str(key) for key in data if key not in self.fields] if isinstance(data, dict) else []
        if unknown:
            raise serializers.ValidationError({key[:LONGEST_NAME]: ["Unknown key."] for key in unknown[:UNKNOWN_NAMED]})
        return super().to_internal_value(data)


LONGEST_NAME, UNKNOWN_NAMED = 64, 20


class RateLimitSerializer(_Strict):
    window = CountField()
    count = CountField()


class NewClientKeySerializer(_Strict):
    """The body that makes a client key."""

    name = serializers.CharField(max_length=64, required=False, allow_blank=True, allow_null=True)


class ClientKeySerializer(NewClientKeySerializer):
    """The body that changes a client key: what is given."""

    isActive = TruthField(required=False)
    rateLimit = RateLimitSerializer(required=False, allow_null=True)

    def columns(self) -> dict[str, Any]:
        """Return the columns of a key that the body changes, with their values."""
        said = self.validated_data
        columns: dict[str, Any] = {}
        if "name" in said:
            columns["name"] = said["name"] or ""
        if "isActive" in said:
            columns["is_active"] = said["isActive"]
        if "rateLimit" in said:
            limit = said["rateLimit"] or {"window": None, "count": None}
            columns |= {"limit_window": limit["window"], "limit_count": limit["count"]}
        return columns


def dsn(key: ClientKey, *, base_url: str) -> str:
    """Return what an SDK is told: where to send errors, and the key to do so."""
    scheme, _, host = base_url.partition("://")
    return f"{scheme}://{key.key}@{host}/{key.project_id}"


def describe_client_key(key: ClientKey, *, base_url: str) -> answers.ClientKey:
    """Return a client key with its DSN."""
    reports = f"{base_url}/api/{key.project_id}/{{}}/?sentry_key={key.key}"
    return {
        "id": key.key,
        "name": key.name,
        "label": key.name,
        "public": key.key,
        "projectId": key.project_id,
        "isActive": key.is_active,
        "dateCreated": iso(key.created_at),
        "rateLimit": None
        if key.limit_count is None or key.limit_window is None
        else {"window": key.limit_window, "count": key.limit_count},
        "dsn": {
            "public": dsn(key, base_url=base_url),
            "csp": reports.format("csp-report"),
            "security": reports.format("security"),
        },
    }
