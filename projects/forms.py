"""What an operator says of people, places and keys, checked: by the settings pages and by commands alike.

Whatever the database would refuse is a sentence beside the field that is wrong.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from projects.models import (
    MAX_LIMIT,
    SLUG_PATTERN,
    ApiKey,
    ApiToken,
    ClientKey,
    Organization,
    OrganizationMember,
    Project,
    Role,
    Scope,
    Team,
    User,
    all_scopes,
)
from projects.roles import Standing

if TYPE_CHECKING:  # Django's class takes a type only for mypy
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm

NO_SLUG = "A slug is small letters, digits, hyphens and underscores, and not digits alone: they would be an id."
NOT_ON_ONE_LINE = "Write it on one line: a line break or another control character is in it."
# What a search and `assignedTo` take for something else (issues/search/keys.py).
WORDS = {"me", "my_teams", "none"}
# Of Unicode: control characters, ends of lines and paragraphs.
CONTROLS = {"Cc", "Zl", "Zp"}
OPERATOR = Standing(everywhere=True, roles={})


class StandingForm(ModelForm):
    """A form of somebody who is something; of an operator, unless it is said otherwise."""

    standing: ClassVar[Standing] = OPERATOR

    def clean(self) -> Any:
        """Refuse control characters: lists, logs and what commands print have a line for each row."""
        cleaned = super().clean()
        for name, value in list(self.cleaned_data.items()):
            if isinstance(value, str) and any(unicodedata.category(letter) in CONTROLS for letter in value):
                self.add_error(name, NOT_ON_ONE_LINE)
        return cleaned

    def said(self, name: str) -> Any:
        """Return what the form says, or the row has, if the form has no such field; None for what is wrong."""
        return self.cleaned_data.get(name) if name in self.fields else getattr(self.instance, name, None)

    def others(self) -> QuerySet[Any]:
        """Return the other rows of the table."""
        rows: QuerySet[Any] = self._meta.model._default_manager.exclude(pk=self.instance.pk)
        return rows


class PlaceForm(StandingForm):
    """A place with a slug, which is said once within an organization."""

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if not re.fullmatch(SLUG_PATTERN, slug):
            raise ValidationError(NO_SLUG)
        return slug

    def clean(self) -> Any:
        """Say that a slug is taken, where Django can't: the organization is no field of the form once it is made."""
        cleaned = super().clean()
        organization, slug = self.organization(), self.said("slug")
        if organization is not None and slug and self.others().filter(organization=organization, slug=slug).exists():
            self.add_error("slug", f"{organization} has a {self._meta.model._meta.verbose_name} {slug} already.")
        return cleaned

    def organization(self) -> Organization | None:
        """Return the organization that is named, or the row's own."""
        if "organization" in self.fields:
            return self.cleaned_data.get("organization")
        return self.instance.organization if self.instance.organization_id else None


class OrganizationForm(PlaceForm):
    class Meta:
        model = Organization
        fields = ("slug", "name", "open_membership")
        error_messages = {"slug": {"unique": "There is an organization of this slug already."}}
        help_texts = {"slug": "Part of its addresses: links with the old one end when it changes."}

    def organization(self) -> None:
        """Return None: it is in no other."""


class ProjectForm(PlaceForm):
    class Meta:
        model = Project
        fields = ("organization", "slug", "name", "platform", "teams")
        help_texts = {
            "slug": "Part of its addresses and of its issues' short ids: links with the old one end when it changes.",
            "platform": "What its programs are written in: python, javascript-react. For who reads it.",
            "teams": "Who works on it; with a closed membership only they see it, and managers and owners.",
        }

    def clean(self) -> Any:
        """Refuse teams of another organization: its members would see nothing by them, but be shown."""
        cleaned = super().clean()
        organization = self.organization()
        if organization is not None:
            strangers = [
                team for team in self.cleaned_data.get("teams") or () if team.organization_id != organization.pk
            ]
            for team in strangers:
                self.add_error("teams", f"{team} is no team of {organization}.")
        return cleaned


class TeamForm(PlaceForm):
    class Meta:
        model = Team
        fields = ("organization", "slug", "name", "members")

    def clean(self) -> Any:
        """Refuse whom the organization doesn't have; who has left it since may stay, and sees nothing by it."""
        cleaned = super().clean()
        organization = self.organization()
        if organization is not None and "members" in self.cleaned_data:
            known = set(organization.memberships.values_list("user_id", flat=True))
            if self.instance.pk:
                known |= set(self.instance.members.values_list("pk", flat=True))
            for user in list(self.cleaned_data["members"]):
                if user.pk not in known:
                    self.add_error("members", f"{user} is no member of {organization}: make them one first.")
        return cleaned


class MembershipForm(StandingForm):
    class Meta:
        model = OrganizationMember
        fields = ("organization", "user", "role")

    def clean(self) -> Any:
        """Refuse a second membership, and a role above that of who gives it."""
        cleaned = super().clean()
        organization, user, role = (self.said(name) for name in ("organization", "user", "role"))
        if organization is None or user is None or role is None:
            return cleaned
        if self.others().filter(organization=organization, user=user).exists():
            self.add_error("user", f"{user} is a member of {organization} already: change the role there.")
        may_give = self.standing.may_give(organization.pk)
        if Role(role) not in may_give:
            most = may_give[-1].label if may_give else "none"
            self.add_error("role", f"The highest role that you can give in {organization} is your own: {most}.")
        return cleaned


class UserForm(StandingForm):
    """An account; its password is made here and shown once, never chosen for somebody else."""

    class Meta:
        model = User
        fields = ("username", "name", "email", "is_active", "is_staff", "is_superuser")
        labels = {"is_staff": "may log in", "is_superuser": "superuser"}
        help_texts = {
            "is_active": "Off: no log-in and no token works any more. Nobody is ever deleted: issues name them.",
            "is_staff": "At the desk, with what their memberships allow. Without it, their tokens work alone.",
            "is_superuser": "Sees and changes everything, of every organization.",
        }

    def clean_username(self) -> str:
        """Refuse a name by which nobody could name this user, or another one any more (projects/actors.py).

        A name that is there already stays.
        """
        name: str = self.cleaned_data["username"]
        if "username" not in self.changed_data:
            return name
        if name.isascii() and name.isdigit():
            raise ValidationError("A user name is not of digits alone: they would be an id.")
        if name.lower() in WORDS:
            raise ValidationError(f"{name} means something else in searches: choose another user name.")
        other = self.others().filter(username__iexact=name).exclude(username=name).first()
        if other is not None:
            raise ValidationError(f"There is a user {other} already, and names are found in capitals or not.")
        return name


class CredentialForm(StandingForm):
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in Scope.values],
        initial=all_scopes,
        widget=forms.CheckboxSelectMultiple,
        help_text="What it may do.",
    )


class ApiKeyForm(CredentialForm):
    class Meta:
        model = ApiKey
        fields = ("organization", "label", "scopes")


class ApiTokenForm(CredentialForm):
    class Meta:
        model = ApiToken
        fields = ("user", "label", "scopes", "expires_at")

    def clean_expires_at(self) -> Any:
        """Refuse what would never work."""
        expires_at = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= timezone.now():
            raise ValidationError("This is over already: the token would never work.")
        return expires_at


class ClientKeyForm(StandingForm):
    class Meta:
        model = ClientKey
        fields = ("project", "name", "is_active", "limit_count", "limit_window")
        labels = {"limit_count": "at most so many events", "limit_window": "in so many seconds"}

    def clean(self) -> Any:
        """Refuse half a limit, and one that no counter could hold."""
        cleaned = super().clean()
        names = [name for name in ("limit_count", "limit_window") if name in self.fields]
        given = {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}
        for name, number in given.items():
            if number is None and any(other is not None for other in given.values()):
                self.add_error(name, "A limit is both: how many events, and in how many seconds.")
            elif number is not None and not 1 <= number <= MAX_LIMIT:
                self.add_error(name, f"A whole number from 1 to {MAX_LIMIT:,}.")
        return cleaned


def sentences(form: forms.BaseForm) -> Iterator[str]:
    """Yield what is wrong with a form, for who has no page to see it beside the fields."""
    for name, errors in form.errors.items():
        what = "" if name == "__all__" else f"{name.replace('_', ' ')}: "
        yield from (f"{what}{error}" for error in errors)
