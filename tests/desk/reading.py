"""What is read of the desk's pages."""

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from projects.models import User

LIST = reverse("desk:list")


def browser_of(user: User) -> Client:
    """Return the browser of somebody who is staff and logged in; without a password, whose hash would cost more."""
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def listed(client: Client, **query: Any) -> list[int]:
    """Return the ids of a page of the list."""
    return [row.id for row in client.get(LIST, query).context["rows"]]


def words_of(markup: str) -> str:
    """Return what people read."""
    return " ".join(re.sub("<[^>]*>", " ", markup).split())
