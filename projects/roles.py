"""What a person may do at the desk and in the settings pages, by what they are in the organization: one table.

It says nothing of *where*: what somebody sees is contract 1.2's (``visible_to``), and is asked first. A superuser may
do everything, everywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from projects.callers import Caller
from projects.models import OrganizationMember, Role


class May(StrEnum):
    """What can be allowed; the words are those of docs/operate.md."""

    LOOK = "look at what they see: issues, releases, deploys, projects, teams, members"
    TRIAGE = "change issues, write notes, undo what they did"
    DELETE_ISSUES = "delete issues"
    CLIENT_KEYS = "make, limit and end client keys of the projects that they see"
    CHANGE_PROJECTS = "change name, platform and teams of the projects that they see"
    MAKE_TEAMS = "make teams, and change those that they are on"
    CHANGE_TEAMS = "change every team, and who is on it"
    MAKE_PROJECTS = "make projects, and change their slugs"
    MEMBERS = "add and remove members, and give roles up to their own"
    API_KEYS = "make and disable API keys of the organization"
    SHARED_SEARCHES = "remove searches that somebody else shares with the organization"
    ORGANIZATION = "change the organization's name, and whether its membership is open"


# A session has every event scope (contract 1.2), so these three and the client keys are what the API lets a member do.
_MEMBER = frozenset({May.LOOK, May.TRIAGE, May.DELETE_ISSUES, May.CLIENT_KEYS})
_ADMIN = _MEMBER | {May.CHANGE_PROJECTS, May.MAKE_TEAMS}
# Who sees every project of the organization: what is below would tell the others of a slug that is taken, or let a key
# see more than who made it.
_MANAGER = _ADMIN | {May.CHANGE_TEAMS, May.MAKE_PROJECTS, May.MEMBERS, May.API_KEYS, May.SHARED_SEARCHES}
_OWNER = _MANAGER | {May.ORGANIZATION}

ALLOWED: Mapping[Role, frozenset[May]] = {
    Role.MEMBER: _MEMBER,
    Role.ADMIN: _ADMIN,
    Role.MANAGER: _MANAGER,
    Role.OWNER: _OWNER,
}
RANKS = tuple(Role)  # from the least to the most


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is in each organization that they belong to.

    :ivar everywhere: a superuser's: no role is needed.
    :ivar roles: by the organization's id.
    """

    everywhere: bool
    roles: Mapping[int, Role]

    def may(self, what: May, organization_id: int | None = None) -> bool:
        """Return whether they may do this there; without an organization, whether there is any where they may."""
        if self.everywhere:
            return True
        if organization_id is None:
            return any(what in ALLOWED[role] for role in self.roles.values())
        return organization_id in self.roles and what in ALLOWED[self.roles[organization_id]]

    def where(self, what: May) -> frozenset[int] | None:
        """Return the ids of the organizations in which they may do this; None for all there are."""
        if self.everywhere:
            return None
        return frozenset(pk for pk, role in self.roles.items() if what in ALLOWED[role])

    def may_give(self, organization_id: int) -> tuple[Role, ...]:
        """Return the roles that they may give there, and whose members they may change: none above their own."""
        if self.everywhere:
            return RANKS
        if not self.may(May.MEMBERS, organization_id):
            return ()
        return RANKS[: RANKS.index(self.roles[organization_id]) + 1]


def standing_of(caller: Caller) -> Standing:
    """Return what the caller is where; an API key is nobody anywhere. One statement, none for a superuser."""
    if caller.sees_everything or caller.user_id is None:
        return Standing(caller.sees_everything, {})
    rows = OrganizationMember.objects.filter(user=caller.user_id).values_list("organization_id", "role")
    return Standing(False, {pk: Role(role) for pk, role in rows})
