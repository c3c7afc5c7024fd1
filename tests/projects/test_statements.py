"""Statements that the ORM says once: the same rows as its own, whatever the holes are filled with."""

import pytest

from projects.database.statements import hole, kept
from projects.models import User
from tests.factories import UserFactory


@pytest.mark.django_db
def test_answers_what_the_query_would() -> None:
    jane, sam, _ = (
        UserFactory(username="jane"),
        UserFactory(username="sam"),
        UserFactory(username="kit", is_active=False),
    )
    users = User.objects.filter(username=hole("name"), is_active=True).values_list("pk")
    statement = kept(*users.query.sql_with_params())

    assert [statement.rows(name=name) for name in ("jane", "sam", "kit")] == [[(jane.pk,)], [(sam.pk,)], []]


@pytest.mark.django_db
def test_keeps_a_percent_sign() -> None:
    statement = kept("SELECT 7 %% 4, %s, %(later)s, '%%s'", ["%s"])

    assert statement.rows(later="%(later)s") == [(3, "%s", "%(later)s", "%s")]
    assert statement.within("SELECT count(*) FROM ({}) AS inside").rows(later=1) == [(1,)]
