"""The addresses of the desk, under /admin/desk/. Each is for staff who are logged in."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpResponseBase
from django.urls import URLPattern, path

from desk.acting.undoing import undo_page
from desk.acting.view import act_page
from desk.appearance import choose_theme
from desk.history.view import history_page, mutation_page, undo_mutation_page
from desk.issue.events import events_page
from desk.issue.notes import change_note, write_note
from desk.issue.view import issue_page
from desk.language import language_page
from desk.list.view import list_page
from desk.searches import searches_page

app_name = "desk"


def on_desk(view: Callable[..., HttpResponseBase]) -> Any:
    """Return the view as a page of the desk: others are led to the log-in, and nothing of it is cached."""
    return admin.site.admin_view(view)


urlpatterns: list[URLPattern] = [
    path("", on_desk(list_page), name="list"),
    path("act/", on_desk(act_page), name="act"),
    path("undo/", on_desk(undo_page), name="undo"),
    path("searches/", on_desk(searches_page), name="searches"),
    path("search/", on_desk(language_page), name="language"),
    path("theme/", on_desk(choose_theme), name="theme"),
    path("history/", on_desk(history_page), name="history"),
    path("history/<int:mutation>/", on_desk(mutation_page), name="mutation"),
    path("history/<int:mutation>/undo/", on_desk(undo_mutation_page), name="undo_mutation"),
    path("issues/<str:issue>/", on_desk(issue_page), name="issue"),
    path("issues/<str:issue>/events/", on_desk(events_page), name="events"),
    path("issues/<str:issue>/events/<str:event>/", on_desk(issue_page), name="event"),
    path("issues/<int:issue>/notes/", on_desk(write_note), name="notes"),
    path("issues/<int:issue>/notes/<int:note>/", on_desk(change_note), name="note"),
]
