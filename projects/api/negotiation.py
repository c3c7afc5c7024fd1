"""JSON in, JSON out, without a look at the query string.

DRF's own negotiation reads ``query_params`` before any view code runs, which builds a QueryDict of ten thousand ids.
"""

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any

from rest_framework import status
from rest_framework.exceptions import APIException, NotAcceptable, ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches

MAX_BODY = 2**20  # bytes
MAX_DEPTH = 20  # the body itself is 1


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The body is larger than {MAX_BODY} bytes; name fewer issues or say less."
    default_code = "body_too_large"


class JSONNegotiation(BaseContentNegotiation):
    """What a client accepts and sends, by its headers alone."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return the parser for the body's media type; None when there is none, which DRF answers with 415."""
        # Not as DRF compares them, by which "*/*" is any: it says what is accepted, and of a body it says nothing.
        sent = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == sent), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the only renderer.

        :raises NotAcceptable: the Accept header leaves no room for it.
        """
        renderer = next(iter(renderers))
        accepted = [word.strip() for word in request.META.get("HTTP_ACCEPT", "*/*").split(",")]
        if not any(media_type_matches(renderer.media_type, word) for word in accepted if word):
            raise NotAcceptable("Answers are application/json only; accept that.")
        return renderer, renderer.media_type


class StrictJSONParser(BaseParser):
    """JSON objects that mean one thing only (contract 1.4)."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the body.

        :raises BodyTooLarge: it is over 1 MiB.
        :raises ParseError: it is no JSON object; or has a key twice, NaN, an infinity, NUL or a lone surrogate; or is
            nested deeper than 20; or has a number of thousands of digits.
        """
        raw = stream.read(MAX_BODY + 1)
        if len(raw) > MAX_BODY:
            raise BodyTooLarge
        try:
            body = json.loads(
                raw.decode("utf-8"),
                object_pairs_hook=_object,
                parse_float=_finite,
                parse_constant=_refuse_constant,
            )
        except RecursionError as error:
            raise ParseError(_TOO_DEEP) from error
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ParseError(f"The body is not JSON: {error}") from error
        except ValueError as error:  # of int(): thousands of digits take too long to read
            raise ParseError("The body has a whole number of too many digits.") from error
        if not isinstance(body, dict):
            raise ParseError("The body must be a JSON object.")
        _check(body, depth=1)
        return body


_TOO_DEEP = f"The body is nested deeper than {MAX_DEPTH} levels."


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ParseError("The body has a key twice; which of the two is meant?")
    return found


def _finite(word: str) -> float:
    number = float(word)
    if number in (float("inf"), float("-inf")):
        raise ParseError(f"The body has a number that is too large: {word[:40]}.")
    return number


def _refuse_constant(word: str) -> float:
    raise ParseError(f"The body has {word}, which is not JSON.")


def _check(value: Any, depth: int) -> None:
    """Refuse what PostgreSQL can't store, or nobody means."""
    if isinstance(value, str):
        if "\0" in value:
            raise ParseError("The body has a NUL character.")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ParseError("The body has half of a surrogate pair, which is no character.") from error
    elif isinstance(value, dict | list):
        if depth > MAX_DEPTH:
            raise ParseError(_TOO_DEEP)
        for inner in [*value, *value.values()] if isinstance(value, dict) else value:
            _check(inner, depth + 1)
