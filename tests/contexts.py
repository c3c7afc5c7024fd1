"""What a client of Django's tests keeps of a page: the context of the page itself.

It would keep a copy of that of each template which the page includes, too. A page of the admin has thirty of them, and
to copy them takes a twentieth of its time.
"""

from typing import Any

from django.test import client


def keep_those_of_pages() -> None:
    keep = vars(client)["store_rendered_templates"]

    def keep_the_first(store: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        if "context" not in store:
            keep(store, *args, **kwargs)

    setattr(client, "store_rendered_templates", keep_the_first)  # noqa: B010 (the stubs lack it)
