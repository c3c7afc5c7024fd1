"""What answers hold of events: types that mypy checks and of which the API's document is made."""

from typing import Annotated, Any, TypedDict

from events.models import LossSource
from projects.answers import Count
from projects.json_schema import About, Form, one_of_words


class LostOnADay(TypedDict):
    """What did not become an event."""

    day: Annotated[str, Form({"type": "string", "format": "date"}), About("In UTC.")]
    reason: Annotated[
        str,
        About(
            "Of the server: `rate_limit`, `backlog`, `too_large`, `invalid`, `unknown_encoding`, `unavailable`, "
            "`internal_error`; `not_kept`, what it has no use for; `again`, what it had already. Of a client: its own "
            "word, or `other`."
        ),
    ]
    category: Annotated[
        str, About("A word of `X-Sentry-Rate-Limits`; `default` for an envelope that was refused before it was read.")
    ]
    source: Annotated[str, Form(one_of_words(*LossSource.values)), About("Who knows of it.")]
    quantity: Count


NAMED: dict[str, Any] = {"LostOnADay": LostOnADay}
