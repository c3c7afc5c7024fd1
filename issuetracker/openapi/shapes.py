"""What stands in bodies and answers, as JSON Schema. Answers say all that they hold; bodies may hold more."""

from issues.enums import ActivityKind, IssueLevel, IssueStatus, SubscriptionReason, Substatus
from issues.serializers.activities import MAX_NOTE
from issues.serializers.releases import MAX_PROJECTS, MAX_VERSION
from issues.services.ground.restoring import SHOWN
from issues.services.verbs import MARKS, PARTS, status
from projects.json_schema import (
    ANYTHING,
    HEX,
    ID,
    NONE,
    NOTHING,
    NULL,
    TEXT,
    TIME,
    TRUTH,
    URL,
    Schema,
    about,
    body,
    body_with,
    many,
    number,
    one_of_words,
    or_null,
    record,
    ref,
)
from projects.models import ReleaseStatus, Role, Scope

# ---------------------------------------------------------------------------------------------------------------------
# People and places
# ---------------------------------------------------------------------------------------------------------------------

PLACE = record(id=ID, slug=TEXT, name=TEXT)
AVATAR = record(avatarType=TEXT, avatarUuid=NULL, avatarUrl=NULL)
PERSON: dict[str, Schema] = {"id": ID, "name": TEXT, "username": TEXT, "email": TEXT}

PROJECT: dict[str, Schema] = {
    "id": ID,
    "slug": TEXT,
    "name": TEXT,
    "platform": or_null(TEXT),
    "dateCreated": TIME,
    "status": one_of_words("active"),
    "features": NONE,
    "isMember": TRUTH,
    "hasAccess": TRUTH,
    "organization": PLACE,
    "team": or_null(PLACE | {"description": "The first of the teams."}),
    "teams": many(PLACE),
}

TEAM: dict[str, Schema] = {
    "id": ID,
    "slug": TEXT,
    "name": TEXT,
    "dateCreated": TIME,
    "isMember": TRUTH,
    "memberCount": number(),
    "avatar": AVATAR,
}
MEMBER: dict[str, Schema] = {
    "id": about(ID, "The membership's, not the user's."),
    "email": TEXT,
    "name": TEXT,
    "user": ref("User"),
    "role": one_of_words(*Role.values),
    "orgRole": one_of_words(*Role.values),
    "pending": TRUTH,
    "expired": TRUTH,
    "dateCreated": TIME,
    "teams": many(TEXT),
}

# ---------------------------------------------------------------------------------------------------------------------
# Issues
# ---------------------------------------------------------------------------------------------------------------------

ACTOR = about(ref("User"), "Who set the status; not there when an API key did.")
TERMS: dict[str, Schema] = {
    "ignoreCount": or_null(about({"type": "integer"}, "Events; in lists, those that are left.")),
    "ignoreUntil": or_null(TIME),
    "ignoreUserCount": or_null({"type": "integer"}),
    "ignoreUserWindow": or_null(about({"type": "integer"}, "Minutes.")),
    "ignoreWindow": or_null(about({"type": "integer"}, "Minutes.")),
}
COUNT = about({"type": "string", "pattern": "^[0-9]+$"}, "Events.")
STATS_POINT: Schema = {
    "type": "array",
    "items": {"type": "integer"},
    "minItems": 2,
    "maxItems": 2,
    "description": "The second at which it begins, and how many events it has.",
}
# What the parts of an issue say (services/verbs): in bodies, in answers to those, and of an issue.
ASKED = {key: schema for part in PARTS for key, schema in part.documented.asked.items()}
ANSWERED = {
    key: schema for part in PARTS for key, schema in (part.documented.answered or part.documented.shown).items()
}
SHOWN_OF_PARTS = {key: schema for part in PARTS for key, schema in part.documented.shown.items()}

_others = dict(SHOWN_OF_PARTS)  # those that have no place of their own below
ISSUE: dict[str, Schema] = {
    "id": ID,
    "shortId": about(TEXT, "The project's slug in capitals, a hyphen, a number in Crockford's base 32."),
    "title": TEXT,
    "culprit": TEXT,
    "permalink": about(URL, "Its page in the admin."),
    "logger": or_null(TEXT),
    "level": one_of_words(*IssueLevel.values),
    "status": _others.pop("status"),
    "statusDetails": _others.pop("statusDetails"),
    "isPublic": _others.pop("isPublic"),
    "shareId": or_null(HEX),
    "platform": or_null(TEXT),
    "project": record(id=ID, slug=TEXT, name=TEXT, platform=or_null(TEXT)),
    "type": TEXT,
    "metadata": ANYTHING,
    "numComments": number(),
    "assignedTo": _others.pop("assignedTo"),
    "isBookmarked": TRUTH,
    "isSubscribed": TRUTH,
    "subscriptionDetails": or_null(record(reason=one_of_words(*SubscriptionReason.values))),
    "hasSeen": TRUTH,
    "annotations": NONE,
    "count": COUNT,
    "userCount": number(),
    "firstSeen": TIME,
    "lastSeen": TIME,
    "stats": about(
        {"type": "object", "additionalProperties": many(STATS_POINT)}, "By the period, as it was asked for."
    ),
    **_others,
    "substatus": about(
        or_null(one_of_words(*Substatus.values)),
        "How it is ignored, or whether it was first seen within 7 days; null while it is resolved.",
    ),
    "isUnhandled": about(TRUTH, "No events are kept: false."),
    "issueType": one_of_words("error"),
    "issueCategory": one_of_words("error"),
    "lifetime": record(count=COUNT, userCount=number(), firstSeen=TIME, lastSeen=TIME, stats=NOTHING),
}
RELEASE_OF_ISSUE = record(id=number(1), version=TEXT, shortVersion=TEXT, dateCreated=TIME, dateReleased=or_null(TIME))

MUTATION: dict[str, Schema] = {
    "id": ID,
    "user": or_null(ref("User")),
    "apiKey": or_null(record(id=ID, label=TEXT)),
    "dateCreated": TIME,
    "scope": about(
        record(ids=or_null(many(ID)), status=or_null(many(one_of_words(*IssueStatus.values))), query=or_null(TEXT)),
        "As it was asked; null: not given. Of an undo, the scope of what it took back.",
    ),
    "mutation": about(ANYTHING, "What was understood of the body, less others' marks; of an undo, `undo` and an id."),
    "matched": number(),
    "changed": number(1),
    "undoneBy": or_null(about(ID, "The undo of it, the last one.")),
}


def person_and(**more: Schema) -> Schema:
    return record(**PERSON, **more)


# ---------------------------------------------------------------------------------------------------------------------
# Releases
# ---------------------------------------------------------------------------------------------------------------------


def text(maximum: int) -> Schema:
    return {"type": ["string", "null"], "maxLength": maximum}


MOMENT = or_null({"type": "string", "format": "date-time"})
LINK = {"type": ["string", "null"], "format": "uri", "maxLength": 2000}
RELEASE_CHANGES: dict[str, Schema] = {
    "projects": about(
        {"type": ["array", "null"], "items": TEXT, "maxItems": MAX_PROJECTS},
        "Slugs or ids; added to those that it has. On a project's route the path says it.",
    ),
    "ref": about(text(250), "The commit it was made from."),
    "url": LINK,
    "status": or_null(one_of_words(*ReleaseStatus.values)),
    "dateStarted": MOMENT,
    "dateReleased": MOMENT,
}

# ---------------------------------------------------------------------------------------------------------------------
# All of them, by name
# ---------------------------------------------------------------------------------------------------------------------

SCHEMAS: dict[str, Schema] = {
    # errors
    "Detail": record(detail=TEXT),
    "Problems": about(
        {"type": "object", "minProperties": 1, "additionalProperties": ref("Problem")}, "By the name of the field."
    ),
    "Problem": {
        "anyOf": [
            {"type": "array", "items": TEXT, "minItems": 1},
            {"type": "object", "minProperties": 1, "additionalProperties": ref("Problem")},
        ]
    },
    # who and where
    "User": record(**PERSON),
    "Account": person_and(
        isActive=TRUTH,
        isStaff=TRUTH,
        isSuperuser=TRUTH,
        dateJoined=TIME,
        lastLogin=or_null(TIME),
        avatar=AVATAR,
    ),
    "Root": record(
        version=one_of_words("0"),
        auth=record(scopes=many(one_of_words(*sorted(Scope.values)))),
        user=or_null(ref("Account")),
    ),
    "Regions": record(regions=many(record(name=TEXT, url=URL))),
    "Organization": record(
        id=ID,
        slug=TEXT,
        name=TEXT,
        status=record(id=TEXT, name=TEXT),
        dateCreated=TIME,
        isEarlyAdopter=TRUTH,
        require2FA=TRUTH,
        requireEmailVerification=TRUTH,
        features=NONE,
        openMembership=TRUTH,
        orgRole=or_null(one_of_words(*Role.values)),
        avatar=AVATAR,
        links=record(organizationUrl=URL, regionUrl=URL),
    ),
    "Project": record(**PROJECT),
    "ProjectInFull": record(**PROJECT, latestRelease=or_null(record(version=TEXT))),
    "Team": record(**TEAM),
    "TeamInFull": record(**TEAM, hasAccess=TRUTH, isPending=TRUTH, organization=ref("Organization")),
    "Member": record(**MEMBER),
    "MemberWithProjects": record(
        **MEMBER, projects=about(many(TEXT), "Of the projects that the caller sees, those of the member's teams.")
    ),
    # issues
    "Assignee": {
        "anyOf": [
            record(type=one_of_words("user"), id=ID, name=TEXT, email=TEXT),
            record(type=one_of_words("team"), id=ID, name=about(TEXT, "Its slug.")),
        ]
    },
    "StatusDetails": {
        "description": "Nothing; the terms under which it is ignored; or the release that it is resolved in.",
        "anyOf": [
            NOTHING,
            record(**TERMS, optional={"actor": ACTOR}),
            record(inNextRelease={"type": "boolean", "const": True}, optional={"actor": ACTOR}),
            record(inRelease=TEXT, optional={"actor": ACTOR}),
        ],
    },
    "Issue": record(**ISSUE),
    "WholeIssue": record(
        **ISSUE,
        activity=many(ref("Activity")),
        seenBy=many(person_and(lastSeen=TIME)),
        participants=many(person_and(type=one_of_words("user"))),
        firstRelease=or_null(RELEASE_OF_ISSUE),
        lastRelease=or_null(RELEASE_OF_ISSUE),
        tags=NONE,
        userReportCount=number(),
        pluginActions=NONE,
        pluginContexts=NONE,
        pluginIssues=NONE,
    ),
    "ShortId": record(organizationSlug=TEXT, projectSlug=TEXT, groupId=ID, group=ref("WholeIssue"), shortId=TEXT),
    "IssueChanges": about(
        body(
            **status.PART.documented.asked,
            isPublic=ASKED["isPublic"],
            merge=about(TRUTH, "Allows to merge or unmerge different issues."),
            **{key: schema for key, schema in ASKED.items() if key not in {"isPublic", *status.PART.documented.asked}},
            **{mark.key: mark.asked for mark in MARKS},
        ),
        "A key that is absent is left alone. Unknown ones are ignored, and named in `Ignored-Keys`; but such as begin "
        "with `ignore`, `snooze`, `status` or `in` and a capital are errors, since without them the rest would mean "
        'something else. Booleans and numbers may be written as words (`"true"`, `"30"`).',
    ),
    "IssueChangesMade": about(
        record(
            optional={
                **ANSWERED,
                "merge": {"anyOf": [TRUTH, record(parent=ID, children=many(ID))]},
                **dict.fromkeys((mark.key for mark in MARKS), TRUTH),
                "shareId": about(HEX, "When exactly one issue was made public."),
                "subscriptionDetails": record(reason=one_of_words("unknown")),
                "statusDetails": ref("StatusDetails"),
            }
        ),
        "What was asked, in the order of the body, and what it led to.",
    ),
    "Mutation": record(**MUTATION),
    "MutationInFull": record(
        **MUTATION,
        issues=many(record(id=ID, before=ref("ChangedParts"), after=ref("ChangedParts"))),
    ),
    "ChangedParts": about(
        record(
            optional={
                **SHOWN_OF_PARTS,
                **dict.fromkeys((mark.key for mark in MARKS), TRUTH),
                "parent": or_null(about(ID, "What it is merged into.")),
                "children": about(many(ID), "Of what is merged into it, those that came or went."),
            }
        ),
        "Only the parts that were changed; a mark is of the user whose request that was.",
    ),
    "Undone": record(
        undoes=ID,
        restored=about(number(), "Issues in which something was put back."),
        skipped=about(number(), "Issues in which something was left alone, since it is another now."),
        skippedIds=about(many(ID) | {"maxItems": SHOWN}, "The first of those."),
    ),
    "Activity": record(
        id=ID,
        issueId=about(ID, "The issue's own, or that of one that was merged into it."),
        type=one_of_words(*ActivityKind.values),
        data=ANYTHING,
        user=or_null(ref("User")),
        dateCreated=TIME,
    ),
    "Activities": record(activity=many(ref("Activity"))),
    "Note": body_with(
        "text",
        about({"type": "string", "minLength": 1, "maxLength": MAX_NOTE}, "Blanks around it are cut off."),
    ),
    "Event": record(
        id=HEX,
        eventID=HEX,
        groupID=ID,
        projectID=ID,
        title=TEXT,
        message=TEXT,
        culprit=TEXT,
        type=TEXT,
        platform=or_null(TEXT),
        metadata=ANYTHING,
        dateCreated=TIME,
        dateReceived=TIME,
        user=NULL,
        entries=NONE,
        contexts=NOTHING,
        context=NOTHING,
        tags=many(record(key=TEXT, value=TEXT)),
        errors=NONE,
        previousEventID=NULL,
        nextEventID=NULL,
    ),
    "Hash": record(
        id=TEXT,
        issue=record(id=ID, shortId=TEXT, title=TEXT, mergedInto=or_null(ID)),
        latestEvent=ref("Event"),
    ),
    "SharedIssue": record(
        id=ID,
        shortId=TEXT,
        shareId=HEX,
        isPublic={"type": "boolean", "const": True},
        permalink=about(URL, "The page for people."),
        title=TEXT,
        culprit=TEXT,
        level=one_of_words(*IssueLevel.values),
        logger=or_null(TEXT),
        platform=or_null(TEXT),
        type=TEXT,
        metadata=ANYTHING,
        status=one_of_words(*IssueStatus.values),
        count={"type": "string", "pattern": "^[0-9]+$"},
        userCount=number(),
        firstSeen=TIME,
        lastSeen=TIME,
        project=record(name=TEXT, slug=TEXT, organization=record(name=TEXT, slug=TEXT)),
        latestEvent=ref("Event"),
    ),
    # releases
    "ReleaseChanges": about(body(**RELEASE_CHANGES), "A key that is absent or null is left alone."),
    "NewRelease": body_with(
        "version",
        about({"type": "string", "minLength": 1, "maxLength": MAX_VERSION}, "Its name, once in each project."),
        **RELEASE_CHANGES,
    ),
    "Release": record(
        id=number(1),
        version=TEXT,
        status=one_of_words(*ReleaseStatus.values),
        shortVersion=TEXT,
        versionInfo=record(package=or_null(TEXT), version=record(raw=TEXT), description=TEXT, buildHash=or_null(TEXT)),
        ref=or_null(TEXT),
        url=or_null(TEXT),
        dateCreated=TIME,
        dateStarted=or_null(TIME),
        dateReleased=or_null(TIME),
        data=NOTHING,
        newGroups=number(),
        owner=NULL,
        commitCount=number(),
        lastCommit=NULL,
        deployCount=number(),
        lastDeploy=or_null(ref("Deploy")),
        authors=NONE,
        projects=many(
            record(
                id=number(1),
                slug=TEXT,
                name=TEXT,
                newGroups=number(),
                platform=or_null(TEXT),
                platforms=many(TEXT),
                hasHealthData=TRUTH,
            )
        ),
        firstEvent=NULL,
        lastEvent=NULL,
    ),
    "NewDeploy": body_with(
        "environment",
        {"type": "string", "minLength": 1, "maxLength": 64},
        name=text(64),
        url=LINK,
        dateStarted=MOMENT,
        dateFinished=about(MOMENT, "Now, unless it is said."),
    ),
    "Deploy": record(
        id=ID,
        environment=TEXT,
        name=or_null(TEXT),
        url=or_null(TEXT),
        dateStarted=or_null(TIME),
        dateFinished=TIME,
    ),
    # what there is no such thing of
    "NoSuchList": NONE,
    "NoSuchThing": NOTHING,
    "NoAutofix": record(autofix=NULL),
    "TagWithoutValues": record(key=TEXT, name=TEXT, uniqueValues=number(), totalValues=number(), topValues=NONE),
    # the document itself
    "Document": about(ANYTHING, "An OpenAPI document."),
}
