"""``python -m benchmarks.events PORT``: serve the floor of taking events in, as `manage.py serve` serves the site."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "issuetracker.settings")
django.setup()

from django.conf import settings  # noqa: E402

from issuetracker import server  # noqa: E402 - models can't be imported before


def announce() -> None:
    """Say so, as the site does."""
    sys.stdout.write("Serving on\n")
    sys.stdout.flush()


settings.WSGI_APPLICATION = "benchmarks.events.bare.application"
server.serve(server.listen("127.0.0.1", int(sys.argv[1])), when_ready=announce)
