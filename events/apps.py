from django.apps import AppConfig
from django.db.models.signals import post_migrate

from events import weeks


class EventsConfig(AppConfig):
    """Errors as programs send them. Writes issues by one service of ``issues``; knows nothing of the site."""

    name = "events"

    def ready(self) -> None:
        post_migrate.connect(weeks.make_ahead_after_migrate, sender=self)
