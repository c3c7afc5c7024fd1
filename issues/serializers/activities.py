"""What happened to an issue, as answers show it; and the body of a note."""

from typing import Any

from rest_framework import serializers

from issues import answers
from issues.models import Activity
from projects.serializers import describe_user, iso

MAX_NOTE = 65_536  # characters; the whole of an issue shows a hundred of them


def describe_activity(activity: Activity) -> answers.Activity:
    """Return one entry of an issue's history (contract 1.5): its own, or of an issue that was merged into it."""
    return {
        "id": str(activity.pk),
        "issueId": str(activity.issue_id),
        "type": activity.kind,
        "data": activity.data,
        "user": None if activity.user is None else describe_user(activity.user),
        "dateCreated": iso(activity.created_at),
    }


class NoteSerializer(serializers.Serializer[Any]):
    """The body of a note: its text, kept as it was written, but for blanks around it."""

    text = serializers.CharField(max_length=MAX_NOTE)
