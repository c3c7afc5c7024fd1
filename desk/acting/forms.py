"""What an action asks besides: each form says it in the keys of the API's body (contract 1.4)."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from django import forms

from issues.enums import IssuePriority
from issues.mutation import UnknownActor
from issues.serializers.activities import MAX_NOTE

HOUR, DAY, WEEK = 60, 24 * 60, 7 * 24 * 60  # minutes
WINDOWS = [("", "ever"), (HOUR, "within an hour"), (DAY, "within a day"), (WEEK, "within a week")]


class WishForm(forms.Form):
    """What is left empty is not said."""

    suggested = ""  # the field that suggestions are for: people, or releases

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        if self.suggested:
            self.fields[self.suggested].widget.attrs |= {"list": "suggestions", "autocomplete": "off"}
        self.focus(next(iter(self.fields), None))

    def focus(self, name: str | None) -> None:
        """Have the page come with the focus on this field; None leaves it to something else."""
        for each, field in self.fields.items():
            field.widget.attrs.pop("autofocus", None)
            if each == name:
                field.widget.attrs["autofocus"] = True

    def said(self) -> dict[str, Any]:
        """Return the keys of the body that the form says."""
        return {key: value for key, value in self.cleaned_data.items() if value not in (None, "", False)}

    def refuse(self, errors: Mapping[str, Any]) -> None:
        """Put what the API says of a body beside the fields that said it, in the words of this page."""
        for key, found in errors.items():
            if isinstance(found, Mapping):
                self.refuse(found)
                continue
            for sentence in found if isinstance(found, list) else [found]:
                self.add_error(key if key in self.fields else None, self.in_own_words(str(sentence)))

    def in_own_words(self, sentence: str) -> str:
        """Return a sentence of the API with the label of a field where it names a key."""
        for name, field in self.fields.items():
            sentence = sentence.replace(f'"{name}"', f"“{field.label}”")
        return sentence


class ReleaseForm(WishForm):
    suggested = "inRelease"
    inRelease = forms.CharField(label="Release", help_text="A version, as SDKs send it; or latest.")

    def said(self) -> dict[str, Any]:
        return {"statusDetails": super().said()}


class IgnoreForm(WishForm):
    """For good, unless something ends it."""

    ignoreDuration = forms.TypedChoiceField(
        label="For how long",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[
            ("", "for good, or until what stands below"),
            *((30, "30 minutes"), (2 * HOUR, "2 hours"), (DAY, "a day"), (WEEK, "a week"), (30 * DAY, "30 days")),
        ],
    )
    ignoreCount = forms.IntegerField(label="Until N more events", required=False)
    ignoreWindow = forms.TypedChoiceField(label="come", required=False, coerce=int, empty_value=None, choices=WINDOWS)
    ignoreUserCount = forms.IntegerField(label="Until N more users", required=False)
    ignoreUserWindow = forms.TypedChoiceField(
        label="see it", required=False, coerce=int, empty_value=None, choices=WINDOWS
    )
    ignoreUntil = forms.DateTimeField(
        label="Or until (UTC)",
        required=False,
        widget=forms.DateTimeInput(
            format="%Y-%m-%dT%H:%M",
            # What desk.js says instead of the label: it asks in the zone of who looks, and posts UTC.
            attrs={"type": "datetime-local", "autocomplete": "off", "data-in-utc": "Or until"},
        ),
    )
    ignoreUntilEscalating = forms.BooleanField(
        label="Until it escalates: many more events within an hour than before", required=False
    )

    def said(self) -> dict[str, Any]:
        said = super().said()
        if "ignoreUntil" in said:
            said["ignoreUntil"] = said["ignoreUntil"].astimezone(UTC).isoformat()
        if said.pop("ignoreUntilEscalating", False):
            said["statusDetails"] = {"ignoreUntilEscalating": True}
        return said


class AssignForm(WishForm):
    suggested = "assignedTo"
    assignedTo = forms.CharField(
        label="To whom", help_text="me, a user name or an e-mail of a member, or a team as #slug."
    )

    def in_own_words(self, sentence: str) -> str:
        if sentence == UnknownActor.sentence:  # which is the wire's
            return "The organization has no member, and no team, of that name."
        return super().in_own_words(sentence)


class PriorityForm(WishForm):
    priority = forms.ChoiceField(label="Priority", choices=IssuePriority.choices)


class NoteField(forms.CharField):
    def to_python(self, value: Any) -> Any:
        """Return the text with the line breaks that somebody wrote: a browser sends two characters for each."""
        return super().to_python(value.replace("\r\n", "\n") if isinstance(value, str) else value)


class NoteForm(WishForm):
    text = NoteField(label="Note", widget=forms.Textarea(attrs={"rows": 5}), max_length=MAX_NOTE)
