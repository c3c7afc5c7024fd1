"""What happened to an issue, as answers show it; and the body of a note."""

from typing import Any

from rest_framework import serializers

from issues.models import Activity
from projects.serializers import describe_user, iso

MAX_NOTE = 65_536  # characters; the whole of an issue shows a hundred of them


def describe_activity(activity: Activity) -> dict[str, Any]:
    """Return one entry of an issue's history (contract 1.5)."""
    return {
        "id": str(activity.pk),
        "type": activity.kind,
        "data": activity.data,
        "user": None if activity.user is None else describe_user(activity.user),
        "dateCreated": iso(activity.created_at),
    }


class NoteSerializer(serializers.Serializer[Any]):
    """The body of a note: its text, kept as it was written, but for blanks around it."""

    text = serializers.CharField(max_length=MAX_NOTE)
