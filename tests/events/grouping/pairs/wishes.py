"""What an event's own fingerprint asks for."""

from typing import Any

from tests.events.grouping.pairs.building import Json, at, different, error, message, same, thrown

MBO = "ResumableTask checkMonitoring: MicrosoftDomainSyncTask(%s) has not completed in a long time"


def failed(*fingerprint: Any, value: str = "x", function: str = "pay", **more: Any) -> Json:
    return error("python", thrown("ApiError", value, at("shop.api", function)), fingerprint=list(fingerprint), **more)


PAIRS = (
    same(
        "one text for all",
        failed("storage", function="load"),
        failed("storage", function="save"),
        "Who asks for one issue gets one.",
        "linode/manager#5156",
    ),
    different(
        "two texts",
        failed("storage"),
        failed("network"),
        "Who asks for two gets two.",
        "ceph/teuthology#1593",
    ),
    same(
        "the default, spelled out",
        failed("{{ default }}"),
        error("python", thrown("ApiError", "y", at("shop.api", "pay"))),
        "SDKs and plugins send it as if nothing was asked for.",
        "microfleet/core#697",
    ),
    same(
        "the default without blanks",
        failed("{{default}}"),
        failed("{{   default }}"),
        "Blanks don't count.",
        "getsentry/sentry-javascript#1856",
    ),
    different(
        "the default, and something more",
        failed("{{ default }}", "intake"),
        failed("{{ default }}", "queue"),
        "The default is divided by what else is there.",
        "department-of-veterans-affairs/caseflow#9414",
    ),
    different(
        "the default is still in it",
        failed("{{ default }}", "intake", function="load"),
        failed("{{ default }}", "intake", function="save"),
        "Likewise the other way round.",
        "getsentry/sentry-javascript#1856",
    ),
    different(
        "the word default",
        failed("sql-deadlock", "default", function="load"),
        failed("sql-deadlock", "{{ default }}", function="load"),
        "A word is a word; only braces make a variable.",
        "getsentry/sentry-javascript#1856",
    ),
    same(
        "the word default, from two places",
        failed("sql-deadlock", "default", function="load"),
        failed("sql-deadlock", "default", function="save"),
        "All events with these words are one issue.",
        "getsentry/sentry-javascript#1856",
    ),
    different(
        "by the value",
        failed("{{ default }}", "{{ value }}", value="Topic can't be empty"),
        failed("{{ default }}", "{{ value }}", value="Cannot send to multiple streams"),
        "One class for all that an API refuses.",
        "zulip/zulip-mobile#3864",
        "getsentry/sentry-mcp#717",
    ),
    different(
        "by the message, with its ids",
        message(MBO % "fffcdc91-d561-4287-aebc-78d2466eec29", fingerprint=["{{ message }}"]),
        message(MBO % "0b1c2d3e-1111-4222-8333-444455556666", fingerprint=["{{ message }}"]),
        "Who wants ids to count asks for the message as it is.",
        "getsentry/sentry#68355",
    ),
    different(
        "by the message of an exception",
        failed("{{ message }}", value="Incorrect password"),
        failed("{{ message }}", value="Attempt limit exceeded"),
        "Its value is its message.",
        "getsentry/sentry#3229",
    ),
    same(
        "by type and transaction",
        failed("{{ type }}", "{{ transaction }}", transaction="/employee/[id]", function="load"),
        failed("{{ type }}", "{{ transaction }}", transaction="/employee/[id]", function="save"),
        "Then the place doesn't count.",
        "getsentry/sentry-javascript#19312",
        "getsentry/sentry#14126",
    ),
    different(
        "by the transaction",
        failed("{{ transaction }}", transaction="/employee/[id]"),
        failed("{{ transaction }}", transaction="/order/[id]"),
        "Two routes.",
        "getsentry/sentry-javascript#19312",
    ),
    different(
        "by function and module",
        failed("{{ module }}", "{{ function }}", function="load"),
        failed("{{ module }}", "{{ function }}", function="save"),
        "Of the frame where it crashed.",
        "getsentry/sentry#14126",
    ),
    different(
        "by level and logger",
        failed("{{ level }}", "{{ logger }}", level="error", logger="shop"),
        failed("{{ level }}", "{{ logger }}", level="warning", logger="shop"),
        "They count for who asks for it, and for nobody else.",
        "getsentry/sentry-docs#9884",
    ),
    different(
        "by the environment, in a tag",
        failed("{{ default }}", "{{ tags.stage }}", tags={"stage": "development"}),
        failed("{{ default }}", "{{ tags.stage }}", tags={"stage": "production"}),
        "Who wants an issue for each environment can have it.",
        "getsentry/sentry#64354",
    ),
    same(
        "a number as a text",
        failed(404),
        failed("404"),
        "Numbers are text.",
        "opencollective/opencollective-api#7819",
    ),
    different(
        "parts that only look alike when they are put together",
        failed("a", "bc"),
        failed("ab", "c"),
        "Each value counts for itself.",
        "getsentry/raven-node#147",
    ),
    different(
        "a text that says what the default would say",
        message("disk is full"),
        message("fan is slow", fingerprint=["disk is full"]),
        "What was asked for and what was worked out are not mixed up.",
        "getsentry/sentry-javascript#2931",
    ),
    same(
        "an empty fingerprint",
        failed(),
        error("python", thrown("ApiError", "x", at("shop.api", "pay"))),
        "Ruby sends an empty list with every event.",
        "microfleet/core#697",
    ),
)
