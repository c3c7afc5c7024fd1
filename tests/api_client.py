"""A caller of the API: JSON out, JSON in, and a word for who is calling."""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

from django.test import Client

from tests.described import assert_described

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

# The organization's API key, or a user's token. None sends no credentials.
Who = Literal["key", "jane", "sam", "kit"]


class How(TypedDict, total=False):
    """What may go with any request; see :meth:`Api.request`."""

    auth: Who | None
    ids: Iterable[int]
    raw_query: str
    headers: Mapping[str, str]


def basic(api_key: str, password: str = "") -> str:
    """Return the Authorization header of an organization's API key."""
    return "Basic " + b64encode(f"{api_key}:{password}".encode()).decode()


def bearer(token: str) -> str:
    """Return the Authorization header of a user's token."""
    return f"Bearer {token}"


@dataclass(frozen=True, slots=True)
class Api:
    """Calls the service as one of the cast, by default with the API key of the interstellar jurisdiction."""

    issues_url: str  # the bulk route of `project`
    authorization: Mapping[Who, str]
    client: Client = field(default_factory=Client)

    def get(self, path: str, body: object = None, **how: Unpack[How]) -> "Response":
        return self.request("GET", path, body, **how)

    def put(self, path: str, body: object = None, **how: Unpack[How]) -> "Response":
        return self.request("PUT", path, body, **how)

    def delete(self, path: str, body: object = None, **how: Unpack[How]) -> "Response":
        return self.request("DELETE", path, body, **how)

    def undo(self, mutation: str, **how: Unpack[How]) -> "Response":
        """Take back a mutation of `project`, by its ``Mutation-Id``."""
        return self.request("POST", f"{self.issues_url.removesuffix('issues/')}mutations/{mutation}/undo/", **how)

    def options(self, path: str, body: object = None, **how: Unpack[How]) -> "Response":
        return self.request("OPTIONS", path, body, **how)

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        auth: Who | None = "key",
        ids: Iterable[int] = (),
        raw_query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> "Response":
        """Send any method. ``body`` goes out as JSON; a str or bytes as it is, None not at all.

        ``ids`` become repeated ``id`` parameters before ``raw_query``, which goes out untouched. ``headers`` may
        override any header, ``Content-Type`` and ``Authorization`` too. Whatever the test is about, the answer is
        one that the API's document describes.
        """
        content = "" if body is None else body if isinstance(body, str | bytes) else json.dumps(body)
        credentials = {} if auth is None else {"Authorization": self.authorization[auth]}
        query = "&".join([*(f"id={issue_id}" for issue_id in ids), *([raw_query] if raw_query else [])])
        response = self.client.generic(
            method,
            path,
            content,
            "application/json",
            headers={**credentials, **(headers or {})},
            QUERY_STRING=query,
        )
        assert_described(response)
        return response
