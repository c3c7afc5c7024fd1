"""This machine's clock, and the database's: what takes something away for its age goes by the one that says less."""

import logging
from datetime import datetime, timedelta

from django.db import connection

logger = logging.getLogger(__name__)

APART = timedelta(minutes=1)


def earlier(ours: datetime) -> datetime:
    """Return the earlier of what this machine's clock says, ``ours``, and what the database's says.

    A machine that has started with a clock of another year would else take away all that there is. The log says so when
    they are far apart.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        of_database: datetime = cursor.fetchone()[0]
    difference = ours - of_database
    if abs(difference) > APART:
        logger.warning(
            "The clock of this machine is %.0f s %s the database's: set one of them right.",
            abs(difference.total_seconds()),
            "ahead of" if difference > timedelta() else "behind",
        )
    return min(ours, of_database)
