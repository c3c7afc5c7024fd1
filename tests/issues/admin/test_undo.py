"""Taking back in the admin what was done in it."""

import pytest
from django.test import Client
from django.urls import reverse

from issues.enums import MutationKind
from issues.models import Issue, Mutation
from issues.mutation import IssueMutation, NamedIssues
from issues.services import bulk
from projects.acting import Act
from projects.callers import Caller
from projects.models import Project, User
from tests.factories import NOW, IssueFactory, MutationFactory
from tests.issues.admin.acting import choose, confirm, ids_of, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project) for _ in range(3)]


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
    scope = NamedIssues(project.pk, ids=frozenset(ids_of(issues)))
    marks = IssueMutation(has_seen=True, is_bookmarked=True, is_subscribed=True, body=body)
    bulk.mutate(scope, marks, Act(by=Caller(user=jane), at=NOW, lock_timeout=5))
    jane.is_staff = jane.is_superuser = True
    jane.save()
    herself = Client()
    herself.force_login(jane)
    mutation = Mutation.objects.get()
    change, way = (reverse(f"admin:issues_mutation_{name}", args=[mutation.pk]) for name in ("change", "undo"))
    pages = (reverse("admin:start"), reverse("admin:issues_mutation_changelist"), change, way)

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
