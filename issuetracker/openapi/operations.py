"""Every address with its methods: what each does, takes and answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from issues.views.absent import ABSENT
from issuetracker.openapi import answers, examples, parameters
from issuetracker.openapi.parameters import Parameter
from projects.json_schema import Schema, many, ref


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: its body, none for an empty one, and its own headers."""

    description: str
    schema: Schema | None = None
    headers: Sequence[str] = ()
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Body:
    """What the request brings. Examples by name, each with what is answered to it; None when that is not fixed."""

    schema: Schema
    examples: Mapping[str, examples.Example]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    id: str
    summary: str
    answers: Mapping[int, Answer]
    tag: str
    description: str = ""
    parameters: Sequence[Parameter] = ()
    body: Body | None = None
    errors: Sequence[int] = field(default_factory=tuple)  # beside those that the path and the body bring


ISSUES, ONE_ISSUE, HISTORY, RELEASES, EVENTS, PLACES, ABSENCES, ITSELF = (
    "Issues in bulk",
    "One issue",
    "History",
    "Releases",
    "Events",
    "Who and where",
    "What there is none of",
    "This document",
)
TAGS = [
    {"name": ISSUES, "description": "List, change and delete many at once."},
    {"name": ONE_ISSUE, "description": "One issue, its notes and its history."},
    {"name": HISTORY, "description": "Every request that changed something, and taking it back."},
    {"name": RELEASES, "description": "Versions of the software, and where they went live."},
    {"name": EVENTS, "description": "With which keys errors are sent here, and what of them was lost."},
    {"name": PLACES, "description": "Who calls, and which organizations, projects, teams and members there are."},
    {"name": ABSENCES, "description": "Clients ask for these; the answers are always empty."},
    {"name": ITSELF, "description": "For programs and for people."},
]

Methods = dict[str, Operation]

LIST_DESCRIPTION = "A page of issues."
BULK_DESCRIPTION = """\
Bulk mutate various attributes on issues. The list of issues to modify is given through the _id_ query parameter. \
It is repeated for each issue that should be modified.

- For non-status updates, the _id_ query parameter is required.
- For status updates, the _id_ query parameter may be omitted for a batch "update all" query.
- An optional _status_ query parameter may be used to restrict mutations to only events with the given status.

If any ids are out of scope this operation will succeed without any data mutation.

All of it happens, or none of it. A query parameter that is not known is an error: it might have meant fewer issues."""
OF_SEVERAL_PROJECTS = """

Without _id_, at least one _project_ is required. _merge_, a release and a team go with issues of one project only."""
DELETE_DESCRIPTION = (
    "The issues go with all that hangs on them, and with what was merged into them. It can't be undone. A body that "
    "says which issues are meant is refused: nothing reads it."
)
GUARDED_WITHOUT_BODY = (412, 413, 415)

UNDO_DESCRIPTION = """\
Each part of an issue (its status with terms and resolution, its assignee, its share link, one user's mark, what it is \
merged into) is put back if a reader still sees in it what the mutation left; what was changed since is left alone, \
and so is what a PUT would refuse today, such as an assignee who has left. Marks are put back by whose they are. \
A second time restores nothing. Subscriptions that came along stay.

All of it happens, or none of it, and it is a mutation itself, which can be undone. A deletion can't: 400. A body that \
says which issues are meant is refused: nothing reads it."""


def _bulk(of: str, suffix: str, described: Mapping[str, examples.Example], *, of_projects: bool = False) -> Methods:
    narrowed = [parameters.PROJECTS] if of_projects else []
    changed = Answer("What was asked, and what it led to.", ref("IssueChangesMade"), answers.OF_BODIES)
    untouched = Answer("An id is out of scope: nothing was changed.", None, (*answers.OF_BODIES, "Issues-Out-Of-Scope"))
    deleted = Answer(
        "They are gone; or an id is out of scope, and none is.", None, (*answers.COUNTING, "Issues-Out-Of-Scope")
    )
    return {
        "GET": Operation(
            f"list{suffix}Issues",
            f"List the issues of {of}",
            {200: Answer("A page.", many(ref("Issue")), answers.OF_ISSUE_LISTS)},
            ISSUES,
            LIST_DESCRIPTION,
            [*parameters.OF_ISSUE_LISTS, *([parameters.PROJECTS_OR_ALL] if of_projects else [])],
        ),
        "PUT": Operation(
            f"mutate{suffix}Issues",
            f"Bulk mutate issues of {of}" if of_projects else "Bulk Mutate a List of Issues",
            {200: changed, 204: untouched},
            ISSUES,
            BULK_DESCRIPTION + (OF_SEVERAL_PROJECTS if of_projects else ""),
            [parameters.PUBLISHED_IDS, parameters.STATUSES, *parameters.NARROWING, *narrowed, *parameters.CAREFULLY],
            Body(ref("IssueChanges"), described, required=False),
            errors=(412,),
        ),
        "DELETE": Operation(
            f"delete{suffix}Issues",
            f"Delete issues of {of}",
            {204: deleted},
            ISSUES,
            DELETE_DESCRIPTION,
            [parameters.IDS_TO_DELETE, parameters.STATUSES, *parameters.NARROWING, *narrowed, *parameters.CAREFULLY],
            errors=GUARDED_WITHOUT_BODY,
        ),
    }


def _notes(prefix: str, word: str, suffix: str, same: str = "") -> dict[str, Methods]:
    notes = Answer("A page, newest first.", many(ref("Activity")), answers.OF_LISTS)
    return {
        prefix: {
            "GET": Operation(
                f"list{word}s{suffix}",
                "List what people wrote about an issue",
                {200: notes},
                ONE_ISSUE,
                same,
                parameters.OF_PAGES,
            ),
            "POST": Operation(
                f"create{word}{suffix}",
                "Write a note",
                {201: Answer("The note.", ref("Activity"))},
                ONE_ISSUE,
                f"A note has an author: with an API key it is a 403. {same}".strip(),
                body=Body(ref("Note"), examples.NOTES),
            ),
        },
        f"{prefix}{{note}}/": {
            "PUT": Operation(
                f"update{word}{suffix}",
                "Change one's own note",
                {200: Answer("The note.", ref("Activity"))},
                ONE_ISSUE,
                same,
                body=Body(ref("Note"), examples.NOTES),
            ),
            "DELETE": Operation(
                f"delete{word}{suffix}", "Delete one's own note", {204: Answer("It is gone.")}, ONE_ISSUE, same
            ),
        },
    }


def _of_one_issue(prefix: str, suffix: str) -> dict[str, Methods]:
    activities = Answer("A page, newest first.", ref("Activities"), answers.OF_LISTS)
    return {
        prefix: {
            "GET": Operation(
                f"getIssue{suffix}",
                "Show an issue",
                {200: Answer("The whole issue; for a merged one, the issue that shows it.", ref("WholeIssue"))},
                ONE_ISSUE,
            ),
            "PUT": Operation(
                f"mutateIssue{suffix}",
                "Change an issue",
                {200: Answer("The whole issue, as it is now.", ref("WholeIssue"), answers.OF_BODIES)},
                ONE_ISSUE,
                "As in bulk, with a set of one. It takes no query parameters.",
                [parameters.EXPECTED],
                errors=(412,),
                body=Body(ref("IssueChanges"), examples.ONE_ISSUE, required=False),
            ),
            "DELETE": Operation(
                f"deleteIssue{suffix}",
                "Delete an issue",
                {202: Answer("It is gone.", None, answers.COUNTING)},
                ONE_ISSUE,
                f"{DELETE_DESCRIPTION} It takes no query parameters.",
                [parameters.EXPECTED],
                errors=GUARDED_WITHOUT_BODY,
            ),
        },
        f"{prefix}activities/": {
            "GET": Operation(
                f"listActivities{suffix}",
                "List what happened to an issue",
                {200: activities},
                ONE_ISSUE,
                parameters=parameters.OF_PAGES,
            )
        },
        **_notes(f"{prefix}notes/", "Note", suffix),
        **_notes(f"{prefix}comments/", "Comment", suffix, f"The same as `{prefix}notes/`."),
        f"{prefix}hashes/": {
            "GET": Operation(
                f"listHashes{suffix}",
                "List the fingerprints of an issue",
                {200: Answer("A page.", many(ref("Hash")), answers.OF_LISTS)},
                ONE_ISSUE,
                "Its own, and those of what was merged into it.",
                parameters.OF_PAGES,
            )
        },
        f"{prefix}events/{{event}}/": {
            "GET": Operation(
                f"getEvent{suffix}",
                "Show an event of an issue",
                {200: Answer("The event.", ref("Event"))},
                EVENTS,
                "Where none is kept of the issue, `latest` and the like are one that is made from the issue.",
            )
        },
        f"{prefix}events/": {
            "GET": Operation(
                f"listEvents{suffix}",
                "List the events that are kept of an issue",
                {200: OF_EVENTS},
                EVENTS,
                SOME_OF_MANY,
                parameters.OF_EVENT_LISTS,
            )
        },
        f"{prefix}tags/": {
            "GET": Operation(
                f"listTags{suffix}",
                "List the tags of an issue's events",
                {200: Answer("A page, by key.", many(ref("TagOfIssue")), answers.OF_LISTS)},
                EVENTS,
                OVER_THE_KEPT,
                parameters.OF_PAGES,
            )
        },
        f"{prefix}tags/{{key}}/": {
            "GET": Operation(
                f"getTag{suffix}",
                "Show a tag of an issue's events",
                {200: Answer("The tag.", ref("TagOfIssue"))},
                EVENTS,
                f"{OVER_THE_KEPT} One that none of them has is not found.",
            )
        },
        f"{prefix}tags/{{key}}/values/": {
            "GET": Operation(
                f"listTagValues{suffix}",
                "List the values of a tag of an issue's events",
                {200: Answer("A page.", many(ref("TagValue")), answers.OF_LISTS)},
                EVENTS,
                OVER_THE_KEPT,
                [parameters.ORDER_OF_VALUES, *parameters.OF_PAGES],
            )
        },
    }


OF_EVENTS = Answer(
    "A page, newest first unless `sort` says otherwise; with `full=true`, whole events.",
    many({"anyOf": [ref("EventItem"), ref("WholeEventItem")]}),
    answers.OF_LISTS,
)
SOME_OF_MANY = (
    "Kept are the first one of an issue and its newest. Those that `query` and `environment` ask for are looked for "
    "some thousands at once: a page may have fewer than asked for, or none; `Link` tells whether there are more."
)
OVER_THE_KEPT = "Over the events that are kept of it, the newest 2,000 at most."


def _mutations(prefix: str) -> dict[str, Methods]:
    one = f"{prefix}{{mutation}}/"
    return {
        prefix: {
            "GET": Operation(
                "listMutations",
                "List the requests that changed issues of a project",
                {200: Answer("A page, newest first.", many(ref("Mutation")), answers.OF_LISTS)},
                HISTORY,
                "A request over several projects has one mutation in each that it changed. A page may have fewer than "
                "asked for, where they are large: `Link` tells whether there are more.",
                parameters.OF_PAGES,
            )
        },
        one: {
            "GET": Operation(
                "getMutation",
                "Show what a request changed",
                {
                    200: Answer(
                        "The mutation, with a page of its issues by their ids.", ref("MutationInFull"), answers.OF_LISTS
                    )
                },
                HISTORY,
                "Issues that are deleted are not shown any more; those of a deletion never are.",
                parameters.OF_PAGES,
            )
        },
        f"{one}undo/": {
            "POST": Operation(
                "undoMutation",
                "Take back what a request changed",
                {200: Answer("What was put back, and what was left alone.", ref("Undone"), answers.COUNTING)},
                HISTORY,
                UNDO_DESCRIPTION,
                parameters.CAREFULLY,
                errors=GUARDED_WITHOUT_BODY,
            )
        },
    }


AS_ONE = "Those of one version, in the projects that you see, are shown and changed as one."


def _releases(prefix: str, suffix: str, about: str = "", *, narrowed: Sequence[Schema] = ()) -> dict[str, Methods]:
    return {
        prefix: {
            "GET": Operation(
                f"list{suffix}Releases",
                "List releases",
                {200: Answer("A page, newest first.", many(ref("Release")), answers.OF_LISTS)},
                RELEASES,
                about,
                parameters=[*parameters.OF_RELEASES, *narrowed],
            ),
            "POST": Operation(
                f"create{suffix}Release",
                "Make a release, or change the one of that version",
                {201: Answer("It was made.", ref("Release")), 208: Answer("It was there.", ref("Release"))},
                RELEASES,
                body=Body(ref("ReleaseCreation"), examples.NEW_RELEASES),
            ),
        },
        f"{prefix}{{version}}/": {
            "GET": Operation(
                f"get{suffix}Release", "Show a release", {200: Answer("The release.", ref("Release"))}, RELEASES
            ),
            "PUT": Operation(
                f"update{suffix}Release",
                "Change a release",
                {200: Answer("The release.", ref("Release"))},
                RELEASES,
                body=Body(ref("ReleaseChanges"), examples.RELEASE_CHANGES, required=False),
            ),
            "DELETE": Operation(
                f"delete{suffix}Release",
                "Delete a release",
                {204: Answer("It is gone.")},
                RELEASES,
                "One that issues are resolved in can't be deleted: 400.",
            ),
        },
    }


def _get(path: str, name: str, summary: str, answer: Answer, tag: str = PLACES, **how: Any) -> dict[str, Methods]:
    return {path: {"GET": Operation(name, summary, {200: answer}, tag, **how)}}


def _place_list(path: str, name: str, summary: str, item: str) -> dict[str, Methods]:
    answer = Answer("A page, oldest first.", many(ref(item)), answers.OF_LISTS)
    return _get(path, name, summary, answer, parameters=parameters.OF_PLACES)


def _absent() -> dict[str, Methods]:
    found: dict[str, Methods] = {}
    for route, answer in ABSENT.items():
        shape = "NoSuchList" if isinstance(answer, list) else "NoAutofix" if answer else "NoSuchThing"
        found |= _absence(route, Answer("Nothing.", ref(shape), answers.OF_LISTS if isinstance(answer, list) else ()))
    return found


def _absence(route: str, answer: Answer) -> dict[str, Methods]:
    path = route.replace("<str:", "{").replace(">", "}")
    words = [word.strip("{}") for word in path.replace("-", "/").strip("/").split("/")]
    name = "get" + "".join(word.title() for word in words)
    return _get(path, name, f"Ask for {words[-1]}, in vain", answer, ABSENCES)


ORGANIZATION, PROJECT = "organizations/{organization}/", "projects/{organization}/{project}/"
OF_RELEASE = f"{ORGANIZATION}releases/{{version}}/"

# By what stands behind /api/0/.
OPERATIONS: dict[str, Methods] = {
    **_get(
        "", "getRoot", "What the credential may do, and whose it is", Answer("The scopes, and the user.", ref("Root"))
    ),
    **_get("auth/", "getAuth", "Who calls", Answer("The user.", ref("Account")), errors=(404,)),
    **_get("users/me/", "getMe", "Who calls", Answer("The user.", ref("Account")), errors=(404,)),
    **_get("users/me/regions/", "getRegions", "Where data is kept", Answer("Here.", ref("Regions"))),
    **_place_list("organizations/", "listOrganizations", "List the organizations that the caller sees", "Organization"),
    **_get(ORGANIZATION, "getOrganization", "Show an organization", Answer("It.", ref("Organization"))),
    **_place_list(f"{ORGANIZATION}projects/", "listProjects", "List the projects that the caller sees", "Project"),
    **_place_list(f"{ORGANIZATION}teams/", "listTeams", "List the teams", "Team"),
    **_place_list(f"{ORGANIZATION}members/", "listMembers", "List the members", "Member"),
    **_place_list(f"{ORGANIZATION}users/", "listUsers", "List the members with their projects", "MemberWithProjects"),
    **_get("teams/{organization}/{team}/", "getTeam", "Show a team", Answer("It.", ref("TeamInFull"))),
    **_place_list("projects/", "listAllProjects", "List the projects of all organizations", "Project"),
    **_get(PROJECT, "getProject", "Show a project", Answer("It.", ref("ProjectInFull"))),
    f"{PROJECT}keys/": {
        "GET": Operation(
            "listClientKeys",
            "List what programs send the errors of a project with",
            {200: Answer("A page, the first made first.", many(ref("ClientKey")), answers.OF_LISTS)},
            EVENTS,
            parameters=parameters.OF_PAGES,
        ),
        "POST": Operation(
            "createClientKey",
            "Make a client key",
            {201: Answer("The key, with its DSN.", ref("ClientKey"))},
            EVENTS,
            body=Body(ref("ClientKeyCreation"), examples.NEW_CLIENT_KEYS, required=False),
        ),
    },
    f"{PROJECT}keys/{{client_key}}/": {
        "GET": Operation(
            "getClientKey",
            "Show a client key",
            {200: Answer("The key, with its DSN.", ref("ClientKey"))},
            EVENTS,
        ),
        "PUT": Operation(
            "updateClientKey",
            "Rename a client key, disable it, or limit it",
            {200: Answer("The key.", ref("ClientKey"))},
            EVENTS,
            body=Body(ref("ClientKeyChanges"), examples.CLIENT_KEY_CHANGES),
        ),
        "DELETE": Operation(
            "deleteClientKey", "End a client key: what is sent with it is refused", {204: Answer("It is gone.")}, EVENTS
        ),
    },
    **_get(
        f"{PROJECT}stats/lost/",
        "listLost",
        "List what was sent and did not become an event",
        Answer("By day, the newest first; of all client keys together.", many(ref("LostOnADay"))),
        EVENTS,
        parameters=[parameters.LOST_PERIOD],
    ),
    f"{PROJECT}issues/": _bulk("a project", "", examples.BULK),
    f"{ORGANIZATION}issues/": _bulk("an organization", "Organization", examples.BULK_OF_ORGANIZATION, of_projects=True),
    **_mutations(f"{PROJECT}mutations/"),
    **_of_one_issue("issues/{issue}/", ""),
    **_of_one_issue(f"{ORGANIZATION}issues/{{issue}}/", "OfOrganization"),
    **_get(
        f"{ORGANIZATION}shortids/{{issue}}/",
        "getShortId",
        "Which issue a short id is",
        Answer("It.", ref("ShortId")),
        ONE_ISSUE,
    ),
    **_get(
        f"{PROJECT}events/",
        "listEventsOfProject",
        "List the events that are kept of a project",
        OF_EVENTS,
        EVENTS,
        description=SOME_OF_MANY,
        parameters=parameters.OF_EVENT_LISTS,
    ),
    **_get(
        f"{PROJECT}events/{{event}}/",
        "getEventOfProject",
        "Show an event of a project",
        Answer("The event.", ref("Event")),
        EVENTS,
        description="It is there as soon as it was taken in. An issue's id, as 32 hex digits, stands for the event "
        "that is made from the issue where none is kept.",
    ),
    **_get(
        f"{ORGANIZATION}eventids/{{event}}/",
        "getEventById",
        "Find an event by its id",
        Answer("The event, and where it is.", ref("EventById")),
        EVENTS,
        description="In the projects that the caller sees.",
    ),
    **_get(
        f"{PROJECT}environments/",
        "listEnvironmentsOfProject",
        "List the environments that events of a project were seen in",
        Answer("A page, oldest first.", many(ref("EnvironmentOfProject")), answers.OF_LISTS),
        EVENTS,
        parameters=parameters.OF_PAGES,
    ),
    **_get(
        f"{ORGANIZATION}environments/",
        "listEnvironments",
        "List the environments that events were seen in",
        Answer("A page, oldest first; each name once.", many(ref("Environment")), answers.OF_LISTS),
        EVENTS,
        description="Of the projects that the caller sees.",
        parameters=parameters.OF_PAGES,
    ),
    **_get(
        "shared/issues/{share_id}/",
        "getSharedIssue",
        "Show what a share link shows",
        Answer("The issue.", ref("SharedIssue")),
        ONE_ISSUE,
    ),
    **_releases(f"{PROJECT}releases/", "Project"),
    **_releases(f"{ORGANIZATION}releases/", "", AS_ONE, narrowed=[parameters.PROJECTS_OR_ALL]),
    f"{OF_RELEASE}deploys/": {
        "GET": Operation(
            "listDeploys",
            "List where and when a release went live",
            {200: Answer("A page, the last one first.", many(ref("Deploy")), answers.OF_LISTS)},
            RELEASES,
            parameters=parameters.OF_PAGES,
        ),
        "POST": Operation(
            "createDeploy",
            "Record that a release went live",
            {201: Answer("The deploy.", ref("Deploy"))},
            RELEASES,
            body=Body(ref("DeployCreation"), examples.NEW_DEPLOYS),
        ),
    },
    **_get(
        f"{OF_RELEASE}commits/",
        "listCommits",
        "Ask for the commits of a release, in vain",
        Answer("Nothing.", ref("NoSuchList"), answers.OF_LISTS),
        ABSENCES,
        parameters=parameters.OF_PAGES,
    ),
    **_get(
        f"{OF_RELEASE}previous-with-commits/",
        "getPreviousWithCommits",
        "Ask for an earlier release with commits, in vain",
        Answer("Nothing.", ref("NoSuchThing")),
        ABSENCES,
    ),
    **_absent(),
    **_get("schema/", "getSchema", "This document", Answer("It.", ref("Document")), ITSELF),
    **_get(
        "docs/",
        "getDocs",
        "This document, for people",
        Answer("A page.", {"type": "string"}, media_type="text/html"),
        ITSELF,
    ),
}
