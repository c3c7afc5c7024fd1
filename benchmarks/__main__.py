"""``python -m benchmarks``: measure, print, and keep what was measured."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "issuetracker.settings")
# Else the service's line for each mutation stands among those of the progress.
os.environ.setdefault("LOG_LEVEL", "ERROR")
django.setup()

from benchmarks.command import main  # noqa: E402 - models can't be imported before

main()
