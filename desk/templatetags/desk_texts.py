"""Texts in templates: from outside (``{{ title|visible }}``), and sentences of ours (``{{ sentence|with_times }}``)."""

import re
from typing import Any

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from desk.texts import visible

register = template.Library()
register.filter("visible", visible)

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC", re.ASCII)  # as issues.instants.in_words writes one


@register.filter
def with_times(sentence: Any) -> SafeString:
    """Return a text in which every character can be seen, its instants as times: desk.js puts them into the zone of
    who looks."""
    markup = _INSTANT.sub(r'<time datetime="\1T\2Z" data-instant>\1 \2 UTC</time>', escape(visible(sentence)))
    return mark_safe(markup)
