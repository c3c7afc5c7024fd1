"""The page of an action: what is selected, what would change, and the button that does it."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods
from rest_framework.exceptions import ValidationError

from desk.acting.actions import ACTIONS, DELETE, NOTE, Action
from desk.acting.attempting import act_of, attempt, refused_by_role, say_done
from desk.acting.forms import AssignForm, ReleaseForm, WishForm
from desk.acting.naming import changed_in_words, named_or_counted
from desk.acting.selection import AT_MOST, Selection, read_selection
from desk.acting.trying import DELETED, Subject, Trial, look_at, try_change, try_deletion
from desk.pages import page
from desk.people import Visitor, visitor_of
from desk.ways import NOTED, way_back
from desk.wording import counted
from issues.enums import IssueStatus
from issues.mutation import IssueMutation, MutationOutcome
from issues.reading.selected import MERGED, short_ids_of, suggest_assignees, suggest_releases
from issues.services import bulk, deletion, notes
from issues.views.wishes import read_wish
from projects.acting import Act
from projects.querysets import is_id

SUGGESTED = 100  # members, teams; releases
NAMED = 20  # issues with which it can't be done
ONE_ORGANIZATION_ONLY = "These issues are of several organizations, which have no members and teams in common."


@require_http_methods(["GET", "POST"])
def act_page(request: HttpRequest) -> HttpResponse:
    """Answer the page of an action for what was selected; or do what it showed, and lead back.

    :raises BadRequest: no page of the desk posts that.
    """
    back = way_back(request.POST.get("back", ""))
    if request.method != "POST":  # what was selected stands in no address: there is nothing to show
        return HttpResponseRedirect(back)
    action = ACTIONS.get(request.POST.get("action", ""))
    if action is None:
        raise BadRequest("There is no such action.")
    visitor = visitor_of(request)
    selection = read_selection(request.POST, visitor)
    if selection is None:
        messages.warning(request, "Select some issues first.")
        return HttpResponseRedirect(back)
    is_filled_in = not action.asks_first or any(name in request.POST for name in ("look", "confirm"))
    form = action.form(request.POST if is_filled_in else None)
    asking = Asking(request, visitor, action, selection, form, back)
    is_one = selection.ids is not None and selection.count == 1
    if "confirm" in request.POST:
        return asking.confirmed() or asking.answer()
    if "now" in request.POST and action.at_once and is_one:
        return asking.done_at_once() or asking.answer()
    return asking.answer()


GUARDS = ("expected", "more_than")  # of an Act: what a page says it has shown
GONE = "Some of these issues are gone or merged by now. Nothing was changed."
ORDER = (*IssueStatus.values, MERGED, DELETED)


def in_order(counts: Counter[str]) -> list[tuple[str, int]]:
    """Return what there is of each status, and of what has none, always in the same order."""
    return [(status, counts[status]) for status in ORDER if counts[status]]


class Asking:
    """One action for one selection: what it would do, and doing it."""

    def __init__(
        self,
        request: HttpRequest,
        visitor: Visitor,
        action: Action,
        selection: Selection,
        form: WishForm,
        back: str,
    ) -> None:
        self.request, self.visitor, self.action, self.form, self.back = request, visitor, action, form, back
        self.act = act_of(visitor)
        self.selection = selection
        self.subject = attempt(request, lambda: look_at(selection, self.act))

    # -----------------------------------------------------------------------------------------------------------------
    # Looking
    # -----------------------------------------------------------------------------------------------------------------

    def answer(self) -> HttpResponse:
        """Answer the page, with what would change if the form says enough."""
        subject, refusal = self.subject, self.refused_before()
        if self.action.name == NOTE and subject is not None:
            self.form.fields["text"].widget.attrs["data-draft"] = self.draft(subject)
        trial = None if subject is None or refusal else self.tried(subject)
        missing = [*self.selection.gone, *(trial.missing if trial else ())]
        may_confirm = trial is not None and not missing and bool(trial.changed or trial.is_sample)
        is_danger = self.action.name == DELETE
        # Who has said all is at the button; what can't be undone is not done by a key that was pressed too long.
        is_next = may_confirm and not is_danger and (not self.form.fields or "look" in self.request.POST)
        if is_next:
            self.form.focus(None)
        elif wrong := [name for name in self.form.fields if name in self.form.errors]:
            self.form.focus(wrong[0])
        return page(
            self.request,
            self.visitor,
            "desk/act/page.html",
            {
                "action": self.action,
                "form": self.form,
                "selection": self.selection,
                "matched": 0 if subject is None else subject.matched,
                "is_more": subject is not None and subject.is_more,
                "projects": [] if subject is None else subject.projects,
                "refusal": refusal,
                "trial": trial,
                "before": [] if trial is None else in_order(trial.before),
                "after": [] if trial is None else in_order(trial.after),
                "more": 0 if trial is None or trial.is_more else trial.matched - len(trial.rows),
                "missing": missing,
                "missing_names": self.called(missing[:NAMED]),
                "rest": self.selection.count - len(missing),
                "is_danger": is_danger,
                "is_next": is_next,
                "may_confirm": may_confirm,
                "carried": self.carried(subject, trial, missing),
                "suggestions": self.suggestions(subject),
                "back": self.back,
                "here": self.back,  # this page comes by a POST alone: what leads back to it leads there
                "several_projects": subject is not None and len(subject.projects) > 1,
                "several_organizations": self.visitor.sees_several_organizations,
            },
        )

    def refused_before(self) -> str:
        """Return why this can't be done with what is selected, before anything is tried; empty if it can."""
        if self.subject is None:
            return ""
        if refused := refused_by_role(self.request, self.action.needs, self.subject.projects):
            return refused
        if not self.subject.matched and not self.selection.gone:
            return "No issue matches."
        if self.subject.ids is None and not self.action.takes_all:
            return (
                f"More than {counted(AT_MOST)} match. “{self.action.label}” names each issue, and takes so many at "
                "most: narrow the search, or select some. Resolve, reopen and ignore take all."
            )
        return ""

    def tried(self, subject: Subject) -> Trial | None:
        """Return what would happen; None while the form, or the service, refuses it: both say why."""
        if self.action.name == DELETE:
            return attempt(self.request, lambda: try_deletion(subject, self.act))
        if self.action.name == NOTE:
            return Trial(subject.matched, subject.matched, []) if self.form.is_valid() else None
        mutation = self.wish(subject)
        return None if mutation is None else attempt(self.request, lambda: try_change(subject, mutation, self.act))

    def wish(self, subject: Subject) -> IssueMutation | None:
        """Return what is asked, as the API would read it; None when that can't be: the form then says why."""
        if not self.form.is_valid() or not subject.projects:
            return None
        organizations = {project.organization_id for project in subject.projects}
        if self.action.form is AssignForm and len(organizations) > 1:
            self.form.add_error(None, ONE_ORGANIZATION_ONLY)
            return None
        body, organization_id = {**self.action.body, **self.form.said()}, min(organizations)
        try:
            return read_wish(
                body, organization_id=organization_id, projects=subject.projects, by=self.act.by, at=self.act.at
            )
        except ValidationError as error:
            self.form.refuse(error.detail if isinstance(error.detail, Mapping) else {"": error.detail})
        return None

    def carried(self, subject: Subject | None, trial: Trial | None, missing: list[int]) -> list[tuple[str, str]]:
        """Return what the form of the page posts besides its fields."""
        fields = [("action", self.action.name), ("back", self.back)]
        view, ids = self.selection.view, self.selection.ids if subject is None else subject.ids
        if view is not None and (self.action.takes_all or ids is None):
            fields += [("all", "1"), ("query", view.words), *(("project", str(pk)) for pk in sorted(view.chosen))]
        else:
            named = {pk for of_project in (ids or {}).values() for pk in of_project}
            fields += [("ids", ",".join(map(str, sorted(named.difference(missing)))))]
        if trial is not None:
            fields += [("more_than" if trial.is_more else "expected", str(trial.matched)), ("shown", self.shown())]
        return fields

    def draft(self, subject: Subject) -> str:
        """Return the name under which desk.js keeps a note on these issues while it is written."""
        ids = sorted(pk for of_project in (subject.ids or {}).values() for pk in of_project)
        return f"{self.visitor.user.pk}.{sha256(repr(ids).encode()).hexdigest()[:16]}"

    def called(self, ids: list[int]) -> list[str]:
        """Return what people call these issues; of one that is deleted, or not for them to see, the number is left."""
        names = short_ids_of(self.selection.among, ids)
        return [names.get(pk, str(pk)) for pk in ids]

    def shown(self) -> str:
        """Return what was asked, as a text that is the same when the same is asked again."""
        said = self.form.said() if self.form.is_valid() else {}
        return json.dumps({"action": self.action.name, **said}, sort_keys=True, default=str)

    def suggestions(self, subject: Subject | None) -> list[str]:
        """Return words for the field that takes some."""
        projects = [] if subject is None else subject.projects
        if self.action.form is ReleaseForm and projects:
            return suggest_releases([project.pk for project in projects], SUGGESTED, at=self.act.at)
        organizations = {project.organization_id for project in projects}
        if self.action.form is not AssignForm or len(organizations) != 1:
            return []
        return ["me", *suggest_assignees(min(organizations), projects, SUGGESTED)]

    # -----------------------------------------------------------------------------------------------------------------
    # Doing
    # -----------------------------------------------------------------------------------------------------------------

    def confirmed(self) -> HttpResponse | None:
        """Do what was shown, and lead back; None when it wasn't done: a message then says why."""
        guard = {name: int(word) for name in GUARDS if is_id(word := self.request.POST.get(name, ""))}
        if self.subject is None or self.refused_before() or not self.form.is_valid():
            return None
        if self.request.POST.get("shown") != self.shown() or len(guard) != 1:
            messages.warning(self.request, "This is not what you were shown. Look at its numbers, and confirm again.")
            return None
        return self.done(self.subject, guard)

    def done_at_once(self) -> HttpResponse | None:
        """Do what needs no words to one issue, and lead back; None when it wasn't done: a message then says why."""
        if self.subject is None or self.selection.gone or self.refused_before():
            return None
        return self.done(self.subject, {"expected": 1})

    def done(self, subject: Subject, guard: Mapping[str, int]) -> HttpResponse | None:
        """Do it, if as many match as ``guard`` says in the words of an Act, and lead back; None when it wasn't done."""
        act = replace(self.act, expected=guard.get("expected"), more_than=guard.get("more_than"))
        if self.action.name == NOTE:
            return self.noted(subject, act)
        outcomes = self.change(subject, act)
        if outcomes is None:
            return None
        if any(outcome.out_of_scope for outcome in outcomes) or self.selection.gone:
            messages.error(self.request, GONE)
            return None
        changed = sum(outcome.changed for outcome in outcomes)
        if not changed:
            messages.info(self.request, "They were so already: nothing was changed.")
        elif self.action.name == DELETE:
            # One goes with what was merged into it; what is gone has no page to lead to.
            called = subject.single[1] if changed == 1 and subject.single is not None else counted(changed)
            messages.success(self.request, f"{called} deleted, for good.")
        else:
            mutation_ids = [outcome.mutation_id for outcome in outcomes]
            if subject.single is None:  # of several that were selected, perhaps one was changed
                said = changed_in_words(
                    changed, [project.pk for project in subject.projects], mutation_ids, self.act.by, self.back
                )
            else:
                said = named_or_counted(changed, subject.single, self.back)
            say_done(self.request, format_html("{} {}.", said, self.action.done), mutation_ids)
        return HttpResponseRedirect(self.back)

    def change(self, subject: Subject, act: Act) -> Any:
        """Return what the service did; None if it refused, and a message or the form says why."""
        if self.selection.gone:
            return [MutationOutcome(out_of_scope=tuple(self.selection.gone))]
        if self.action.name == DELETE:
            return attempt(self.request, lambda: deletion.delete_each(subject.named, act))
        mutation = self.wish(subject)
        if mutation is None:
            return None
        scopes = subject.scopes if mutation.changes_status_only else subject.named
        return attempt(self.request, lambda: bulk.mutate_each(scopes, mutation, act))

    def noted(self, subject: Subject, act: Act) -> HttpResponse | None:
        """Write the note on each of the issues, or on none: a message then says why."""
        text = self.form.cleaned_data["text"]
        written = attempt(self.request, lambda: notes.add_each(subject.named, text, act))
        if written is None:
            return None
        if not written:
            messages.error(self.request, GONE)
            return None
        said = named_or_counted(written, subject.single, self.back)
        said = format_html("{} {}.", said, self.action.done)
        messages.success(self.request, said, extra_tags=f"{NOTED}{self.draft(subject)}")
        return HttpResponseRedirect(self.back)
