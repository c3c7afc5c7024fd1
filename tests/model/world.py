"""The real server and the model, side by side: the same few issues, the same clock, the same requests.

**Time.** A view reads the clock once, when a request comes. Here the clock stands in memory that the server's processes
share with the test, and stands still unless the test moves it: so the model knows the very instant of every request,
answers can be compared to the byte, and a snooze of half an hour ends between two requests.
"""

import json
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.utils import timezone

from events import meaning
from events.counting import counting
from events.models import Arrival, Event, EventId
from issues.models import Issue as Row
from issues.models import IssueEnvironment, IssueHash, ProjectState
from projects.models import Project, Release, Team, User
from tests.api_client import basic, bearer
from tests.concurrency import stage
from tests.factories import (
    NOW,
    ClientKeyFactory,
    IssueFactory,
    IssueHashFactory,
    IssueHourFactory,
    OrganizationMemberFactory,
    ReleaseFactory,
    UserFactory,
)
from tests.live import serving
from tests.model import things
from tests.model.messages import Answer, Differs, Links, Request, Who, compare
from tests.model.model import Model

NAMES = "ABCDEF"  # of the issues, as requests in tests name them: <A>; and of the kinds of their events
NEW_NAMES = "GH"  # of kinds of events for which there is no issue at the start
NOT_YET = 10**9  # the id of an issue that is not there
NOT_TAKEN = {"lee", "captain-planet"}  # whom no PUT takes as an assignee: deactivated; a team without the project
API = "/api/0/projects/the-interstellar-jurisdiction/pump-station/"
PATIENCE = 60
TICK = timedelta(seconds=1)


def _fingerprint(kind: str) -> str:
    event = {"fingerprint": [kind]}
    read = meaning.read(event, event_id=None, sent_at=None, at=NOW, peer="", keep_addresses=False)
    return read.fingerprints[0].hex


FINGERPRINTS = {kind: _fingerprint(kind) for kind in NAMES + NEW_NAMES}

_fork = multiprocessing.get_context("fork")


class Clock:
    """A clock that the test moves, and that the server's processes read."""

    def __init__(self) -> None:
        self._microseconds = _fork.Value("q", 0, lock=False)

    def now(self) -> datetime:
        return NOW + timedelta(microseconds=self._microseconds.value)

    def move_to(self, moment: datetime) -> None:
        self._microseconds.value = (moment - NOW) // timedelta(microseconds=1)

    def rule(self) -> None:
        """Be the clock of this process."""
        patch.object(timezone, "now", self.now).start()


@dataclass
class World:
    """``send`` asks the service, ``ask`` both it and the model; ``model`` is what the model has come to."""

    url: str
    project_id: int
    client_key: str
    clock: Clock
    start: Model
    words: dict[str, int]  # <A> and <jane> and the like: what requests call by name
    authorization: dict[Who, str]
    model: Model = field(init=False)
    links: Links = field(init=False)
    sent: set[str] = field(default_factory=set)  # events, by their ids
    local: threading.local = field(default_factory=threading.local)

    def __post_init__(self) -> None:
        self.begin_again()

    def begin_again(self) -> None:
        """Put everything back to the start, in the service and in the model."""
        with transaction.atomic():
            stage.put_back()
            Release.objects.exclude(version__in=self.start.versions).delete()
            for table in (Arrival, Event, EventId):
                table._default_manager.all().delete()
        self.model, self.links = self.start.copy(), {}
        self.sent.clear()
        self.words |= dict.fromkeys(NEW_NAMES, NOT_YET) | self.start.kinds
        self.clock.move_to(NOW + timedelta(minutes=1))

    def spell(self, request: Request) -> Request:
        """Return the request with ids for names."""

        def spelt(text: str) -> str:
            for name, pk in self.words.items():
                text = text.replace(f"<{name}>", str(pk))
            return text

        query = tuple((name, spelt(value)) for name, value in request.query)
        return replace(request, path=spelt(request.path), query=query, body=spelt(request.body))

    def ask(self, request: Request) -> Answer:
        """Send a request a second later, ask the model the same, and compare.

        :raises Differs: the service's answer is not the model's.
        """
        self.clock.move_to(self.clock.now() + TICK)
        spelt = self.spell(request)
        expected = self.model.answer(spelt, self.clock.now())
        answer = self.send(spelt)
        self.links = compare(expected, answer, self.links)
        if answer.mutation_id is not None:
            self.model.name_latest(answer.mutation_id)
        return answer

    def _connection(self) -> HTTPConnection:
        http: HTTPConnection | None = getattr(self.local, "http", None)
        if http is None:
            http = self.local.http = HTTPConnection(self.url.removeprefix("http://"), timeout=PATIENCE)
        return http

    def send(self, request: Request) -> Answer:
        """Send a request, on this thread's own connection, and return the answer."""
        http = self._connection()
        path = f"/api/0/{request.path}/" if request.path.startswith("issues/") else f"{API}{request.path}/"
        target = f"{path}?{urlencode(request.query)}" if request.query else path
        headers = {"Authorization": self.authorization[request.who]}
        if request.expected is not None:
            headers["Issues-Expected"] = str(request.expected)
        if request.body:
            headers["Content-Type"] = "application/json"
        http.request(request.method, target, request.body.encode(), headers)
        response = http.getresponse()
        return Answer.of(request, response.status, response.read().decode(), dict(response.getheaders()))

    def hang_up(self) -> None:
        """Close this thread's connection."""
        if hasattr(self.local, "http"):
            self.local.http.close()

    # --- events ---

    def send_event(self, event: things.Event, timestamp: str) -> None:
        """Send an event as an SDK does; it waits then, unless it is one that came before."""
        body: dict[str, Any] = {
            "event_id": event.id,
            "timestamp": timestamp,
            "fingerprint": [event.kind],
            "message": event.title,
            "level": event.level,
            "user": {"id": event.user} if event.user else None,
            "release": event.release or None,
            "environment": event.environment or None,
            "transaction": event.transaction or None,
        }
        http = self._connection()
        headers = {"X-Sentry-Auth": f"Sentry sentry_key={self.client_key}", "Content-Type": "application/json"}
        http.request("POST", f"/api/{self.project_id}/store/", json.dumps(body), headers)
        response = http.getresponse()
        told = response.read().decode()
        assert (response.status, json.loads(told)) == (200, {"id": event.id}), told
        is_new = event.id not in self.sent
        self.sent.add(event.id)
        if is_new:
            self.model.arrive(event)

    def count_events(self, most: int) -> None:
        """Count as many of the events that wait, in the service and in the model."""
        self.clock.move_to(self.clock.now() + TICK)
        number, made = len(self.model.waiting[:most]), self.model.unknown(most)
        assert len(counting.count_next(self.project_id, now=self.clock.now, most=most)) == number
        found = dict(IssueHash.objects.filter(project_id=self.project_id).values_list("hash", "issue_id"))
        ids = {kind: found[FINGERPRINTS[kind]] for kind in made}
        assert not ids.keys() & self.model.kinds.keys()
        self.model.count(most, ids, self.url, self.clock.now())
        self.words |= ids

    def compare_environments(self) -> None:
        """See that each issue has been seen where the model says; nobody shows it yet."""
        found: dict[int, list[tuple[Any, ...]]] = {pk: [] for pk in self.model.issues}
        rows = IssueEnvironment.objects.filter(project_id=self.project_id)
        columns = ("environment__name", "first_seen", "last_seen", "times_seen")
        for pk, *seen in rows.values_list("issue_id", *columns).order_by("environment__name"):
            found[pk].append(tuple(seen))
        expected = {pk: list(issue.environments) for pk, issue in self.model.issues.items()}
        if found != expected:
            raise Differs(f"environments: expected {expected}, got {found}")


@contextmanager
def world(
    project: Project,
    other_project: Project,
    people: dict[str, User],
    teams: list[Team],
    secrets: dict[Who, str],
    *,
    threads: int = 4,
    prepare: Callable[[], None] = lambda: None,
) -> Iterator[World]:
    """Make the issues, serve them, and yield both sides of it."""
    lee = UserFactory(username="lee", is_active=False)
    OrganizationMemberFactory(organization=project.organization, user=lee)
    releases = [ReleaseFactory(projects=[project], version=version) for version in ("1.0", "1.1")]
    rows = [_issue(project, number) for number in range(len(NAMES))]
    # To whom no PUT would assign: somebody who was deactivated since, a team that lost the project.
    for row, column, to in ((rows[2], "assignee_user", lee), (rows[5], "assignee_team", teams[1])):
        setattr(row, column, to)
        row.save(update_fields=[column])
    elsewhere = IssueHashFactory(issue__project=other_project).issue
    client_key = ClientKeyFactory(project=project)
    ProjectState.objects.filter(project=project).update(next_short_number=len(rows) + 1)
    clock = Clock()
    stage.keep()
    try:
        with serving(threads=threads, prepare=partial(_prepare, clock, prepare)) as url:
            people = people | {"lee": lee}
            place = things.Place(
                project={"id": str(project.pk), "name": project.name, "slug": project.slug, "platform": None},
                callers={"jane": _person(people["jane"]), "sam": _person(people["sam"]), "key": None},
                members=tuple(_person(people[name]) for name in ("jane", "sam", "lee")),
                teams=tuple(_team(team, project) for team in teams),
            )
            found = World(
                url=url,
                project_id=project.pk,
                client_key=client_key.key,
                clock=clock,
                start=Model(
                    place,
                    {row.pk: _as_model(row, url) for row in rows},
                    tuple(things.Release(release.version, release.created_at) for release in releases),
                    kinds={name: row.pk for name, row in zip(NAMES, rows, strict=True)},
                    short_numbers=len(rows),
                ),
                words={name: row.pk for name, row in zip(NAMES, rows, strict=True)}
                | {name: user.pk for name, user in people.items()}
                | {team.slug: team.pk for team in teams}
                | {"elsewhere": elsewhere.pk},
                authorization={
                    "jane": bearer(secrets["jane"]),
                    "sam": bearer(secrets["sam"]),
                    "key": basic(secrets["key"]),
                },
            )
            try:
                yield found
            finally:
                found.hang_up()
    finally:
        stage.forget()


def _prepare(clock: Clock, prepare: Callable[[], None]) -> None:
    clock.rule()
    settings.THROTTLE_PER_MINUTE = 0  # in a minute of this clock there may be any number of requests
    connection_created.connect(_dont_wait_for_the_disk, weak=False)
    prepare()


def _dont_wait_for_the_disk(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Nobody pulls the plug of a test: what is written then is all the same, only sooner."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")


def _issue(project: Project, number: int) -> Row:
    """Make one; not the one with the lowest id was seen first, and two were seen first together."""
    row: Row = IssueFactory(
        project=project,
        short_number=number + 1,
        own_first_seen=NOW - timedelta(days=[3, 5, 2, 5, 1, 4][number]),
        own_last_seen=NOW - timedelta(hours=[1, 7, 2, 2, 9, 3][number]),
        own_times_seen=10 + 3**number,
        own_users_seen=1 + number % 4,
        own_comment_count=number % 3,
        text__title=f"Error {NAMES[number]}",
        text__culprit="pump.valve" if number % 2 else "",
    )
    for ago in range(number % 3):
        IssueHourFactory(issue=row, hour=NOW - timedelta(hours=ago + number % 2), own_count=number + 1)
    IssueHashFactory(issue=row, hash=FINGERPRINTS[NAMES[number]])
    return row


def _as_model(row: Row, url: str) -> things.Issue:
    facts: dict[str, Any] = {
        "shortId": row.short_id,
        "title": row.text.title,
        "culprit": row.text.culprit,
        "permalink": f"{url}/admin/desk/issues/{row.pk}/",
        "logger": None,
        "platform": None,
        "type": "error",
        "metadata": {},
    }
    return things.Issue(
        id=row.pk,
        facts=facts,
        first_seen=row.own_first_seen,
        last_seen=row.own_last_seen,
        events=row.own_times_seen,
        users=row.own_users_seen,
        comments=row.own_comment_count,
        hours=tuple((hour.hour, hour.own_count) for hour in row.hours.all()),
        assignee=("user", row.assignee_user_id)
        if row.assignee_user_id
        else ("team", row.assignee_team_id)
        if row.assignee_team_id
        else None,
    )


def _person(user: User) -> things.Person:
    return things.Person(user.pk, user.username, user.get_full_name(), user.email, user.is_active)


def _team(team: Team, project: Project) -> things.Team:
    members = tuple(sorted(team.members.values_list("pk", flat=True)))
    return things.Team(team.pk, team.slug, members, has_access=team in project.teams.all())
