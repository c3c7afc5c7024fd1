"""The addresses under /api/0/ that are about events."""

from django.urls import path

from events.views.lost import LostViewSet

urlpatterns = [
    path("projects/<str:organization>/<str:project>/stats/lost/", LostViewSet.as_view({"get": "list"})),
]
