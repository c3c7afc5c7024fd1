"""What stands in bodies and answers, as JSON Schema. Answers say all that they hold; bodies may hold more.

Answers have types, of which their schemas are made; here are bodies, errors, and what there is no such thing of.
"""

from events import answers as of_events
from issues import answers as of_issues
from issues.serializers.activities import MAX_NOTE
from issues.serializers.releases import MAX_PROJECTS, MAX_VERSION
from issues.services.verbs import MARKS, PARTS, status
from projects import answers as of_projects
from projects.json_schema import (
    ALWAYS_NULL,
    ANYTHING,
    NONE,
    NOTHING,
    TEXT,
    TRUTH,
    Schema,
    about,
    body,
    body_with,
    definition_of,
    one_of_words,
    or_null,
    record,
    record_of,
    ref,
)
from projects.models import ReleaseStatus

_NAMED = {**of_projects.NAMED, **of_issues.NAMED, **of_events.NAMED}
TYPED = {name: definition_of(kind, _NAMED) for name, kind in _NAMED.items()}

# What the parts of an issue say in bodies (services/verbs).
ASKED = {key: schema for part in PARTS for key, schema in part.asked.items()}

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

# A body that may hold these keys, and no others.
STRICTLY: Schema = {"type": "object", "additionalProperties": False}
KEY_NAME = {"name": or_null(about({"type": "string", "maxLength": 64}, "What it is for."))}

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
            ref("Problems"),  # by its name: generators of clients know no choice that holds itself
        ]
    },
    # answers
    **TYPED,
    # bodies
    "IssueChanges": about(
        body(
            **status.PART.asked,
            isPublic=ASKED["isPublic"],
            merge=about(TRUTH, "Allows to merge or unmerge different issues."),
            **{key: schema for key, schema in ASKED.items() if key not in {"isPublic", *status.PART.asked}},
            **{mark.key: mark.asked for mark in MARKS},
        ),
        "A key that is absent is left alone. Unknown ones are ignored, and named in `Ignored-Keys`; but such as begin "
        "with `ignore`, `snooze`, `status` or `in` and a capital are errors, since without them the rest would mean "
        'something else. Booleans and numbers may be written as words (`"true"`, `"30"`).',
    ),
    "Note": body_with(
        "text",
        about({"type": "string", "minLength": 1, "maxLength": MAX_NOTE}, "Blanks around it are cut off."),
    ),
    "ReleaseChanges": about(body(**RELEASE_CHANGES), "A key that is absent or null is left alone."),
    "ReleaseCreation": body_with(
        "version",
        about({"type": "string", "minLength": 1, "maxLength": MAX_VERSION}, "Its name, once in each project."),
        **RELEASE_CHANGES,
    ),
    "DeployCreation": body_with(
        "environment",
        {"type": "string", "minLength": 1, "maxLength": 64},
        name=text(64),
        url=LINK,
        dateStarted=MOMENT,
        dateFinished=about(MOMENT, "Now, unless it is said."),
    ),
    # what programs send errors with
    "ClientKeyCreation": STRICTLY | {"properties": KEY_NAME},
    "ClientKeyChanges": STRICTLY
    | {"properties": {**KEY_NAME, "isActive": TRUTH, "rateLimit": or_null(record_of(of_projects.RateLimit, _NAMED))}},
    # what there is no such thing of
    "NoSuchList": NONE,
    "NoSuchThing": NOTHING,
    "NoAutofix": record(autofix=ALWAYS_NULL),
    # the document itself
    "Document": about(ANYTHING, "An OpenAPI document."),
}
