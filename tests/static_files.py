"""The admin's static files, found once: each client of a test has a WhiteNoise of its own, which would look anew."""

from typing import Any

from whitenoise.middleware import WhiteNoiseMiddleware


def find_static_files_once() -> None:
    find = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, Any] = {}

    def add(middleware: Any) -> None:
        if not found:
            find(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    WhiteNoiseMiddleware.add_files_from_finders = add
