"""What a project lost of what was sent (contract 7.8)."""

from datetime import date, timedelta

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from events.answers import LostOnADay
from events.reading import losses
from issues.reading.items import DAY
from issues.serializers.list_query import read_stats_period
from projects.api.viewsets import ProjectViewSet

DEFAULT_PERIOD = "14d"


class LostViewSet(ProjectViewSet):
    """What did not become an event of one project."""

    known_parameters = {"list": {"statsPeriod"}}

    def list(self, request: Request, organization: str, project: str) -> Response:
        """Answer it by day, the newest first.

        :raises ValidationError: ``statsPeriod`` is no period of up to 90 days.
        """
        since = first_day(request.query_params.get("statsPeriod") or DEFAULT_PERIOD)
        return Response([answer_of(lost) for lost in losses.lost_by_day(self.project.pk, since)])


def first_day(word: str) -> date:
    """Return the first of the days that a period ends with today; of hours, the day of the first.

    :raises ValidationError: it is no period of up to 90 days.
    """
    period = read_stats_period(word)
    assert period is not None  # only an empty one is none
    now = timezone.now()
    back = timedelta(days=period.points - 1) if period.step == DAY else period.step * period.points
    return (now - back).date()


def answer_of(lost: losses.Lost) -> LostOnADay:
    assert lost.day is not None
    return {
        "day": lost.day.isoformat(),
        "reason": lost.reason,
        "category": lost.category,
        "source": lost.source,
        "quantity": lost.quantity,
    }
