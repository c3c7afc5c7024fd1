"""Platforms and loggers by the texts beside the issues (docs/decisions/0082)"""

from importlib import import_module

import pytest
from django.db import connection

from issues.models import IssueText
from issues.search import parse
from issues.search.conditions import NamesWord
from issues.services.ground import words
from projects.database import citus
from projects.models import Project
from tests.factories import IssueFactory
from tests.issues.services.occurrences.batches import count, event, issue_of

pytestmark = pytest.mark.django_db

LOGGERS = ("Pumps.Control", "pumps.telemetry", "jobs", "100%", "100 percent", "a_b", "axb", "ÄRGER", "")


@pytest.fixture
def issues(project: Project, other_project: Project) -> dict[str, int]:
    """Issues of a project with a logger each, by that; and as many of another with the same."""
    for logger in LOGGERS:
        IssueFactory(project=other_project, logger=logger)
    return {logger: IssueFactory(project=project, logger=logger).pk for logger in LOGGERS}


def few(query: str, *projects: Project, limit: int = 100) -> list[int] | None:
    (term,) = parse(query, user_id=1)
    names = [each for each in term.conditions if isinstance(each, NamesWord)]
    return words.few(names, [project.pk for project in projects], limit, negated=term.negated)


@pytest.mark.parametrize(
    ("query", "loggers"),
    [
        ("logger:JOBS", {"jobs"}),
        ("logger:pumps.control", {"Pumps.Control"}),
        ("logger:pumps.*", {"Pumps.Control", "pumps.telemetry"}),
        ("logger:*TRY", {"pumps.telemetry"}),
        ("logger:p*.t*", {"pumps.telemetry"}),
        ("logger:[jobs,pumps.control]", {"jobs", "Pumps.Control"}),
        ("logger:100%", {"100%"}),
        ("logger:100*", {"100%", "100 percent"}),
        ("logger:a_b", {"a_b"}),
        ("logger:ärger", {"ÄRGER"}),
        ("logger:pump", set()),
        ("!logger:[*s*,ärger,a?b,a_b]", {"100%", "100 percent", "axb", ""}),
        ("!logger:[p*,j*,1*,a*,ä*]", {""}),
    ],
)
def test_few_have(issues: dict[str, int], project: Project, query: str, loggers: set[str]) -> None:
    assert set(few(query, project) or ()) == {issues[logger] for logger in loggers}


def test_few_of_several_projects(issues: dict[str, int], project: Project, other_project: Project) -> None:
    of = {project.pk: project, other_project.pk: other_project}
    groups = citus.together(of)  # as who asks does: each alone, where they are on several machines
    for query in ("logger:jobs", "!logger:[*s*,a*,1*,ä*]"):
        found = [pk for group in groups for pk in few(query, *map(of.__getitem__, group)) or ()]
        assert len(found) == 2
        assert set(found) > set(few(query, project) or ())


@pytest.mark.parametrize("query", ["logger:pumps*", "logger:*pumps*", "!logger:[a*,1*,ä*]"])
def test_many_are_not_told(issues: dict[str, int], project: Project, query: str) -> None:
    number = len(few(query, project) or ())

    assert few(query, project, limit=number) is not None
    assert few(query, project, limit=number - 1) is None


def test_patterns_are_not_looked_for_among_very_many(
    issues: dict[str, int], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "DIFFERENT", len(LOGGERS) + 1)  # with the end, which is read, too
    assert [few(query, project) for query in ("logger:*jobs", "!logger:jobs", "logger:[jobs,nothing]")] == [None] * 3
    assert few("logger:jobs", project) == [issues["jobs"]]
    monkeypatch.setattr(words, "DIFFERENT", len(LOGGERS) + 2)
    assert few("logger:*jobs", project) == [issues["jobs"]]


def test_known_are_those_of_these_projects(issues: dict[str, int], project: Project, other_project: Project) -> None:
    IssueFactory(project=other_project, logger="elsewhere", platform="Elixir")
    asked = {
        query: name
        for query in ("logger:jobs", "logger:*TRY", "logger:nothing", "logger:elsewhere", "platform:elixir")
        for term in parse(query, user_id=1)
        for name in term.conditions
        if isinstance(name, NamesWord)
    }

    assert words.known(asked.values(), [project.pk]) == {asked["logger:jobs"], asked["logger:*TRY"]}
    assert words.known(asked.values(), []) == set()
    both = words.known(asked.values(), [project.pk, other_project.pk])
    assert both == set(asked.values()) - {asked["logger:nothing"]}


def test_counted_events_tell_them(project: Project) -> None:
    count(project, event())

    issue = issue_of(project)
    assert (issue.platform, issue.text.platform_lower) == ("python", "python")
    assert few("platform:Python", project) == [issue.pk]


def test_of_issues_from_before_are_told_by_the_migration(issues: dict[str, int], project: Project) -> None:
    told = set(IssueText.objects.values_list("issue", "platform_lower", "logger_lower"))
    IssueText.objects.update(platform_lower="", logger_lower="")

    with connection.cursor() as cursor:
        cursor.execute(import_module("issues.migrations.0029_platforms_and_loggers_of_texts").FILL)

    assert len({logger for _, _, logger in told}) == len(LOGGERS)
    assert set(IssueText.objects.values_list("issue", "platform_lower", "logger_lower")) == told
