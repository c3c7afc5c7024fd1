"""What answers say of people and places. Ids are strings and times end in ``Z``: clients insist on both."""

from datetime import UTC, datetime

from projects.models import User


def iso(moment: datetime) -> str:
    """Return the time in ISO 8601, in UTC and with the ``Z`` that clients insist on."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def describe_user(user: User) -> dict[str, str]:
    """Return what everybody who meets this user sees."""
    return {"id": str(user.pk), "name": user.get_full_name(), "username": user.username, "email": user.email}
