"""What was merged into an issue is found by its index, also where PostgreSQL knows that it is much."""

from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from issues.models import Issue
from issues.reading.story import RELATIVES, read_children
from tests.issues.filled import Cast, filled
from tests.plans import explained


@pytest.fixture(scope="module")
def cast(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    """In a database of its own: what PostgreSQL has counted here would plan other tests' statements."""
    with django_db_blocker.unblock(), filled() as cast:
        yield cast


@pytest.mark.django_db
def test_of_an_issue_with_many_children_no_project_is_read(cast: Cast) -> None:
    """In the order of their ids it would be: until enough of them were met, which all stand at its end."""
    issues = Issue.objects.filter(project=cast.project)
    issues.update(merged_into=None)
    parent, *children = issues.order_by("-pk").values_list("pk", flat=True)[: issues.count() // 3]
    issues.filter(pk__in=children).update(merged_into=parent)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE issues_issue")
    root = issues.get(pk=parent)

    with explained() as plans:
        found = read_children(root)

    assert ([child.pk for child in found.rows], found.has_more) == (sorted(children)[:RELATIVES], True)
    assert "issues_issue_children" in plans.text, plans.text
