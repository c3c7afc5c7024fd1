"""Attempts to log in to the admin, which django-axes counts and stops (issuetracker/settings.py says after how many).

Only passwords are guessed at: a key or a token is 128 random bits and more. No request of the API comes this way.
"""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from axes.attempts import get_cool_off_threshold
from axes.helpers import get_client_str, get_failure_limit
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.db import connection, transaction
from django.db.models import F, Sum
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

if TYPE_CHECKING:  # axes ships no types
    DatabaseHandler = object
else:
    from axes.handlers.database import AxesDatabaseHandler as DatabaseHandler

logger = logging.getLogger(__name__)

# Beside this number, the lock on a name and an address has no other of the database's advisory locks in its way.
LOGINS = 1
ONE_AFTER_THE_OTHER = "SELECT pg_advisory_xact_lock(%s, hashtext(%s))"
# Others may be counting in these rows, or removing them: what is locked is left to the next attempt.
REMOVE_OLD = """
    DELETE FROM axes_accessattempt
    WHERE id IN (SELECT id FROM axes_accessattempt WHERE attempt_time < %s FOR UPDATE SKIP LOCKED)
"""


def locked_out(request: HttpRequest, answer: HttpResponse, credentials: Any) -> HttpResponse:
    """Answer whoever has guessed too often, in place of what the log-in page would have said."""
    pause: timedelta = settings.AXES_COOLOFF_TIME
    sentence = (
        f"Too many attempts to log in under this name. Wait {pause // timedelta(minutes=1)} minutes before the next."
    )
    return TemplateResponse(
        request,
        "issuetracker/locked_out.html",
        {**admin.site.each_context(request), "title": "Log in", "sentence": sentence},
        status=429,
        headers={"Retry-After": str(int(pause.total_seconds()))},
    ).render()


class CountFirst(DatabaseHandler):
    """Counts an attempt before its password is looked at.

    axes counts it afterwards. To look at a password takes a tenth of a second or more, so all that came in that time
    were let through: as many guesses as the server has threads, and not five. Here one attempt after the other is
    counted, under a lock that is held for three short statements, and passwords are looked at without it.
    """

    def is_allowed(self, request: Any, credentials: Any = None) -> bool:
        """Count the attempt, and return whether its password may be looked at."""
        since, limit = get_cool_off_threshold(request), get_failure_limit(request, credentials)
        who = {
            "username": kept("username", (credentials or {}).get("username") or ""),
            "ip_address": request.axes_ip_address,
        }
        _remove_old(since)
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(ONE_AFTER_THE_OTHER, [LOGINS, f"{who['ip_address']} {who['username']}"])
            attempts = AccessAttempt.objects.filter(**who)
            attempts.filter(attempt_time__lt=since).delete()
            failures = attempts.aggregate(Sum("failures_since_start"))["failures_since_start__sum"] or 0
            row = attempts.order_by("-attempt_time", "-pk").values_list("pk", flat=True).first()
            if row is None:
                AccessAttempt.objects.create(
                    **who,
                    user_agent=kept("user_agent", request.axes_user_agent),
                    http_accept=kept("http_accept", request.axes_http_accept),
                    path_info=kept("path_info", request.axes_path_info),
                    failures_since_start=1,
                )
            elif failures < limit:
                attempts.filter(pk=row).update(
                    failures_since_start=F("failures_since_start") + 1, attempt_time=request.axes_attempt_time
                )
            else:  # counted, but it doesn't prolong the pause: its time is that of the last guess
                attempts.filter(pk=row).update(failures_since_start=F("failures_since_start") + 1)
        request.axes_failures_since_start = failures + 1
        return bool(failures < limit)

    def user_login_failed(self, sender: Any, credentials: Any, request: Any = None, **kwargs: Any) -> None:
        """Say so in the log; the guess that was the last one is answered as all that follow."""
        who = get_client_str(
            "", request.axes_ip_address, request.axes_user_agent, kept("path_info", request.axes_path_info), request
        )
        failures, limit = request.axes_failures_since_start, get_failure_limit(request, credentials)
        request.axes_credentials = credentials
        request.axes_locked_out = failures >= limit
        if failures > limit:
            return  # each would be a line, and an attack is thousands
        logger.warning("New login failure by %s: %s of %s.", who, failures, limit)
        if request.axes_locked_out:
            logger.warning("Locking out %s after repeated login failures.", who)

    def clean_expired_user_attempts(self, request: Any = None, credentials: Any = None) -> int:
        """Remove what nobody waits for any more; return how many rows."""
        return _remove_old(get_cool_off_threshold(request))


def kept(column: str, word: str) -> str:
    """Return a client's word as the column takes it: as long as that at most, and all of it characters."""
    longest = AccessAttempt._meta.get_field(column).max_length
    return word[:longest].replace("\0", "\ufffd").encode(errors="replace").decode()


def remove_old(now: datetime) -> int:
    """Remove attempts that count for nothing any more, as each attempt does first; return how many these were."""
    return _remove_old(now - settings.AXES_COOLOFF_TIME)


def _remove_old(before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(REMOVE_OLD, [before])
        return int(cursor.rowcount)
