"""Make issues: the pair that the documentation talks about, or any number of made-up ones.

What is made up follows from the seed and the issue's number within its project, and times from now as well: a run can
be repeated in another project, in one go or in parts.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import md5
from io import StringIO
from random import Random
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.core.management.base import CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone
from tqdm import tqdm

from issues.enums import IssueLevel, IssueStatus, ResolutionKind
from issues.models import Issue, IssueHash, IssueHour, IssueRelease, IssueText
from issues.services.ground.project_state import take_short_numbers
from projects.management import base
from projects.models import Project, Release

PAIR_PROJECT = "the-interstellar-jurisdiction/pump-station"
MIXED = "mixed"
TABLE = Issue._meta.db_table
MOST = 100_000_000
BATCH = 5_000  # issues made and written at a time: what memory is for
ANALYZE_FROM = 10_000  # fewer rows don't change the planner's mind

# The first hour is counted from its beginning: that, too, must lie within the 90 days before now.
OLDEST = timedelta(days=90) - timedelta(hours=1)

# Words of the made-up issues. Neither they nor those of the pair hold anything that COPY or JSON would have to escape.
ERRORS = (
    ("PressureLossError", "pump {} lost suction"),
    ("ValveStuckError", "valve {} does not answer"),
    ("ReactorMeltdownImminent", "core {} is above its limit"),
    ("CoolantOverheatError", "intake {} is too hot"),
    ("AirlockTimeout", "airlock {} did not close in time"),
    ("TelemetryGap", "no reading from sensor {}"),
    ("OrbitDecayWarning", "station {} has left its orbit"),
    ("ConnectionRefusedError", "relay {} refused the connection"),
    ("KeyError", "no gauge has the number {}"),
    ("ValueError", "flow rate {} is out of range"),
    ("TimeoutError", "manifold {} did not report"),
    ("PermissionDenied", "operator {} may not open the sluice"),
)
PLATFORMS = ("python", "javascript", "java", "go", "ruby")
LOGGERS = ("", "pumps.control", "pumps.telemetry", "http.requests", "jobs.worker")
MODULES = ("valves", "intake", "turbines", "telemetry", "scheduler", "airlocks", "coolant", "manifold")
FUNCTIONS = ("open_inlet", "read_gauge", "balance_flow", "report", "shut_down", "calibrate", "poll", "restart")
LEVELS = (IssueLevel.ERROR,) * 14 + (IssueLevel.WARNING,) * 3 + (IssueLevel.FATAL, IssueLevel.INFO, IssueLevel.DEBUG)
MIX = (IssueStatus.UNRESOLVED,) * 5 + (IssueStatus.RESOLVED,) * 3 + (IssueStatus.IGNORED,) * 2


class State(NamedTuple):
    """The status, with what goes with it."""

    status: IssueStatus = IssueStatus.UNRESOLVED
    resolved_at: datetime | None = None
    resolution_kind: ResolutionKind | None = None
    resolution_release: int | None = None
    snooze_ends_at: datetime | None = None
    snooze_ends_at_times_seen: int | None = None


class Draft(NamedTuple):
    """An issue that is to be made, but for its ids."""

    fingerprint: str
    error: str
    message: str
    culprit: str
    level: IssueLevel
    logger: str
    platform: str
    moments: Sequence[datetime]  # when it was seen, earliest first: not each time, but the first and the last
    hours: Counter[datetime]  # events by the hour; no hour that isn't some moment's
    users: int
    releases: tuple[int | None, int | None]
    state: State
    share_id: UUID | None = None


def fingerprint(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def the_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


# ---------------------------------------------------------------------------------------------------------------------
# What is in them
# ---------------------------------------------------------------------------------------------------------------------


def at(share: float, releases: Sequence[int]) -> int | None:
    """Return the release that stands at this share of the way, 0 to 1; None if there is none at all."""
    return releases[int(share * len(releases))] if releases else None


def documented_pair(now: datetime, releases: Sequence[int]) -> list[Draft]:
    """Return the two issues of the published example, which makes them unresolved and private.

    The first is resolved and both are public, so that the example changes both; the second is unresolved, so that the
    default list shows something before.
    """
    since_release = (releases[0], releases[-1]) if releases else (None, None)
    first = [now - timedelta(days=12), now - timedelta(days=3), now - timedelta(hours=9), now - timedelta(hours=2)]
    second = [now - timedelta(days=5), now - timedelta(hours=5), now - timedelta(minutes=10)]
    return [
        Draft(
            fingerprint=fingerprint("the documented pair: 1"),
            error="PressureLossError",
            message="pump 3 lost suction",
            culprit="pump_station.intake in open_inlet",
            level=IssueLevel.ERROR,
            logger="pumps.control",
            platform="python",
            moments=first,
            hours=Counter({the_hour(moment): count for moment, count in zip(first, (4, 11, 7, 5), strict=True)}),
            users=9,
            releases=since_release,
            state=State(IssueStatus.RESOLVED, resolved_at=now - timedelta(hours=1)),
            share_id=uuid4(),
        ),
        Draft(
            fingerprint=fingerprint("the documented pair: 2"),
            error="ReactorMeltdownImminent",
            message="core 1 is above its limit",
            culprit="pump_station.coolant in balance_flow",
            level=IssueLevel.FATAL,
            logger="pumps.telemetry",
            platform="python",
            moments=second,
            hours=Counter({the_hour(moment): count for moment, count in zip(second, (2, 8, 3), strict=True)}),
            users=4,
            releases=since_release,
            state=State(),
            share_id=uuid4(),
        ),
    ]


def made_up(seed: int, number: int, status: str, now: datetime, releases: Sequence[int]) -> Draft:
    """Return the issue that this seed has for this number of a project.

    :param releases: ids of the project's releases, oldest first.
    """
    dice = Random(f"{seed}/{number}")
    error, message = dice.choice(ERRORS)
    age = OLDEST * dice.random()
    moments = sorted(now - age * share for share in (1.0, *(dice.random() for _ in range(dice.randrange(4)))))
    hours: Counter[datetime] = Counter()
    for moment in moments:  # by the moment, not by the hour: how many hours they are in depends on now
        hours[the_hour(moment)] += min(int(dice.paretovariate(0.8)), 100_000) if len(moments) > 1 else 1
    times_seen = hours.total()
    since, until = sorted((dice.random(), dice.random()))  # drawn in any case, so that what follows is always the same
    return Draft(
        # Unique within the project without a look at it: no two of its issues have the same number.
        fingerprint=fingerprint(f"{seed}/{number}"),
        error=error,
        message=message.format(dice.randrange(1, 1000)),
        culprit=f"pump_station.{dice.choice(MODULES)} in {dice.choice(FUNCTIONS)}",
        level=dice.choice(LEVELS),
        logger=dice.choice(LOGGERS),
        platform=dice.choice(PLATFORMS),
        moments=moments,
        hours=hours,
        users=int(times_seen * dice.random()),
        releases=(at(since, releases), at(until, releases)),
        # Last, so that another --status makes the same issues otherwise.
        state=made_up_state(dice, status, now, moments[-1], times_seen, releases),
    )


def made_up_state(
    dice: Random, wanted: str, now: datetime, last_seen: datetime, times_seen: int, releases: Sequence[int]
) -> State:
    """Return the plain status that is wanted, or any with anything that may go with it when that is "mixed"."""
    between = last_seen + (now - last_seen) * dice.random()
    if wanted != MIXED:
        return State(IssueStatus(wanted), resolved_at=between if wanted == IssueStatus.RESOLVED else None)
    status, variant = dice.choice(MIX), dice.randrange(4)
    if status == IssueStatus.RESOLVED:
        plain = State(status, resolved_at=between)
        if not releases or variant < 2:
            return plain
        if variant == 2:
            return plain._replace(resolution_kind=ResolutionKind.IN_RELEASE, resolution_release=dice.choice(releases))
        return plain._replace(resolution_kind=ResolutionKind.IN_NEXT_RELEASE, resolution_release=releases[-1])
    if status == IssueStatus.IGNORED:
        return (
            State(status),
            State(status, snooze_ends_at=now + timedelta(days=30) * (1 - dice.random())),
            State(status, snooze_ends_at=between),  # over: it counts as unresolved
            State(status, snooze_ends_at_times_seen=times_seen + dice.randrange(1, 100)),
        )[variant]
    return State(status)


# ---------------------------------------------------------------------------------------------------------------------
# How they are written
# ---------------------------------------------------------------------------------------------------------------------

ISSUE_COLUMNS = (
    *("id", "project_id", "short_number", "type", "level", "logger", "platform"),
    *("own_first_seen", "own_last_seen", "own_times_seen", "own_users_seen", "own_comment_count"),
    *("own_first_release_id", "own_last_release_id"),
    *("first_seen", "last_seen", "times_seen", "users_seen", "comment_count", "first_release_id", "last_release_id"),
    *("status", "resolved_at", "resolution_kind", "resolution_release_id"),
    *("snooze_ends_at", "snooze_ends_at_times_seen", "share_id"),
)
TEXT_COLUMNS = ("issue_id", "project_id", "title", "culprit", "metadata", "platform_lower", "logger_lower")


NO_NOTES = 0  # who would have written them?


def line(*values: object) -> str:
    """Return a row as COPY's text format has it."""
    return "\t".join(["\\N" if value is None else str(value) for value in values]) + "\n"


def write(project: Project, first_number: int, drafts: Sequence[Draft]) -> list[int]:
    """Write the issues with all that hangs on them, numbered on from ``first_number``; return their ids."""
    ids = new_ids(len(drafts))
    issues, texts, hashes, hours, releases = (StringIO() for _ in range(5))
    for number, (issue_id, draft) in enumerate(zip(ids, drafts, strict=True), start=first_number):
        # Nothing is merged into it, so that its own numbers are the totals.
        totals = (
            *(draft.moments[0], draft.moments[-1], draft.hours.total(), draft.users, NO_NOTES),
            *draft.releases,
        )
        what = ("error", draft.level, draft.logger, draft.platform)
        issues.write(line(issue_id, project.pk, number, *what, *totals, *totals, *draft.state, draft.share_id))
        metadata = json.dumps({"type": draft.error, "value": draft.message})
        words = (draft.platform.lower(), draft.logger.lower())
        texts.write(line(issue_id, project.pk, f"{draft.error}: {draft.message}", draft.culprit, metadata, *words))
        hashes.write(line(issue_id, project.pk, draft.fingerprint))
        for hour, count in draft.hours.items():
            hours.write(line(issue_id, project.pk, hour, count, count))
        for release_id in sorted({pk for pk in draft.releases if pk is not None}):
            releases.write(line(issue_id, project.pk, release_id))
    copy(Issue, ISSUE_COLUMNS, issues)
    copy(IssueText, TEXT_COLUMNS, texts)
    copy(IssueHash, ("issue_id", "project_id", "hash"), hashes)
    copy(IssueHour, ("issue_id", "project_id", "hour", "own_count", "total_count"), hours)
    copy(IssueRelease, ("issue_id", "project_id", "release_id"), releases)
    return ids


Written = Issue | IssueText | IssueHash | IssueHour | IssueRelease


def copy(model: type[Written], columns: Iterable[str], rows: StringIO) -> None:
    rows.seek(0)
    # The driver's own method: without the wrapper, its errors would not be Django's.
    with connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN", rows)


def new_ids(count: int) -> list[int]:
    """Return the next ids of issues, for rows of this transaction."""
    with connection.cursor() as cursor:
        # What an INSERT takes before it draws an id: from here on `restart_ids` waits for this transaction.
        cursor.execute(f"LOCK TABLE {TABLE} IN ROW EXCLUSIVE MODE")
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [TABLE, count])
        return [issue_id for (issue_id,) in cursor.fetchall()]


def restart_ids() -> None:
    """Let the ids of issues begin at 1 again, if there is no issue: rows that are gone have used up some."""
    if Issue.objects.exists():
        return
    with connection.cursor() as cursor:
        # Waits for whoever has drawn ids and not committed, and keeps others from drawing until this is committed.
        cursor.execute(f"LOCK TABLE {TABLE} IN SHARE ROW EXCLUSIVE MODE")
        if not Issue.objects.exists():
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), 1, false)", [TABLE])


def check_foreign_keys_at_once() -> None:
    """Check the foreign keys after each COPY, in this transaction.

    Django's are checked on commit: a million issues would queue ten million checks in the server's memory, and the
    progress bar would stand at 100 % for as long as they take.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def analyze() -> None:
    """Tell the planner what the tables hold now; autovacuum would, but a minute later."""
    with connection.cursor() as cursor:
        for model in (Issue, IssueText, IssueHash, IssueHour, IssueRelease):
            cursor.execute(f"ANALYZE {model._meta.db_table}")


# ---------------------------------------------------------------------------------------------------------------------
# The command
# ---------------------------------------------------------------------------------------------------------------------


class Command(base.Command):
    help = "Make what is missing of the two documented issues; with --count, so many made-up ones more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", type=base.whole_number(1, MOST), help="how many, each time")
        parser.add_argument("--project", metavar="ORG/SLUG", help=f"where to (default: {PAIR_PROJECT})")
        parser.add_argument(
            "--seed",
            type=base.whole_number(0, 2**63 - 1),
            help="fixes what they hold; another one makes others (default: 0)",
        )
        parser.add_argument(
            "--status", choices=[*IssueStatus.values, MIXED], help=f"what they are (default: {IssueStatus.UNRESOLVED})"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make them, all or nothing, and print one line on it.

        :raises CommandError: there is no such project, or the options don't go together.
        """
        now = timezone.now()
        path = options["project"] or PAIR_PROJECT
        if options["count"] is not None:
            self.stdout.write(
                make_many(
                    path,
                    options["count"],
                    seed=options["seed"] or 0,
                    status=options["status"] or IssueStatus.UNRESOLVED,
                    now=now,
                    show_progress={0: False, 1: None}.get(options["verbosity"], True),
                )
            )
        elif options["seed"] is not None or options["status"] is not None or path != PAIR_PROJECT:
            raise CommandError(
                "--project, --seed and --status go with --count; without it, the documented pair is made, "
                f"in {PAIR_PROJECT}."
            )
        else:
            self.stdout.write(make_pair(now=now))


def locked_project(path: str) -> Project:
    """Return the project, locked for whoever numbers its issues.

    :raises CommandError: there is none, or the path is no path.
    """
    organization, _, slug = path.partition("/")
    if not (organization and slug and "/" not in slug):
        raise CommandError(f"--project is {path!r}; write it as ORG/SLUG, for example {PAIR_PROJECT}.")
    project: Project | None = (
        Project.objects.named(organization, slug).select_for_update(no_key=True, of=("self",)).first()
    )
    if project is None:
        raise CommandError(f"There is no project {path}. `manage.py seed_projects` makes {PAIR_PROJECT} and others.")
    return project


def release_ids(project: Project) -> list[int]:
    """Return the project's releases, oldest first."""
    return list(Release.objects.of_project(project.pk).newest_first().reverse().values_list("pk", flat=True))


def make_pair(*, now: datetime) -> str:
    """Make what is missing of the documented pair; return a sentence on it. On an empty table their ids are 1 and 2."""
    with transaction.atomic():
        project = locked_project(PAIR_PROJECT)
        pair = documented_pair(now, release_ids(project))
        there = set(
            IssueHash.objects.filter(project=project, hash__in=[draft.fingerprint for draft in pair]).values_list(
                "hash", flat=True
            )
        )
        missing = [draft for draft in pair if draft.fingerprint not in there]
        if not missing:
            return f"Made nothing: the documented pair is in {PAIR_PROJECT}."
        restart_ids()
        ids = write(project, take_short_numbers(project.pk, len(missing)), missing)
    plural = "s" if len(ids) > 1 else ""
    return f"Made {len(ids)} issue{plural} in {PAIR_PROJECT}: id {' and '.join(map(str, ids))}."


def make_many(path: str, count: int, *, seed: int, status: str, now: datetime, show_progress: bool | None) -> str:
    """Make so many issues more; return a sentence on it.

    :param show_progress: None: only on a terminal.
    """
    started = time.monotonic()
    disable = None if show_progress is None else not show_progress
    with transaction.atomic():
        project = locked_project(path)
        check_foreign_keys_at_once()
        releases = release_ids(project)
        first = take_short_numbers(project.pk, count)
        with tqdm(total=count, unit=" issues", file=sys.stderr, disable=disable) as progress:
            for start in range(first, first + count, BATCH):
                numbers = range(start, min(start + BATCH, first + count))
                write(project, start, [made_up(seed, number, status, now, releases) for number in numbers])
                progress.update(len(numbers))
    if count >= ANALYZE_FROM:
        analyze()
    seconds = time.monotonic() - started
    plural = "s" if count > 1 else ""
    return f"Made {count:,} issue{plural} in {path} in {seconds:.1f} s ({count / seconds:,.0f} issues/s)."
