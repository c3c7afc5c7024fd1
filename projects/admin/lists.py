"""What every settings page is made of: lists and inlines of any length, in which nobody finds what isn't theirs."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import django.contrib.auth.admin  # noqa: F401 - registers Group, so that it can be taken out below
from django.contrib import admin, messages
from django.contrib.admin.views import main
from django.contrib.auth.models import Group
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.db.models import DateTimeField, Model, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.safestring import SafeString
from psycopg2.errors import ForeignKeyViolation, UniqueViolation

from projects.callers import Caller
from projects.querysets import is_id
from projects.roles import May
from projects.serializers import iso
from projects.visitors import caller_of, standing_in

if TYPE_CHECKING:  # Django's classes take a type only for mypy; unfold's, which ship none, are made of them
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    ChangeList = main.ChangeList
    InlineFormSet = BaseInlineFormSet[Any, Any, Any]
    AnyPaginator = Paginator[Any]
    Mixin = ModelAdmin
else:
    from unfold.admin import ModelAdmin, TabularInline
    from unfold.views import ChangeList

    InlineFormSet, AnyPaginator, Mixin = BaseInlineFormSet, Paginator, object

COUNTED_AT_MOST = 10_000
INLINE_ROWS = 100
AS_WRITTEN = "%Y-%m-%d %H:%M"  # as issuetracker/formats has it
NOT_THERE = "There is none of that name where you may do this."

admin.site.unregister(Group)  # nothing here uses groups


def link(to: Model | type[Model], text: object, **query: object) -> SafeString:
    """Return a link to the page of a row, or to the list of a model, narrowed by the query."""
    name = f"admin:{to._meta.app_label}_{to._meta.model_name}"
    if isinstance(to, Model):
        return format_html('<a href="{}">{}</a>', reverse(f"{name}_change", args=[to.pk]), text)
    return format_html('<a href="{}">{}</a>', reverse(f"{name}_changelist", query=query), text)


# ---------------------------------------------------------------------------------------------------------------------
# Who looks
# ---------------------------------------------------------------------------------------------------------------------


class Scoped(Mixin):
    """Finds for who looks what is theirs to see, and lets them do what their role allows in its organization.

    What is found nowhere is neither listed, counted, searched, completed nor opened: Django and unfold ask
    ``get_queryset`` for all of these. A table of which no class says who sees it is for superusers alone.

    :cvar looks: what must be allowed, in any organization, to look at the table at all; None: superusers only.
    :cvar adds: what must be allowed to make a row, in the organization that its form names.
    :cvar changes: what must be allowed to change a row, in its organization.
    :cvar deletes: likewise.
    :cvar of_organization: the way from a row to the id of its organization.
    """

    looks: ClassVar[May | None] = None
    adds: ClassVar[May | None] = None
    changes: ClassVar[May | None] = None
    deletes: ClassVar[May | None] = None
    of_organization: ClassVar[str] = "organization_id"

    def seen_by(self, rows: QuerySet[Any], caller: Caller, request: HttpRequest) -> QuerySet[Any]:
        """Keep what the caller sees, who is no superuser."""
        return rows.none()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what there is for who looks."""
        rows: QuerySet[Any] = super().get_queryset(request)
        caller = caller_of(request)
        return rows if caller.sees_everything else self.seen_by(rows, caller, request)

    def allows(self, request: HttpRequest, what: May | None, row: Any = None) -> bool:
        """Return whether who looks may do this with the row; without one, whether with any."""
        standing = standing_in(request)
        if standing.everywhere or what is None:
            return standing.everywhere
        return standing.may(what, None if row is None else self.organization_of(row))

    def organization_of(self, row: Any) -> int:
        for name in self.of_organization.split("."):
            row = getattr(row, name)
        return int(row)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the table is looked at; which rows of it are there, ``get_queryset`` says."""
        return self.allows(request, self.looks)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, self.adds)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, self.changes, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, self.deletes, obj)


def written(moment: datetime | None) -> SafeString | str:
    """Return a time as pages write it: UTC, which admin.js rewrites in the zone of the browser."""
    if moment is None:
        return "-"
    return format_html('<time datetime="{}">{}</time>', iso(moment), localize(moment.astimezone(UTC)))


def rewritten(text: str) -> SafeString | str:
    """Return what Django wrote of a column that holds a time, as :func:`written` does."""
    try:
        return written(datetime.strptime(text, AS_WRITTEN).replace(tzinfo=UTC))
    except ValueError:  # there is none
        return text


@cache
def time_of(name: str) -> Callable[[Any], SafeString | str]:
    """Return the column of a list that shows this time of a row."""

    @admin.display(description=name.replace("_", " "))
    def shown(row: Any) -> SafeString | str:
        return written(getattr(row, name))

    shown.__name__ = name  # by which the style sheet knows it
    return shown


# ---------------------------------------------------------------------------------------------------------------------
# Lists and inlines of any length
# ---------------------------------------------------------------------------------------------------------------------


class AtLeast(int):
    """A number at which counting was stopped; written ``10000+``."""

    def __str__(self) -> str:
        return f"{int(self)}+"


class CappedPaginator(AnyPaginator):
    """Counts no further than a page of links needs.

    COUNT(*) reads the whole table, and so does the OFFSET of a last page a million rows away. The links end at the cap
    instead; the number beside them says that there is more, and filters and search lead there.
    """

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment] # the admin passes querysets
        counted = rows.order_by().values("pk")[: COUNTED_AT_MOST + 1].count()
        return counted if counted <= COUNTED_AT_MOST else AtLeast(COUNTED_AT_MOST)


class LargeTableList(ChangeList):
    """Offers the whole list only where it isn't shown already; unfold tells by the count that is never made."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Return the list's own order, whatever the address asks: ``sortable_by`` only takes the links away.

        By a column without an index, one request would sort a million rows, and hold a thread for as long.
        """
        self.params.pop(main.ORDER_VAR, None)
        ordering: list[Any] = super().get_ordering(request, queryset)
        return ordering

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not (self.query or self.has_active_filters):
            self.full_result_count = self.result_count


def _asked_by(filter_item: Any) -> set[str]:
    """Return the parameters of a filter: of its class, or those that Django's own filters of a column have."""
    if isinstance(filter_item, str):
        return {f"{filter_item}__exact", f"{filter_item}__isnull"}
    return {filter_item.parameter_name}


class LargeTableAdmin(Scoped, ModelAdmin):
    """Opens as fast with a million rows as with ten: it counts, sorts and joins only what the page shows."""

    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # a count of the table for each choice of each filter
    sortable_by = ()  # most columns have no index
    list_filter_sheet = False  # on a wide screen the filters stand beside the list
    list_fullwidth = True
    list_per_page = 50
    leads_to_its_page: ClassVar[bool] = False
    why_empty: ClassVar[str] = ""  # what the list says when there is nothing in it
    linked_lookups: ClassVar[tuple[str, ...]] = ()  # what links of the admin ask of the list, besides its filters

    def __init__(self, model: type[Model], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        self.times = {field.name for field in model._meta.concrete_fields if isinstance(field, DateTimeField)}
        self.readonly_preprocess_fields = dict.fromkeys(self.times, rewritten)

    # What is there

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the columns; times as :func:`written` writes them."""
        return self.with_times(super().get_list_display(request))

    def with_times(self, columns: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(time_of(name) if name in self.times else name for name in columns)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Return what hangs on a row; on none that is still to be made."""
        return super().get_inlines(request, obj) if obj is not None else []

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> Any:
        """Answer 404, as anywhere: Django leads to the start page, with a message.

        :raises Http404: always.
        """
        raise Http404

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Answer what was changed of a row in the admin, and by whom: who that is, a member may not be shown.

        :raises Http404: somebody looks who is no superuser.
        """
        if not standing_in(request).everywhere:
            raise Http404
        return super().history_view(request, object_id, extra_context)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Answer the page, with a way to its history for who may look at that."""
        hidden = {} if standing_in(request).everywhere else {"show_history": False}
        return super().render_change_form(request, context | hidden, *args, **kwargs)

    # What is made and changed

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer the form; what others made or took away while it was looked at, as a message.

        :raises BadRequest: something is posted as a row's id that is none. No page does that, and Django would crash
            on it when it shows the form again.
        """
        relations = [field.name for field in self.opts.get_fields() if field.is_relation]
        if not all(is_id(word) for name in relations for word in request.POST.getlist(name) if word):
            raise BadRequest
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError as error:
            if not isinstance(error.__cause__, UniqueViolation | ForeignKeyViolation):
                raise
            sentence = "Somebody changed the same meanwhile. Nothing was saved; look at it again."
            messages.error(request, sentence)
            return HttpResponseRedirect(request.get_full_path())

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        """Return what a field of a form may name: what who asks sees of that table. The site completes by it, too."""
        return self.admin_site.get_model_admin(db_field.remote_field.model).get_queryset(request)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None:
            field.error_messages["invalid_choice"] = NOT_THERE
        return field

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form; as its ``standing`` it has what who fills it in may do."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"standing": standing_in(request), "__module__": form.__module__})

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """Lead to the page of what was made, where ``leads_to_its_page`` says so: it has what is needed next."""
        if self.leads_to_its_page and "_addanother" not in request.POST and "_popup" not in request.POST:
            posted: Any = request.POST.copy()
            posted["_continue"] = "1"
            request.POST = posted  # as Django's own page of users does
        return super().response_add(request, obj, post_url_continue)

    # What may be asked

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Return whether the address of the list may ask this: what a filter offers or a link asks, nothing else.

        Django takes every column of the row: by ``password__startswith``, who may view users reads the hash of a
        password letter by letter (tests/access/test_admin_lookups.py).
        """
        filters = self.list_filter if request is None else self.get_list_filter(request)
        return lookup in self.linked_lookups or any(lookup in _asked_by(item) for item in filters)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Answer the list; 400 for a filter with NUL, which Django would hand to PostgreSQL."""
        if any("\0" in value for name, value in request.GET.items() if name != main.SEARCH_VAR):
            raise BadRequest
        return super().changelist_view(request, extra_context)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[LargeTableList]:
        return LargeTableList

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Return what a link fills into the form, less what can be no row's id: Django would look for it, and crash."""
        relations = {field.name for field in self.opts.get_fields() if field.is_relation}
        given = super().get_changeform_initial_data(request)
        words = {name: str(value).lstrip("0") for name, value in given.items() if name in relations}
        return {name: words.get(name, value) for name, value in given.items() if is_id(words.get(name, "1"))}


class FirstRows(InlineFormSet):
    """The first rows in the inline's order: an organization may have a hundred thousand members."""

    def get_queryset(self) -> QuerySet[Any]:
        if not hasattr(self, "_queryset"):
            self._queryset = super().get_queryset()[:INLINE_ROWS]
        return self._queryset


class InspectOnlyInline(Scoped, TabularInline):
    """Rows of another table on a row's page: never changed there, and never more than ``INLINE_ROWS``.

    Give it an ``ordering`` that an index has: the first rows are then found without reading the others.
    """

    looks = May.LOOK
    formset = FirstRows
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No: the services write these rows, or the model's own page does."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No, for the same reason; besides, a form that holds only some of the rows can't be posted safely."""
        return False

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> type[InlineFormSet]:
        """Return the formset; when there are more rows than it shows, the heading says so."""
        formset = super().get_formset(request, obj, **kwargs)
        parent: Any = formset.fk
        rows = self.get_queryset(request).filter(**{parent.name: obj})
        if rows[INLINE_ROWS : INLINE_ROWS + 1].exists():
            self.verbose_name_plural = f"{self.verbose_name_plural}: {INLINE_ROWS} rows; there are more"
        return formset


class InspectOnlyAdmin(LargeTableAdmin):
    """Look, don't touch: no form changes anything, superusers' included."""

    actions: tuple[()] | None = None  # takes away "delete selected", and with it the check boxes

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Answer the page, without a way to Django's history of changes made in the admin: there are none."""
        return super().render_change_form(request, context | {"show_history": False}, *args, **kwargs)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No: what makes one elsewhere does more than write the row: a release settles issues, for one."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No: what changes one elsewhere does more than write the row, too."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No: a row deleted here would leave behind what depends on it."""
        return False
