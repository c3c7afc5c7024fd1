"""What answers hold of people and places: types that mypy checks and of which the API's document is made.

The type of a field says its form; what a type can't say (a pattern, a sentence for people) stands beside it in
``Annotated`` (:func:`projects.json_schema.schema_of`).
"""

from typing import Annotated, Any, Literal, TypedDict

from projects.json_schema import HEX, ID, NONE, TEXT, TIME, URL, About, Form, number, one_of_words, such_as
from projects.models import MAX_LIMIT, Role, Scope

# In answers alone: pages that try requests out would begin with an example of a parameter.
Id = Annotated[str, Form(such_as(ID, "12"))]
Time = Annotated[str, Form(such_as(TIME, "2026-01-31T09:30:00.123456Z"))]
Hex = Annotated[str, Form(such_as(HEX, "0b9e6a0f5d7c4a3e8f1d2c3b4a596877"))]
Version = Annotated[str, Form(such_as(TEXT, "2.1.0"))]
Url = Annotated[str, Form(URL)]
Count = Annotated[int, Form(number())]
NoList = Annotated[list[Any], Form(NONE)]
RoleWord = Annotated[str, Form(one_of_words(*Role.values))]


class Place(TypedDict):
    id: Id
    slug: str
    name: str


class Avatar(TypedDict):
    avatarType: str
    avatarUuid: None
    avatarUrl: None


class User(TypedDict):
    """What everybody sees who meets a user."""

    id: Id
    name: str
    username: str
    email: str


class Account(User):
    """What a user sees of their own account."""

    isActive: bool
    isStaff: bool
    isSuperuser: bool
    dateJoined: Time
    lastLogin: Time | None
    avatar: Avatar


class Auth(TypedDict):
    scopes: list[Annotated[str, Form(one_of_words(*sorted(Scope.values)))]]


class Root(TypedDict):
    version: Literal["0"]
    auth: Auth
    user: Account | None


class Region(TypedDict):
    name: str
    url: Url


class Regions(TypedDict):
    regions: list[Region]


class OrganizationStatus(TypedDict):
    id: str
    name: str


class OrganizationLinks(TypedDict):
    organizationUrl: Url
    regionUrl: Url


class Organization(TypedDict):
    id: Id
    slug: str
    name: str
    status: OrganizationStatus
    dateCreated: Time
    isEarlyAdopter: bool
    require2FA: bool
    requireEmailVerification: bool
    features: NoList
    openMembership: bool
    orgRole: RoleWord | None
    avatar: Avatar
    links: OrganizationLinks


class Project(Place):
    platform: str | None
    dateCreated: Time
    status: Literal["active"]
    features: NoList
    isMember: bool
    hasAccess: bool
    organization: Place
    team: Annotated[Place, About("The first of the teams.")] | None
    teams: list[Place]


class LatestRelease(TypedDict):
    version: Version


class ProjectInFull(Project):
    latestRelease: LatestRelease | None


class Team(Place):
    dateCreated: Time
    isMember: bool
    memberCount: Count
    avatar: Avatar


class TeamInFull(Team):
    hasAccess: bool
    isPending: bool
    organization: Organization


class Member(TypedDict):
    id: Annotated[Id, About("The membership's, not the user's.")]
    email: str
    name: str
    user: User
    role: RoleWord
    orgRole: RoleWord
    pending: bool
    expired: bool
    dateCreated: Time
    teams: list[str]


class MemberWithProjects(Member):
    projects: Annotated[list[str], About("Of the projects that the caller sees, those of the member's teams.")]


# Those that have a name in the document; the others stand where they are used.
class RateLimit(TypedDict):
    """At most so many events in so many seconds."""

    window: Annotated[int, Form(number(1, MAX_LIMIT))]
    count: Annotated[int, Form(number(1, MAX_LIMIT))]


class Dsn(TypedDict):
    public: Annotated[Url, About("What an SDK is told.")]
    csp: Annotated[Url, About("Where browsers send reports of a Content-Security-Policy.")]
    security: Url


class ClientKey(TypedDict):
    """What a program sends its errors with. It is no secret: it opens nothing but the way in for them."""

    id: Hex
    name: str
    label: str
    public: Hex
    projectId: Count
    isActive: bool
    dateCreated: Time
    rateLimit: RateLimit | None
    dsn: Dsn


NAMED: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        *(User, Account, Root, Regions, Organization),
        *(Project, ProjectInFull, Team, TeamInFull, Member, MemberWithProjects),
        ClientKey,
    )
}
