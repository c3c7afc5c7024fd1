"""How many requests a credential may make: a guard against a loop that ran away, not a meter."""

import math
import time
from threading import Lock
from typing import Any

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from projects.callers import Caller

WINDOW_SECONDS = 60

Credential = tuple[str, int | None]


class Window:
    """Counts by credential, in the memory of one process; all begin anew with the next minute."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._number = 0
        self._counts: dict[Credential, int] = {}

    def count(self, credential: Credential, *, now: float) -> int:
        """Return the number of requests that this is in its minute."""
        number = int(now // WINDOW_SECONDS)
        with self._lock:
            if number != self._number:
                self._number, self._counts = number, {}
            count = self._counts[credential] = self._counts.get(credential, 0) + 1
        return count


class TooManyRequests(Throttled):
    default_detail = "This credential has made too many requests."
    extra_detail_singular = "Try again in {wait} second."
    extra_detail_plural = "Try again in {wait} seconds."


class CredentialThrottle(BaseThrottle):
    """At most THROTTLE_PER_MINUTE requests of a credential in a minute, in each process; 0 is no limit.

    DRF's own throttles keep the time of every request in the cache, and copy that list on each: at thousands a minute
    the guard would cost more than what it guards. A credential that nobody knows is not counted: it is refused after
    one look-up, and by address, which behind a proxy is not ours to know, the proxy limits better.
    """

    window = Window()

    def allow_request(self, request: Request, view: Any) -> bool:
        """Return true.

        :raises TooManyRequests: they are; its ``wait`` becomes Retry-After.
        """
        limit = settings.THROTTLE_PER_MINUTE
        if not limit or not isinstance(request.auth, Caller):
            return True
        now = time.monotonic()
        if self.window.count(credential_of(request.auth), now=now) > limit:
            raise TooManyRequests(wait=math.ceil(WINDOW_SECONDS - now % WINDOW_SECONDS))
        return True


def credential_of(caller: Caller) -> Credential:
    """Return what tells a credential from all others; a person's sessions are one."""
    if caller.api_key_id is not None:
        return ("key", caller.api_key_id)
    return ("session", caller.user_id) if caller.token_id is None else ("token", caller.token_id)
