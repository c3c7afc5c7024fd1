"""What answers hold of issues and releases: types, as in projects/answers.py.

What a part of an issue, or a mark, says stands with its verb (services/verbs), and is put together there: one that is
added is no line here.
"""

from typing import Annotated, Any, Literal, TypedDict

from issues.enums import ActivityKind, IssueLevel, SubscriptionReason
from issues.services import verbs
from issues.services.undo import SKIPPED_IDS_TOLD
from issues.services.verbs.assignment import AssignedTo
from issues.services.verbs.status import StatusDetails, StatusWord, SubstatusWord
from projects.answers import Count, Hex, Id, NoList, Place, Time, Url, User, Version
from projects.json_schema import (
    ANYTHING,
    ID,
    NOTHING,
    TEXT,
    About,
    Form,
    Name,
    SomeOf,
    many,
    number,
    one_of_words,
    such_as,
)
from projects.models import ReleaseStatus

DIGITS = such_as({"type": "string", "pattern": "^[0-9]+$"}, "230")
Digits = Annotated[str, Form(DIGITS)]
ShortName = Annotated[str, Form(such_as(TEXT, "PUMP-STATION-1C"))]
Number = Annotated[int, Form(number(1))]
Anything = Annotated[Any, Form(ANYTHING)]
Nothing = Annotated[dict[str, Any], Form(NOTHING)]
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


class Links(TypedDict):
    """What a mutation changed in trees of merged issues."""

    parent: Annotated[Id | None, About("What it is merged into.")]
    children: Annotated[list[Id], About("Of what is merged into it, those that came or went.")]


ChangedParts = Annotated[
    dict[str, object],
    Name("ChangedParts"),
    SomeOf((verbs.Shown, verbs.Marked, Links)),
    About("Only the parts that were changed; a mark is of the user whose request that was."),
]


class ChangedIssue(TypedDict):
    id: Id
    before: ChangedParts
    after: ChangedParts


class MutationInFull(Mutation):
    issues: list[ChangedIssue]


class Undone(TypedDict):
    undoes: Id
    restored: Annotated[Count, About("Issues in which something was put back.")]
    skipped: Annotated[Count, About("Issues in which something was left alone, since it is another now.")]
    skippedIds: Annotated[
        list[Id], Form(many(such_as(ID, "12")) | {"maxItems": SKIPPED_IDS_TOLD}), About("The first of those.")
    ]


# ---------------------------------------------------------------------------------------------------------------------
# Around an issue
# ---------------------------------------------------------------------------------------------------------------------


Events = Annotated[str, Form(DIGITS), About("Events.")]
Point = Annotated[
    list[int],
    Form({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}),
    About("The second at which it begins, and how many events it has."),
]
Stats = Annotated[dict[str, list[Point]], About("By the period, as it was asked for.")]


class Viewer(User):
    lastSeen: Time


class Follower(User):
    type: Literal["user"]


class ReleaseOfIssue(TypedDict):
    id: Number
    version: Version
    shortVersion: Version
    dateCreated: Time
    dateReleased: Time | None


class ProjectOfIssue(Place):
    platform: str | None


class SubscriptionDetails(TypedDict):
    reason: Annotated[str, Form(one_of_words(*SubscriptionReason.values))]


class Lifetime(TypedDict):
    count: Events
    userCount: Count
    firstSeen: Time
    lastSeen: Time
    stats: Nothing


class WhichIssue(TypedDict):
    id: Id
    shortId: Annotated[ShortName, About("The project's slug in capitals, a hyphen, a number in Crockford's base 32.")]
    title: str
    culprit: str
    permalink: Annotated[Url, About("Its page in the admin.")]
    logger: str | None
    level: LevelWord


class Issue(WhichIssue, verbs.Shown):
    """An item of a list."""

    shareId: Hex | None
    platform: str | None
    project: ProjectOfIssue
    type: str
    metadata: Anything
    numComments: Count
    isBookmarked: bool
    isSubscribed: bool
    subscriptionDetails: SubscriptionDetails | None
    hasSeen: bool
    annotations: NoList
    count: Events
    userCount: Count
    firstSeen: Time
    lastSeen: Time
    stats: Stats
    substatus: Annotated[
        SubstatusWord | None,
        About(
            "How it is ignored; how an event opened it again, else whether it was first seen within 7 days; null while "
            "it is resolved."
        ),
    ]
    isUnhandled: Annotated[bool, About("Whether its first event has an exception that nobody caught.")]
    issueType: Literal["error"]
    issueCategory: Literal["error"]
    lifetime: Lifetime


class WholeIssue(Issue):
    activity: list[Activity]
    seenBy: list[Viewer]
    participants: list[Follower]
    firstRelease: ReleaseOfIssue | None
    lastRelease: ReleaseOfIssue | None
    tags: NoList
    userReportCount: Count
    pluginActions: NoList
    pluginContexts: NoList
    pluginIssues: NoList


class ShortId(TypedDict):
    organizationSlug: str
    projectSlug: str
    groupId: Id
    group: WholeIssue
    shortId: ShortName


class Merged(TypedDict):
    parent: Id
    children: list[Id]


class Merging(TypedDict):
    merge: bool | Merged


class AskedToFollow(TypedDict):
    reason: Literal["unknown"]


class LedTo(TypedDict, total=False):
    """What stands at the end of an answer to a change."""

    shareId: Annotated[Hex, About("When exactly one issue was made public.")]
    subscriptionDetails: AskedToFollow
    statusDetails: StatusDetails


ChangesMade = Annotated[
    dict[str, object],
    SomeOf((verbs.Answered, Merging, verbs.Marked, LedTo)),
    About("What was asked, in the order of the body, and what it led to."),
]


class Tag(TypedDict):
    key: str
    value: str


class SharedEvent(TypedDict):
    """The latest event as strangers see it: made from the issue."""

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
    shortId: ShortName
    title: str
    mergedInto: Id | None


class NamedPlace(TypedDict):
    name: str
    slug: str


class SharedProject(NamedPlace):
    organization: NamedPlace


class SharedIssue(TypedDict):
    id: Id
    shortId: ShortName
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
    latestEvent: SharedEvent


# ---------------------------------------------------------------------------------------------------------------------
# Releases
# ---------------------------------------------------------------------------------------------------------------------


class RawVersion(TypedDict):
    raw: Version


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
    version: Version
    status: Annotated[str, Form(one_of_words(*ReleaseStatus.values))]
    shortVersion: Version
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


class Environment(TypedDict):
    id: Id
    name: str


class EnvironmentOfProject(Environment):
    isHidden: Literal[False]


# Those that have a name in the document; the others stand where they are used.
NAMED: dict[str, Any] = {
    "Assignee": AssignedTo,
    "StatusDetails": StatusDetails,
    **{kind.__name__: kind for kind in (Issue, WholeIssue, ShortId)},
    "IssueChangesMade": ChangesMade,
    **{kind.__name__: kind for kind in (Mutation, MutationInFull)},
    "ChangedParts": ChangedParts,
    **{
        kind.__name__: kind
        for kind in (
            Undone,
            Activity,
            Activities,
            SharedEvent,
            SharedIssue,
            Release,
            Deploy,
            Environment,
            EnvironmentOfProject,
        )
    },
}
