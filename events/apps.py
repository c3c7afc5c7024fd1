from django.apps import AppConfig
from django.db.models.signals import post_migrate

from events import weeks


class EventsConfig(AppConfig):
    """Errors as programs send them. Writes issues by one service of ``issues``; knows nothing of the site."""

    name = "events"

    def ready(self) -> None:
        # Whose an event is, issues ask by this door: they know of no events.
        from events.reading.events import find_issue_of_event  # noqa: PLC0415 - models must be there first
        from events.reading.made import find_issue_of_made  # noqa: PLC0415
        from issues.reading.events import register  # noqa: PLC0415

        register(find_issue_of_event)
        register(find_issue_of_made)
        post_migrate.connect(weeks.make_ahead_after_migrate, sender=self)
