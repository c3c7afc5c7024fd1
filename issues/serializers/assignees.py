"""Whom ``assignedTo`` means (contract 1.4)."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

NO_WORD = (
    'Say who: "user:1", "team:1", a user name, an e-mail, a team slug or "#slug"; or an object with its "type" '
    'and "id", as answers have it.'
)


class AssigneeField(serializers.CharField):
    """A word for somebody, or the object that answers hold; that one is read as the word ``TYPE:ID``."""

    default_error_messages = {"invalid": NO_WORD}

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the word; an empty one and null mean nobody.

        :raises ValidationError: it is neither a word nor such an object.
        """
        return super().run_validation(_word_for(data) if isinstance(data, Mapping) else data)


def _word_for(answered: Mapping[str, Any]) -> Any:
    """Return the word that an object stands for; the object itself if it is none that an answer could have held."""
    kind, pk = answered.get("type"), answered.get("id")
    is_answer = kind in ("user", "team") and isinstance(pk, str | int) and not isinstance(pk, bool)
    return f"{kind}:{pk}" if is_answer else answered
