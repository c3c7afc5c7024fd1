"""``python -m benchmarks``: measure, print, and keep what was measured."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "issuetracker.settings")
django.setup()

from benchmarks.command import main  # noqa: E402 - models can't be imported before

main()
