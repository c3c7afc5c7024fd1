"""What stands in bodies and answers, as JSON Schema. Answers say all that they hold; bodies may hold more."""

from typing import Any

from issues import answers as of_issues
from issues.enums import IssueLevel, SubscriptionReason, Substatus
from issues.serializers.activities import MAX_NOTE
from issues.serializers.releases import MAX_PROJECTS, MAX_VERSION
from issues.services.undo import SKIPPED_IDS_TOLD
from issues.services.verbs import MARKS, PARTS, status
from projects import answers as of_projects
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
    record_of,
    ref,
    schema_of,
)
from projects.models import ReleaseStatus

# What has a type (projects/answers.py, issues/answers.py); below stands what types can't say.
_NAMED = {**of_projects.NAMED, **of_issues.NAMED}
TYPED = {name: record_of(kind, _NAMED) for name, kind in _NAMED.items()}


def with_field(name: str, key: str, schema: Schema) -> Schema:
    """Return the schema of a named type, of which one field says more."""
    found = TYPED[name]
    return found | {"properties": found["properties"] | {key: schema}}


def typed(kind: Any) -> Schema:
    """Return the schema of a type that has no name in the document."""
    return schema_of(kind, _NAMED)


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
    **{name: TYPED[name] for name in of_projects.NAMED},
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
        seenBy=many(typed(of_issues.Viewer)),
        participants=many(typed(of_issues.Follower)),
        firstRelease=or_null(typed(of_issues.ReleaseOfIssue)),
        lastRelease=or_null(typed(of_issues.ReleaseOfIssue)),
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
    "Mutation": TYPED["Mutation"],
    "MutationInFull": record(
        **TYPED["Mutation"]["properties"],
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
    "Undone": with_field(
        "Undone", "skippedIds", about(many(ID) | {"maxItems": SKIPPED_IDS_TOLD}, "The first of those.")
    ),
    "Activity": TYPED["Activity"],
    "Activities": TYPED["Activities"],
    "Note": body_with(
        "text",
        about({"type": "string", "minLength": 1, "maxLength": MAX_NOTE}, "Blanks around it are cut off."),
    ),
    "Event": TYPED["Event"],
    "Hash": TYPED["Hash"],
    "SharedIssue": TYPED["SharedIssue"],
    # releases
    "ReleaseChanges": about(body(**RELEASE_CHANGES), "A key that is absent or null is left alone."),
    "NewRelease": body_with(
        "version",
        about({"type": "string", "minLength": 1, "maxLength": MAX_VERSION}, "Its name, once in each project."),
        **RELEASE_CHANGES,
    ),
    "Release": TYPED["Release"],
    "NewDeploy": body_with(
        "environment",
        {"type": "string", "minLength": 1, "maxLength": 64},
        name=text(64),
        url=LINK,
        dateStarted=MOMENT,
        dateFinished=about(MOMENT, "Now, unless it is said."),
    ),
    "Deploy": TYPED["Deploy"],
    # what there is no such thing of
    "NoSuchList": NONE,
    "NoSuchThing": NOTHING,
    "NoAutofix": record(autofix=NULL),
    "TagWithoutValues": TYPED["TagWithoutValues"],
    # the document itself
    "Document": about(ANYTHING, "An OpenAPI document."),
}
