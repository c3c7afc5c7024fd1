"""Acting in the admin: first the numbers, then the change, by the one service; and a way back."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from issues.admin import actions
from issues.admin.actions import VERBS
from issues.enums import ActivityKind, IssueStatus, MutationKind
from issues.models import Activity, Issue, Mutation
from issues.mutation import IssueMutation, IssueScope
from issues.services import bulk, undo
from projects.callers import Caller
from projects.models import Project, Team, User
from projects.refusals import TryAgain
from tests.assertions import digest
from tests.factories import NOW, IssueFactory, MutationFactory, OrganizationMemberFactory, ReleaseFactory, UserFactory

pytestmark = pytest.mark.django_db

LIST = reverse("admin:issues_issue_changelist")
ACT = reverse("admin:issues_issue_act")
OPERATORS_OWN = {"django_session"}  # where a message waits, and who looks in


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(UserFactory(username="operator", superuser=True))
    return client


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project) for _ in range(3)]


def ids_of(issues: list[Issue]) -> list[int]:
    return [issue.pk for issue in issues]


def choose(client: Client, name: str, issues: list[Issue], query: str = "", **fields: str) -> Any:
    """Tick these issues in the list, choose an action, and run it."""
    data = {"action": name, "index": "0", "select_across": "0", "_selected_action": ids_of(issues), **fields}
    return client.post(LIST + query, data)


def carried(page: Any) -> dict[str, str]:
    """Return what the form of a page would post, as it stands."""
    assert page.status_code == 200
    return {name: str(value) for name, value in page.context["carried"].items()}


def preview(client: Client, page: Any, **fields: str) -> Any:
    return client.post(ACT, carried(page) | fields | {"preview": "1"})


def confirm(client: Client, page: Any, **fields: str) -> Any:
    """Press the button that says what would be done."""
    assert page.context["may_confirm"]
    return client.post(ACT, carried(page) | fields | {"confirm": "1"}, follow=True)


def said(answer: Any) -> list[str]:
    """Return what the messages of a page say to people."""
    return [re.sub("<[^>]*>", "", str(message)) for message in answer.context["messages"]]


def numbers(page: Any) -> tuple[int, int, int]:
    return page.context["selected"], page.context["matched"], page.context["changed"]


def state_of_issues() -> list[dict[str, Any]]:
    ignored = {"mutation_id"}
    rows = Issue.objects.order_by("pk").values()
    return [{name: value for name, value in row.items() if name not in ignored} for row in rows]


# each action


CASES: dict[str, tuple[dict[str, str], dict[str, Any], set[str]]] = {
    "resolve": ({}, {"status": "resolved"}, {ActivityKind.SET_RESOLVED}),
    "resolve_in_next_release": ({}, {"status": "resolvedInNextRelease"}, {ActivityKind.SET_RESOLVED_IN_RELEASE}),
    "ignore": (
        {"ignoreDuration": "120", "ignoreCount": "5"},
        {"status": "ignored", "ignoreDuration": 120, "ignoreCount": 5},
        {ActivityKind.SET_IGNORED},
    ),
    "reopen": ({}, {"status": "unresolved"}, {ActivityKind.SET_UNRESOLVED}),
    "assign": ({"assignedTo": "jane"}, {"assignedTo": "jane"}, {ActivityKind.ASSIGNED}),
    "unassign": ({}, {"assignedTo": None}, {ActivityKind.UNASSIGNED}),
    "merge": ({}, {"merge": True}, {ActivityKind.MERGE}),
    "unmerge": ({}, {"merge": False}, {ActivityKind.UNMERGE}),
}


@pytest.fixture
def targets(request: pytest.FixtureRequest, project: Project, jane: User) -> list[Issue]:
    """Three issues that the action changes."""
    ReleaseFactory(projects=[project])
    match request.param:
        case "reopen":
            return [IssueFactory(project=project, resolved=True) for _ in range(3)]
        case "unassign":
            return [IssueFactory(project=project, assignee_user=jane) for _ in range(3)]
        case "unmerge":
            tree = [IssueFactory(project=project) for _ in range(4)]
            scope, wish = IssueScope(project.pk, ids=frozenset(ids_of(tree))), IssueMutation(merge=True)
            outcome = bulk.mutate(scope, wish, by=Caller(user=jane), at=NOW, lock_timeout=5)
            Mutation.objects.all().delete()
            Activity.objects.all().delete()
            return [issue for issue in tree if outcome.merged and issue.pk in outcome.merged.children]
        case _:
            return [IssueFactory(project=project) for _ in range(3)]


def test_every_action_has_a_case() -> None:
    assert set(CASES) == set(VERBS)


@pytest.mark.parametrize(("targets", "name"), [(name, name) for name in CASES], indirect=["targets"], ids=list(CASES))
def test_shows_what_would_change_then_changes_that_by_the_service_and_takes_it_back(
    operator: Client, targets: list[Issue], name: str
) -> None:
    fields, body, kinds = CASES[name]
    before, issues_before = digest(), state_of_issues()

    page = choose(operator, name, targets)
    if fields:
        page = preview(operator, page, **fields)
    assert {table for table, rows in digest().items() if rows != before[table]} <= OPERATORS_OWN
    assert numbers(page)[:2] == (3, 3)
    shown = page.context["changed"]
    answer = confirm(operator, page, **fields)

    mutation = Mutation.objects.get()
    assert (mutation.kind, mutation.body, mutation.ids) == (MutationKind.UPDATE, body, sorted(ids_of(targets)))
    assert (mutation.user, mutation.matched, mutation.changed) == (User.objects.get(username="operator"), 3, shown)
    assert set(Activity.objects.values_list("kind", flat=True)) == kinds
    done = VERBS[name].done
    assert said(answer) == [f"{shown} issues {done}: mutation {mutation.pk} · undo."]
    way = reverse("admin:issues_mutation_undo", args=[mutation.pk])
    assert f'href="{way}"' in answer.content.decode()

    page = operator.get(way)
    assert (page.context["outcome"].changed, page.context["outcome"].skipped) == (shown, 0)
    assert Mutation.objects.count() == 1
    answer = operator.post(way, {"expected": str(page.context["outcome"].matched)}, follow=True)

    undone = Mutation.objects.get(kind=MutationKind.UNDO)
    assert said(answer) == [
        f"Mutation {mutation.pk} was undone: {shown} issues put back, 0 left alone: mutation {undone.pk} · undo."
    ]
    assert undone.undoes == mutation.pk
    assert state_of_issues() == issues_before


def test_lists_the_actions_and_the_boxes(operator: Client, issues: list[Issue]) -> None:
    page = operator.get(LIST).content.decode()

    labels = re.findall(r'<option value="(\w+)"', page)
    assert [label for label in labels if label in VERBS] == list(VERBS)
    assert page.count('name="_selected_action"') == len(issues)


def test_shows_what_is_selected_and_which_becomes_the_parent(operator: Client, issues: list[Issue]) -> None:
    page = choose(operator, "merge", issues)

    words = page.content.decode()
    assert all(issue.short_id in words for issue in issues)
    assert page.context["parent"].pk in ids_of(issues)
    assert (
        f'All would be merged into <a href="{reverse("admin:issues_issue_change", args=[page.context["parent"].pk])}'
        in words
    )


def test_takes_the_filters_of_the_list_along(operator: Client, issues: list[Issue], project: Project) -> None:
    page = choose(operator, "resolve", issues, f"?project={project.pk}&status=unresolved")

    answer = operator.post(page.context["address"], carried(page) | {"confirm": "1"})

    assert answer.headers["Location"] == f"{LIST}?project={project.pk}&status=unresolved"
    assert Mutation.objects.get().statuses == [IssueStatus.UNRESOLVED]


# what is confirmed is what was shown


def test_changes_nothing_when_another_number_matches_by_now(operator: Client, issues: list[Issue]) -> None:
    """The list was of unresolved issues, and somebody resolves one between the page and the button."""
    page = choose(operator, "resolve", issues, "?status=unresolved")
    Issue.objects.filter(pk=issues[0].pk).update(status=IssueStatus.RESOLVED, resolved_at=issues[0].last_seen)

    answer = confirm(operator, page)

    assert said(answer) == [
        "Another number of issues match now than you were shown. Nothing was changed; look at the new numbers."
    ]
    assert numbers(answer) == (3, 2, 2)
    assert not Mutation.objects.exists()
    assert said(confirm(operator, answer))[0].startswith("2 issues resolved")


def test_changes_nothing_when_the_form_says_something_else_by_now(operator: Client, issues: list[Issue]) -> None:
    page = preview(operator, choose(operator, "ignore", issues), ignoreCount="5")

    answer = confirm(operator, page, ignoreCount="50")

    assert said(answer) == ["This is not what you were shown. Look at its numbers, and confirm again."]
    assert not Mutation.objects.exists()
    confirm(operator, answer, ignoreCount="50")
    assert Mutation.objects.get().body["ignoreCount"] == 50


@pytest.mark.parametrize("expected", ["", "0", "-1", "x", "9" * 5000, "\N{SUPERSCRIPT TWO}"])
def test_changes_nothing_without_the_number_that_was_shown(
    operator: Client, issues: list[Issue], expected: str
) -> None:
    page = choose(operator, "resolve", issues)

    answer = operator.post(ACT, carried(page) | {"expected": expected, "confirm": "1"})

    assert answer.status_code == 200
    assert not Mutation.objects.exists()


def test_says_with_which_issues_it_is_not_possible_and_goes_on_without_them(
    operator: Client, issues: list[Issue]
) -> None:
    merged = IssueFactory(project=issues[0].project, merged_into=issues[0])

    page = choose(operator, "resolve", [*issues, merged])

    assert (page.context["missing"], page.context["may_confirm"], page.context["left"]) == (1, False, 3)
    assert f">{merged.pk}</a>" in page.context["missing_links"]
    page = preview(operator, page)
    assert numbers(page) == (3, 3, 3)
    confirm(operator, page)
    assert Mutation.objects.get().ids == sorted(ids_of(issues))


def test_says_when_one_went_between_the_page_and_the_button(operator: Client, issues: list[Issue]) -> None:
    page = choose(operator, "resolve", issues)
    Issue.objects.filter(pk=issues[2].pk).update(merged_into=issues[0])

    answer = confirm(operator, page)

    assert said(answer) == ["Some of these issues are gone or merged by now. Nothing was changed."]
    assert answer.context["missing"] == 1
    assert not Mutation.objects.exists()


def test_says_when_all_of_them_are_gone(operator: Client, issues: list[Issue]) -> None:
    page = operator.post(ACT, {"action": "resolve", "ids": "999999", "confirm": "1"})

    assert (page.status_code, page.context["missing"], page.context["left"]) == (200, 1, 0)
    assert not page.context["may_confirm"]


def test_offers_no_button_when_nothing_would_change(operator: Client, project: Project) -> None:
    page = choose(operator, "resolve", [IssueFactory(project=project, resolved=True)])

    assert numbers(page) == (1, 1, 0)
    assert not page.context["may_confirm"]
    assert "Nothing would change." in page.content.decode()


# several projects


def test_changes_several_projects_together(
    operator: Client, issues: list[Issue], other_project: Project, stranger_project: Project
) -> None:
    more = [IssueFactory(project=other_project), IssueFactory(project=stranger_project, resolved=True)]

    page = choose(operator, "resolve", [*issues, *more])

    rows = [(project.slug, outcome.matched, outcome.changed) for project, outcome in page.context["rows"]]
    assert sorted(rows) == [("prime-mover", 1, 1), ("pump-station", 3, 3), ("relay", 1, 0)]
    answer = confirm(operator, page)
    mutations = list(Mutation.objects.order_by("pk"))
    assert sorted((mutation.project.slug, mutation.changed) for mutation in mutations) == [
        ("prime-mover", 1),
        ("pump-station", 3),
    ]
    links = "; ".join(f"mutation {mutation.pk} · undo" for mutation in mutations)
    assert said(answer) == [f"4 issues resolved: {links}."]


@pytest.mark.parametrize(
    ("name", "fields"),
    [("merge", {}), ("resolve_in_next_release", {}), ("assign", {"assignedTo": "#powerful-abolitionist"})],
)
def test_says_what_goes_with_one_project_only(
    operator: Client, issues: list[Issue], other_project: Project, name: str, fields: dict[str, str]
) -> None:
    page = choose(operator, name, [*issues, IssueFactory(project=other_project)])
    if fields:
        page = preview(operator, page, **fields)

    assert "This goes with issues of one project only." in page.content.decode()
    assert (page.context["outcomes"], page.context["may_confirm"]) == (None, False)


def test_assigns_within_one_organization_only(
    operator: Client, issues: list[Issue], stranger_project: Project, jane: User
) -> None:
    page = choose(operator, "assign", [*issues, IssueFactory(project=stranger_project)])

    page = preview(operator, page, assignedTo="jane")

    assert "These issues are of several organizations" in page.content.decode()
    assert page.context["outcomes"] is None


# forms


def test_suggests_members_and_teams_of_the_organization(
    operator: Client, issues: list[Issue], jane: User, kit: User, team: Team, other_team: Team
) -> None:
    OrganizationMemberFactory(organization=team.organization, user=UserFactory(username="gone", inactive=True))

    page = choose(operator, "assign", issues)

    assert page.context["suggestions"] == ["jane", "#powerful-abolitionist"]
    assert page.context["outcomes"] is None  # nobody is named yet


@pytest.mark.parametrize(
    ("name", "fields", "sentence"),
    [
        ("assign", {"assignedTo": "kit"}, "Unknown actor input"),
        ("assign", {"assignedTo": ""}, "This field is required."),
        ("ignore", {"ignoreCount": "-1"}, "Ensure this value is greater than or equal to 0."),
        ("ignore", {"ignoreCount": "9" * 5000}, "Enter a whole number."),
        ("ignore", {"ignoreUserCount": "9" * 30}, "Ensure this value is less than or equal to 2147483647."),
        ("ignore", {"ignoreDuration": "7"}, "Select a valid choice. 7 is not one of the available choices."),
    ],
)
def test_says_at_the_field_what_is_wrong(
    operator: Client, issues: list[Issue], kit: User, name: str, fields: dict[str, str], sentence: str
) -> None:
    page = preview(operator, choose(operator, name, issues), **fields)

    assert list(page.context["form"].errors.values()) == [[sentence]]
    assert sentence in page.content.decode()
    assert (page.context["outcomes"], page.context["may_confirm"]) == (None, False)


@pytest.mark.parametrize(
    "change",
    [
        {"ids": ""},
        {"ids": "x"},
        {"ids": "1,,2"},
        {"ids": "9" * 30},
        {"ids": "\0"},
        {"action": "delete"},
        {"ids": ",".join(map(str, range(1, actions.AT_MOST + 2)))},
    ],
    ids=lambda change: str(change)[:25],
)
def test_refuses_what_no_page_posts(operator: Client, issues: list[Issue], change: dict[str, str]) -> None:
    page = choose(operator, "resolve", issues)

    answer = operator.post(ACT, carried(page) | {"confirm": "1"} | change)

    assert answer.status_code == 400
    assert not Mutation.objects.exists()


@pytest.mark.parametrize("word", ["x", "-1", "9" * 30, "\0"])
def test_refuses_to_select_what_is_no_id(operator: Client, issues: list[Issue], word: str) -> None:
    answer = operator.post(LIST, {"action": "resolve", "index": "0", "_selected_action": [word]})

    assert answer.status_code == 400


def test_answers_no_get_where_it_acts(operator: Client) -> None:
    assert operator.get(ACT).status_code == 405


# all of the list


def test_takes_everything_listed(operator: Client, issues: list[Issue], project: Project) -> None:
    resolved = IssueFactory(project=project, resolved=True)

    page = choose(operator, "ignore", issues[:1], "?status=unresolved", select_across="1")

    assert numbers(page) == (3, 3, 3)
    assert str(resolved.pk) not in carried(page)["ids"].split(",")


def test_says_when_everything_is_too_much(
    operator: Client, issues: list[Issue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "AT_MOST", 2)

    answer = operator.post(
        LIST,
        {"action": "resolve", "index": "0", "select_across": "1", "_selected_action": ids_of(issues[:1])},
        follow=True,
    )

    assert said(answer)[0].startswith("These are more than 2 issues")
    assert not Mutation.objects.exists()


# what can't be done now


LOCKED = "These issues are being changed by another request. Nothing was changed. Try again."


def locked(*args: Any, **kwargs: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'no lock' USING ERRCODE = '55P03'; END $$")


def moving(*args: Any, **kwargs: Any) -> Any:
    raise TryAgain("These issues are being merged or unmerged just now.")


def away(*args: Any, **kwargs: Any) -> Any:
    raise OperationalError


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (locked, LOCKED),
        (moving, "These issues are being merged or unmerged just now. Nothing was changed."),
        (away, "The database can't do it just now. Look whether it was done, and try again."),
    ],
)
def test_says_why_it_can_not_be_done_now(
    operator: Client, issues: list[Issue], monkeypatch: pytest.MonkeyPatch, fault: Any, sentence: str
) -> None:
    page = choose(operator, "resolve", issues)
    monkeypatch.setattr(bulk, "_mutate_named", fault)

    answer = confirm(operator, page)

    assert answer.status_code == 200
    assert set(said(answer)) == {sentence}
    assert (answer.context["may_confirm"], "Try again" in answer.content.decode()) == (False, True)


def test_says_why_an_undo_can_not_be_done_now(
    operator: Client, issues: list[Issue], monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm(operator, choose(operator, "resolve", issues))
    monkeypatch.setattr(undo, "_undo", locked)

    answer = operator.get(reverse("admin:issues_mutation_undo", args=[Mutation.objects.get().pk]))

    assert (answer.status_code, said(answer)) == (200, [LOCKED])


# undo


def test_shows_what_an_undo_would_leave_alone(operator: Client, issues: list[Issue]) -> None:
    confirm(operator, choose(operator, "resolve", issues))
    first = Mutation.objects.get()
    confirm(operator, choose(operator, "ignore", issues[:1]))

    page = operator.get(reverse("admin:issues_mutation_undo", args=[first.pk]))

    outcome = page.context["outcome"]
    assert (outcome.matched, outcome.changed, outcome.skipped_ids) == (3, 2, (issues[0].pk,))
    assert f">{issues[0].pk}</a>" in page.context["skipped_links"]


def test_shows_and_puts_back_marks_to_whose_they_are_alone(
    operator: Client, project: Project, issues: list[Issue], jane: User
) -> None:
    """Superusers, too, see nothing of them; jane does when it is she who looks."""
    body = {"hasSeen": True, "isBookmarked": True, "isSubscribed": True}
    scope = IssueScope(project.pk, ids=frozenset(ids_of(issues)))
    marks = IssueMutation(has_seen=True, is_bookmarked=True, is_subscribed=True, body=body)
    bulk.mutate(scope, marks, by=Caller(user=jane), at=NOW, lock_timeout=5)
    jane.is_staff = jane.is_superuser = True
    jane.save()
    herself = Client()
    herself.force_login(jane)
    mutation = Mutation.objects.get()
    change, way = (reverse(f"admin:issues_mutation_{name}", args=[mutation.pk]) for name in ("change", "undo"))
    pages = (reverse("admin:index"), reverse("admin:issues_mutation_changelist"), change, way)

    def told(client: Client) -> list[bool]:
        return [
            any(word in client.get(page).content.decode() for word in (*body, "Marks that changed")) for page in pages
        ]

    assert told(operator) == [False] * 4
    assert told(herself) == [True] * 4
    assert operator.get(way).context["outcome"].skipped == 3
    operator.post(way, {"expected": "3"})
    assert (Mutation.objects.count(), issues[0].bookmarks.count()) == (1, 1)
    herself.post(way, {"expected": "3"})

    assert (Mutation.objects.count(), issues[0].bookmarks.count()) == (2, 0)


def test_shows_the_scope_of_what_an_undo_took_back(operator: Client, issues: list[Issue]) -> None:
    confirm(operator, choose(operator, "resolve", issues))
    operator.post(reverse("admin:issues_mutation_undo", args=[Mutation.objects.get().pk]), {"expected": "3"})
    undone = Mutation.objects.get(kind=MutationKind.UNDO)

    page = operator.get(reverse("admin:issues_mutation_change", args=[undone.pk])).content.decode()

    assert undone.ids == []
    assert all(reverse("admin:issues_issue_change", args=[issue.pk]) in page for issue in issues)


def test_undoes_nothing_when_it_is_about_another_number_by_now(operator: Client, issues: list[Issue]) -> None:
    confirm(operator, choose(operator, "resolve", issues))
    way = reverse("admin:issues_mutation_undo", args=[Mutation.objects.get().pk])

    answer = operator.post(way, {"expected": "2"})

    assert said(answer)[0].startswith("Another number of issues match now")
    assert answer.context["outcome"].changed == 3
    assert Mutation.objects.count() == 1


def test_links_a_mutation_with_its_undo(operator: Client, issues: list[Issue]) -> None:
    confirm(operator, choose(operator, "resolve", issues))
    first = Mutation.objects.get()
    operator.post(reverse("admin:issues_mutation_undo", args=[first.pk]), {"expected": "3"})
    second = Mutation.objects.exclude(pk=first.pk).get()

    def page_of(mutation: Mutation) -> str:
        return operator.get(reverse("admin:issues_mutation_change", args=[mutation.pk])).content.decode()

    assert reverse("admin:issues_mutation_change", args=[second.pk]) in page_of(first)
    assert reverse("admin:issues_mutation_change", args=[first.pk]) in page_of(second)
    assert all(reverse("admin:issues_mutation_undo", args=[one.pk]) in page_of(one) for one in (first, second))
    Mutation.objects.filter(pk=first.pk).delete()
    assert f"{first.pk}, which isn&#x27;t kept any more" in page_of(second)


def test_has_no_way_back_from_a_deletion(operator: Client, project: Project) -> None:
    deletion = MutationFactory(project=project, kind=MutationKind.DELETE)
    way, page = (reverse(f"admin:issues_mutation_{name}", args=[deletion.pk]) for name in ("undo", "change"))

    answer = operator.post(way, {"expected": "1"}, follow=True)

    assert way not in operator.get(page).content.decode()
    assert answer.redirect_chain == [(page, 302)]
    assert said(answer) == ["A deletion can't be undone."]


@pytest.mark.parametrize("word", ["1", "x", "9" * 30, "0", "%00"])
def test_leads_to_the_list_from_what_is_not_kept(operator: Client, word: str) -> None:
    answer = operator.get(f"/admin/issues/mutation/{word}/undo/", follow=True)

    assert answer.redirect_chain == [(reverse("admin:issues_mutation_changelist"), 302)]
    assert said(answer) == ["There is no such mutation, or none any more."]


# who may


@pytest.mark.parametrize("codenames", [["view_issue", "view_mutation"], ["change_mutation"]])
def test_lets_nobody_act_who_may_not_change_issues(client: Client, issues: list[Issue], codenames: list[str]) -> None:
    clerk = UserFactory(username="clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(clerk)
    mutation = MutationFactory(project=issues[0].project)
    before = digest()

    listed = client.get(LIST)
    chosen = choose(client, "resolve", issues)
    acted = client.post(ACT, {"action": "resolve", "ids": str(issues[0].pk), "confirm": "1", "expected": "1"})
    way = reverse("admin:issues_mutation_undo", args=[mutation.pk])
    undone = [client.get(way), client.post(way, {"expected": "1"})]

    if "view_issue" in codenames:
        assert (listed.status_code, chosen.status_code) == (200, 200)
        assert 'name="_selected_action"' not in listed.content.decode() + chosen.content.decode()
        assert way not in client.get(reverse("admin:issues_mutation_change", args=[mutation.pk])).content.decode()
    assert [answer.status_code for answer in (acted, *undone)] == [403, 403, 403]
    assert digest() == before


def test_lets_act_who_may_change_issues(client: Client, issues: list[Issue]) -> None:
    clerk = UserFactory(username="clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="change_issue"))
    client.force_login(clerk)

    confirm(client, choose(client, "resolve", issues))

    mutation = Mutation.objects.get()
    assert mutation.user == clerk
    way = reverse("admin:issues_mutation_undo", args=[mutation.pk])
    assert client.get(way).status_code == 403  # who undoes looks at mutations
    clerk.user_permissions.add(Permission.objects.get(codename="view_mutation"))
    assert client.get(way).context["outcome"].changed == 3


def test_still_changes_nothing_by_a_form(operator: Client, issues: list[Issue]) -> None:
    model_admin = admin.site.get_model_admin(Issue)
    page = reverse("admin:issues_issue_change", args=[issues[0].pk])

    assert operator.post(page, {"status": "resolved"}).status_code == 403
    assert "delete_selected" not in model_admin.get_actions(operator.get(LIST).wsgi_request)


# what it costs


def statements(client: Client, name: str, issues: list[Issue]) -> tuple[int, int]:
    """Return how many statements the page takes, and how many the change."""
    with CaptureQueriesContext(
        connection,
    ) as shown:
        page = choose(client, name, issues)
    data = carried(page) | {"confirm": "1"}
    with CaptureQueriesContext(connection) as done:
        assert client.post(ACT, data).status_code == 302
    return len(shown), len(done)


@pytest.mark.parametrize("name", ["resolve", "ignore", "merge"])
def test_asks_as_often_for_a_hundred_as_for_a_few(operator: Client, project: Project, name: str) -> None:
    few = [IssueFactory(project=project) for _ in range(2)]
    many = [IssueFactory(project=project) for _ in range(100)]
    statements(operator, name, [IssueFactory(project=project) for _ in range(2)])  # what is read once per process

    assert statements(operator, name, many) == statements(operator, name, few)


def test_undoes_a_hundred_with_as_many_statements_as_a_few(operator: Client, project: Project) -> None:
    counts = []
    for count in (2, 100):
        confirm(operator, choose(operator, "resolve", [IssueFactory(project=project) for _ in range(count)]))
        way = reverse("admin:issues_mutation_undo", args=[Mutation.objects.latest("pk").pk])
        with CaptureQueriesContext(connection) as captured:
            operator.get(way)
            operator.post(way, {"expected": str(count)})
        counts.append(len(captured))

    assert counts[0] == counts[1]
