"""What answers hold of issues and releases: types, as in projects/answers.py.

Not of what a part of an issue says: each part has the schema of its keys beside its verb (services/verbs). So an item
of a list, and what a mutation changed, are made in issuetracker/openapi/shapes.py.
"""

from typing import Annotated, Any, Literal, TypedDict

from issues.enums import ActivityKind, IssueLevel, IssueStatus
from projects.answers import Count, Id, NoList, Time, Url, User
from projects.json_schema import ANYTHING, HEX, NOTHING, About, Form, number, one_of_words
from projects.models import ReleaseStatus

Hex = Annotated[str, Form(HEX)]
Digits = Annotated[str, Form({"type": "string", "pattern": "^[0-9]+$"})]
Number = Annotated[int, Form(number(1))]
Anything = Annotated[Any, Form(ANYTHING)]
Nothing = Annotated[dict[str, Any], Form(NOTHING)]
StatusWord = Annotated[str, Form(one_of_words(*IssueStatus.values))]
LevelWord = Annotated[str, Form(one_of_words(*IssueLevel.values))]

# ---------------------------------------------------------------------------------------------------------------------
# What happened to an issue
# ---------------------------------------------------------------------------------------------------------------------


class Activity(TypedDict):
    id: Id
    issueId: Annotated[Id, About("The issue's own, or that of one that was merged into it.")]
    type: Annotated[str, Form(one_of_words(*ActivityKind.values))]
    data: Anything
    user: User | None
    dateCreated: Time


class Activities(TypedDict):
    activity: list[Activity]


class KeyOfMutation(TypedDict):
    id: Id
    label: str


class ScopeOfMutation(TypedDict):
    ids: list[Id] | None
    status: list[StatusWord] | None
    query: str | None


class Mutation(TypedDict):
    id: Id
    user: User | None
    apiKey: KeyOfMutation | None
    dateCreated: Time
    scope: Annotated[
        ScopeOfMutation,
        About("As it was asked; null: not given. Of an undo, the scope of what it took back."),
    ]
    mutation: Annotated[
        Anything,
        About("What was understood of the body, less others' marks; of an undo, `undo` and an id."),
    ]
    matched: Count
    changed: Number
    undoneBy: Annotated[Id | None, About("The undo of it, the last one.")]


class Undone(TypedDict):
    undoes: Id
    restored: Annotated[Count, About("Issues in which something was put back.")]
    skipped: Annotated[Count, About("Issues in which something was left alone, since it is another now.")]
    skippedIds: list[Id]


# ---------------------------------------------------------------------------------------------------------------------
# Around an issue
# ---------------------------------------------------------------------------------------------------------------------


class Viewer(User):
    lastSeen: Time


class Follower(User):
    type: Literal["user"]


class ReleaseOfIssue(TypedDict):
    id: Number
    version: str
    shortVersion: str
    dateCreated: Time
    dateReleased: Time | None


class Tag(TypedDict):
    key: str
    value: str


class Event(TypedDict):
    id: Hex
    eventID: Hex
    groupID: Id
    projectID: Id
    title: str
    message: str
    culprit: str
    type: str
    platform: str | None
    metadata: Anything
    dateCreated: Time
    dateReceived: Time
    user: None
    entries: NoList
    contexts: Nothing
    context: Nothing
    tags: list[Tag]
    errors: NoList
    previousEventID: None
    nextEventID: None


class IssueOfHash(TypedDict):
    id: Id
    shortId: str
    title: str
    mergedInto: Id | None


class Hash(TypedDict):
    id: str
    issue: IssueOfHash
    latestEvent: Event


class NamedPlace(TypedDict):
    name: str
    slug: str


class SharedProject(NamedPlace):
    organization: NamedPlace


class SharedIssue(TypedDict):
    id: Id
    shortId: str
    shareId: Hex
    isPublic: Literal[True]
    permalink: Annotated[Url, About("The page for people.")]
    title: str
    culprit: str
    level: LevelWord
    logger: str | None
    platform: str | None
    type: str
    metadata: Anything
    status: StatusWord
    count: Digits
    userCount: Count
    firstSeen: Time
    lastSeen: Time
    project: SharedProject
    latestEvent: Event


class TagWithoutValues(TypedDict):
    key: str
    name: str
    uniqueValues: Count
    totalValues: Count
    topValues: NoList


# ---------------------------------------------------------------------------------------------------------------------
# Releases
# ---------------------------------------------------------------------------------------------------------------------


class RawVersion(TypedDict):
    raw: str


class VersionInfo(TypedDict):
    package: str | None
    version: RawVersion
    description: str
    buildHash: str | None


class Deploy(TypedDict):
    id: Id
    environment: str
    name: str | None
    url: str | None
    dateStarted: Time | None
    dateFinished: Time


class ProjectOfRelease(TypedDict):
    id: Number
    slug: str
    name: str
    newGroups: Count
    platform: str | None
    platforms: list[str]
    hasHealthData: bool


class Release(TypedDict):
    id: Number
    version: str
    status: Annotated[str, Form(one_of_words(*ReleaseStatus.values))]
    shortVersion: str
    versionInfo: VersionInfo
    ref: str | None
    url: str | None
    dateCreated: Time
    dateStarted: Time | None
    dateReleased: Time | None
    data: Nothing
    newGroups: Count
    owner: None
    commitCount: Count
    lastCommit: None
    deployCount: Count
    lastDeploy: Deploy | None
    authors: NoList
    projects: list[ProjectOfRelease]
    firstEvent: None
    lastEvent: None


# Those that have a name in the document; the others stand where they are used.
NAMED: dict[str, Any] = {
    kind.__name__: kind
    for kind in (Activity, Activities, Mutation, Undone, Event, Hash, SharedIssue, TagWithoutValues, Deploy, Release)
}
