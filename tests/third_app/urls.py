from django.urls import path

from tests.third_app.views import TeamsViewSet

urlpatterns = [path("<str:organization>/teams/", TeamsViewSet.as_view({"get": "list", "put": "update"}))]
