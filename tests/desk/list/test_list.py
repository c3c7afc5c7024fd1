"""The list: which issues, in which order, and what its rows say."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from desk.asking import GONE_PAGE
from issues.models import Environment, Issue, IssueEnvironment
from projects.models import Project, User
from tests.desk.reading import LIST, listed, words_of
from tests.factories import IssueFactory, IssueHourFactory, IssueSeenFactory, ReleaseFactory

pytestmark = pytest.mark.django_db


def test_shows_what_is_unresolved_where_nothing_is_asked(as_jane: Client, project: Project) -> None:
    issues = [IssueFactory(project=project), IssueFactory(project=project, resolved=True)]

    assert listed(as_jane) == [issues[0].pk]
    assert 'value="is:unresolved"' in as_jane.get(LIST).content.decode()
    assert listed(as_jane, query="") == sorted((issue.pk for issue in issues), reverse=True)


def test_reads_the_environments_of_an_address_as_a_term_of_the_search(as_jane: Client, project: Project) -> None:
    """Beside the search, "all that match" would be more than what is listed."""
    page = as_jane.get(LIST, {"query": "pump", "environment": ["prod", 'a "b" \\c', ""]})

    assert page.context["asked"].words == 'pump environment:["prod","a \\"b\\" \\\\c"]'
    assert "environment=" not in page.context["asked"].address(sort="new")
    assert as_jane.get(LIST, {"environment": ""}).context["asked"].words == "is:unresolved"


def test_offers_the_environments_of_the_projects_and_narrows_by_one(
    as_jane: Client, as_kit: Client, project: Project, stranger_project: Project
) -> None:
    issue, _ = IssueFactory(project=project), IssueFactory(project=project)
    environment = Environment.objects.create(project=project, name="eu prod")
    times = {"first_seen": issue.first_seen, "last_seen": issue.last_seen, "times_seen": 1}
    IssueEnvironment.objects.create(issue=issue, project=project, environment=environment, **times)

    (chip,) = [chip for chip in as_jane.get(LIST).context["chips"] if chip.label == "Environment"]
    page = as_jane.get(LIST + chip.choices[1].address)

    assert [choice.label for choice in chip.choices] == ["Anywhere", "eu prod"]
    assert page.context["asked"].words == 'is:unresolved environment:"eu prod"'
    assert [row.id for row in page.context["rows"]] == [issue.pk]
    assert "eu prod" not in as_kit.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("query", "any_level", "fatal"),
    [
        ("pump level:error 3", 'pump "3"', "pump level:fatal 3"),
        ("pump level:error 3*  x is:unresolved", '"pump" 3*  x is:unresolved', "pump level:fatal 3*  x is:unresolved"),
        ("a level:error b level:info c", 'a "b" c', 'a level:fatal b "c"'),
        ("level:error a !b level:[info,error]", "a !b", "level:fatal a !b"),
        ('  pump  3 "x" ', 'pump  3 "x"', 'pump  3 "x" level:fatal'),
        ("pump OR", "pump OR", "pump OR level:fatal"),
    ],
)
def test_a_chip_leaves_words_apart_that_stood_apart(
    as_jane: Client, project: Project, query: str, any_level: str, fatal: str
) -> None:
    """Side by side they would be one phrase, and find less."""
    (chip,) = [chip for chip in as_jane.get(LIST, {"query": query}).context["chips"] if chip.label == "Level"]
    led_to = {choice.label: QueryDict(choice.address[1:])["query"] for choice in chip.choices}

    assert (led_to["Any level"], led_to["Fatal"]) == (any_level, fatal)


def test_never_lists_what_was_merged(as_jane: Client, project: Project) -> None:
    parent = IssueFactory(project=project)
    child = IssueFactory(merged_into=parent)

    assert listed(as_jane, query="") == [parent.pk]
    assert listed(as_jane, query=f"id:{child.pk}") == []


def test_finds_by_words_of_the_title_and_by_a_short_id_whatever_its_status(as_jane: Client, project: Project) -> None:
    issue = IssueFactory(project=project, resolved=True, text__title="PressureLossError: pump 157 lost suction")
    IssueFactory(project=project)

    assert listed(as_jane, query="pump 157") == [issue.pk]
    assert listed(as_jane, query=issue.short_id) == [issue.pk]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("level:blue", 'Search term "level:blue" at character 1 is not understood'),
        ("pump OR valve", "all terms must hold, and there is no OR"),
        ('"pump', "a quote has no end"),
    ],
)
def test_says_at_the_box_what_is_not_understood(as_jane: Client, project: Project, query: str, said: str) -> None:
    IssueFactory(project=project)

    page = as_jane.get(LIST, {"query": query})

    assert page.status_code == 200
    assert said in words_of(page.content.decode()).replace("&quot;", '"')
    assert 'aria-invalid="true"' in page.content.decode()
    assert page.context["rows"] == []


@pytest.mark.parametrize("query", [{"sort": "beauty"}, {"cursor": "x"}, {"project": "x"}, {"project": "999999"}])
def test_says_what_else_is_not_understood(as_jane: Client, project: Project, query: dict[str, str]) -> None:
    page = as_jane.get(LIST, query)

    assert (page.status_code, page.context["rows"]) == (200, [])
    assert page.context["error"]


@pytest.mark.parametrize("sort", ["date", "priority"])
@pytest.mark.parametrize("cursor", ["x", "5:1:0"])
def test_leads_to_the_first_page_from_one_that_is_not_there(
    as_jane: Client, project: Project, sort: str, cursor: str
) -> None:
    issue = IssueFactory(project=project, resolved=True)

    page = as_jane.get(LIST, {"query": "is:resolved", "sort": sort, "cursor": cursor})

    assert page.context["error"] == GONE_PAGE
    (first,) = re.findall(r'<a href="([^"]*)">To the first page</a>', page.content.decode())
    assert [row.id for row in as_jane.get(LIST + unescape(first)).context["rows"]] == [issue.pk]


def test_is_of_all_projects_of_all_organizations_that_somebody_sees(
    as_superuser: Client, as_kit: Client, project: Project, other_project: Project, stranger_project: Project
) -> None:
    issues = [IssueFactory(project=each) for each in (project, other_project, stranger_project)]

    assert len(listed(as_superuser)) == 3
    assert listed(as_superuser, project=[project.pk, stranger_project.pk]) == [issues[2].pk, issues[0].pk]
    assert listed(as_superuser, query="project:relay") == [issues[2].pk]
    assert listed(as_kit) == [issues[2].pk]


def test_shows_nothing_of_a_project_that_somebody_does_not_see(as_kit: Client, project: Project) -> None:
    issue = IssueFactory(project=project)

    for query in ({"project": project.pk}, {"query": f"id:{issue.pk}"}, {"query": issue.short_id}, {"query": ""}):
        page = as_kit.get(LIST, query)
        assert page.context["rows"] == []
        assert project.organization.slug not in page.content.decode()


@pytest.mark.parametrize(
    ("sort", "column"),
    [("date", "last_seen"), ("new", "first_seen"), ("freq", "times_seen"), ("user", "users_seen")],
)
def test_sorts(as_jane: Client, project: Project, sort: str, column: str) -> None:
    issue = IssueFactory(project=project)
    values = {
        "last_seen": issue.last_seen + timedelta(hours=1),
        "first_seen": issue.first_seen + timedelta(minutes=1),
        "times_seen": 7,
        "users_seen": 7,
    }
    own = {f"own_{name}": value for name, value in values.items() if name == column}
    greater = IssueFactory(project=project, **own)
    less = IssueFactory(project=project)

    assert listed(as_jane, sort=sort) == [greater.pk, less.pk, issue.pk]


def test_sorts_by_priority_and_then_by_what_was_seen_last(
    as_jane: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.asking.ROWS", 2)
    issue = IssueFactory(project=project, priority="low")
    later = issue.last_seen + timedelta(minutes=1)
    wanted = [
        IssueFactory(project=project, priority="high").pk,
        IssueFactory(project=project, own_last_seen=later).pk,
        IssueFactory(project=project).pk,
        IssueFactory(project=project, priority="low", own_last_seen=later).pk,
        issue.pk,
    ]

    found, address = [], "?sort=priority"
    while address:
        page = as_jane.get(LIST + address)
        found += [row.id for row in page.context["rows"]]
        address = page.context.get("next", "")

    assert found == wanted
    assert [row.id for row in as_jane.get(LIST + page.context["previous"]).context["rows"]] == wanted[2:4]
    assert listed(as_jane, sort="priority", query=issue.short_id) == [issue.pk]
    for cursor in ("1:2:3", "5:1:0", "-1:1:0"):
        assert as_jane.get(LIST, {"sort": "priority", "cursor": cursor}).context["error"]


def test_leads_from_page_to_page_and_back(as_jane: Client, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desk.asking.ROWS", 2)
    issues = sorted((IssueFactory(project=project).pk for _ in range(5)), reverse=True)

    first = as_jane.get(LIST, {"query": "is:unresolved", "sort": "new"})
    second = as_jane.get(LIST + first.context["next"])
    third = as_jane.get(LIST + second.context["next"])

    pages = [[row.id for row in page.context["rows"]] for page in (first, second, third)]
    assert pages == [issues[:2], issues[2:4], issues[4:]]
    assert "previous" not in first.context
    assert "next" not in third.context
    back = as_jane.get(LIST + third.context["previous"])
    assert [row.id for row in back.context["rows"]] == pages[1]
    assert "sort=new" in second.context["next"]


def test_a_row_says_what_one_needs_to_choose(as_jane: Client, project: Project, jane: User) -> None:
    release = ReleaseFactory(projects=[project], version="pumps@2.1.0")
    now = timezone.now()
    title = f"PressureLossError: {'very ' * 60}long"
    issue = IssueFactory(
        project=project,
        text__title=title,
        own_times_seen=1234,
        own_users_seen=56,
        own_last_release=release,
        own_first_seen=now - timedelta(days=30),
        own_last_seen=now - timedelta(minutes=61),
        assignee_user=jane,
        priority="high",
    )
    IssueHourFactory(issue=issue, hour=now.replace(minute=0, second=0, microsecond=0), own_count=4)

    page = as_jane.get(LIST)
    (row,) = page.context["rows"]
    words = words_of(page.content.decode())

    assert f'title="{title}"' in page.content.decode()
    for said in (issue.short_id, "pumps@2.1.0", "1.2k", "56", "1 h", "4 w", "Jane Schmidt", "high priority"):
        assert said in words, said
    assert (row.chart.total, row.chart.most) == (4, 4)
    assert row.chart.path == "M92 24v-24h3v24z"


def test_draws_two_weeks_when_asked(as_jane: Client, project: Project) -> None:
    issue = IssueFactory(project=project)
    IssueHourFactory(issue=issue, hour=timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=10))

    assert [row.chart.total for row in as_jane.get(LIST).context["rows"]] == [0]
    assert [row.chart.total for row in as_jane.get(LIST, {"chart": "14d"}).context["rows"]] == [1]


def test_seen_is_of_who_looks(as_jane: Client, as_sam: Client, project: Project, jane: User) -> None:
    issue = IssueFactory(project=project)
    mark = IssueSeenFactory(issue=issue, user=jane)

    assert [row.is_seen for row in as_jane.get(LIST).context["rows"]] == [True]
    assert [row.is_seen for row in as_sam.get(LIST).context["rows"]] == [False]
    Issue.objects.filter(pk=issue.pk).update(last_seen=mark.seen_at + timedelta(seconds=1))
    assert [row.is_seen for row in as_jane.get(LIST).context["rows"]] == [False]


def test_says_how_many_and_about_how_many(as_jane: Client, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        IssueFactory(project=project)

    assert "3 issues" in words_of(as_jane.get(LIST).content.decode())
    monkeypatch.setattr("desk.list.view.MAX_HITS", 3)
    assert "About 3+ issues" in words_of(as_jane.get(LIST).content.decode())


def test_says_why_it_is_empty_and_what_next(as_jane: Client, as_superuser: Client, project: Project) -> None:
    words = words_of(as_jane.get(LIST, {"query": "nothing like that"}).content.decode())

    assert "No issue is like that" in words
    assert "All issues" in words
    assert words_of(as_superuser.get(LIST).content.decode())


@pytest.mark.parametrize("word", ["WRITTEN", "typed", "7c3ae6375ade4f51970800c80b9cdc09"])
def test_offers_to_look_for_the_one_that_a_word_names(as_jane: Client, project: Project, word: str) -> None:
    """The box has "is:unresolved" in it already, and a short id is written behind that."""
    issue = IssueFactory(project=project)
    word = {"WRITTEN": issue.short_id, "typed": issue.short_id.lower()}.get(word, word)

    page = as_jane.get(LIST, {"query": f"is:unresolved {word}", "sort": "new"})

    assert page.context["rows"] == []
    assert (page.context["alone"], page.context["alone_address"]) == (word, f"?query={word}&sort=new")
    found = as_jane.get(LIST + page.context["alone_address"])
    assert [row.id for row in found.context["rows"]] == ([issue.pk] if "-" in word else [])
    assert "alone" not in found.context


@pytest.mark.parametrize("query", ["is:unresolved connect-error", "is:unresolved relay-1", "pump-station-1", "a b"])
def test_offers_nothing_where_no_word_names_one(as_jane: Client, stranger_project: Project, query: str) -> None:
    page = as_jane.get(LIST, {"query": query})

    assert page.context["rows"] == []
    assert "alone" not in page.context


@pytest.mark.parametrize("query", [{}, {"query": ""}])
def test_leads_from_a_project_without_issues_to_its_dsn(
    as_jane: Client, project: Project, other_project: Project, query: dict[str, str]
) -> None:
    settings = reverse("admin:projects_project_change", args=[project.pk])

    of_one = as_jane.get(LIST, query | {"project": str(project.pk)}).content.decode()
    of_all = as_jane.get(LIST, query).content.decode()

    assert f"{project.slug} has no issue yet." in of_one
    assert f'href="{settings}"' in of_one
    assert f'href="{reverse("admin:projects_project_changelist")}"' in of_all
    assert as_jane.get(settings).status_code == 200
    IssueFactory(project=other_project, resolved=True)
    assert "has no issue yet" in as_jane.get(LIST, query | {"project": str(project.pk)}).content.decode()
    assert "no issue yet" not in as_jane.get(LIST, query).content.decode()
    assert "no issue yet" not in as_jane.get(LIST, {"query": "pump", "project": str(project.pk)}).content.decode()


def test_tells_a_member_of_nothing_whom_to_ask(client: Client, django_user_model: type[User]) -> None:
    client.force_login(django_user_model.objects.create(username="new", is_staff=True))

    assert "You see no project yet." in words_of(client.get(LIST).content.decode())


def test_asks_as_much_for_fifty_issues_as_for_one(
    as_jane: Client, project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    release = ReleaseFactory(projects=[project])
    IssueFactory(project=project, own_last_release=release)
    for number in (1, 49):
        for _ in range(number - 1):
            IssueFactory(project=project, own_last_release=release)
        with django_assert_num_queries(9):
            as_jane.get(LIST)
