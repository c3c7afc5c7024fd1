"""What the routes of discovery answer about a thing that nothing special is known of."""

from collections.abc import Iterable
from typing import Any

from projects.models import Organization, OrganizationMember, Project, Team, User

Json = dict[str, Any]

BASE = "http://testserver"
LONG_AGO_WORD = "2026-01-30T12:00:00Z"
NO_AVATAR = {"avatarType": "letter_avatar", "avatarUuid": None, "avatarUrl": None}
NOT_FOUND = {"detail": "Not found."}


def slugs_of(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [item["slug"] for item in response.json()]


def user(user: User) -> Json:
    return {"id": str(user.pk), "name": user.name, "username": user.username, "email": user.email}


def account(who: User, **differences: Any) -> Json:
    return {
        **user(who),
        "isActive": True,
        "isStaff": False,
        "isSuperuser": False,
        "dateJoined": LONG_AGO_WORD,
        "lastLogin": None,
        "avatar": NO_AVATAR,
        **differences,
    }


def place(place: Organization | Project | Team) -> Json:
    return {"id": str(place.pk), "slug": place.slug, "name": place.name}


def organization_item(organization: Organization, **differences: Any) -> Json:
    return {
        **place(organization),
        "status": {"id": "active", "name": "active"},
        "dateCreated": LONG_AGO_WORD,
        "isEarlyAdopter": False,
        "require2FA": False,
        "requireEmailVerification": False,
        "features": [],
        "openMembership": True,
        "orgRole": None,
        "avatar": NO_AVATAR,
        "links": {"organizationUrl": BASE, "regionUrl": BASE},
        **differences,
    }


def project_item(project: Project, teams: Iterable[Team], **differences: Any) -> Json:
    described = [place(team) for team in teams]
    return {
        **place(project),
        "platform": None,
        "dateCreated": LONG_AGO_WORD,
        "status": "active",
        "features": [],
        "isMember": False,
        "hasAccess": True,
        "organization": place(project.organization),
        "team": described[0] if described else None,
        "teams": described,
        **differences,
    }


def team_item(team: Team, **differences: Any) -> Json:
    return {
        **place(team),
        "dateCreated": LONG_AGO_WORD,
        "isMember": False,
        "memberCount": 0,
        "avatar": NO_AVATAR,
        **differences,
    }


def member_item(membership: OrganizationMember, role: str, teams: list[str]) -> Json:
    return {
        "id": str(membership.pk),
        "email": membership.user.email,
        "name": membership.user.name,
        "user": user(membership.user),
        "role": role,
        "orgRole": role,
        "pending": False,
        "expired": False,
        "dateCreated": LONG_AGO_WORD,
        "teams": teams,
    }


HERE = "/api/0/organizations/the-interstellar-jurisdiction"
