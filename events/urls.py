"""The addresses that SDKs send to; the slash at their end may be missing (contract 7.2)."""

from django.urls import re_path

from events.views import taking
from events.views.plain import as_django_calls_it

envelope = as_django_calls_it(taking.envelope)
store = as_django_calls_it(taking.store)
security = as_django_calls_it(taking.security)
not_taken = as_django_calls_it(taking.not_taken)

PROJECT = r"^api/(?P<project_id>[1-9][0-9]{0,18})/"

urlpatterns = [
    re_path(rf"{PROJECT}envelope/?$", envelope, name="envelope"),
    re_path(rf"{PROJECT}store/?$", store, name="store"),
    re_path(r"^api/store/?$", store, name="store"),
    re_path(rf"{PROJECT}(?:security|csp-report)/?$", security, name="security"),
    *(
        re_path(rf"{PROJECT}(?:integration/)?{name}(?:/.*)?$", not_taken, {"what": what}, name=name)
        for name, what in {
            "minidump": "A minidump",
            "unreal": "A crash of Unreal",
            "otlp": "OTLP",
            "nel": "A report of network errors",
            "cron": "A check-in",
        }.items()
    ),
]
