"""Migrating in a third of the time: nearly all of it goes into classes of models, made anew after each operation.

Django makes them anew for the model that an operation changes, for those that it is related to, and for those that
these are related to: seventeen on average, where a statement looks at one or two. Here it is the one model where Django
itself says that others may wait (`delay`); and all of them, before an operation for which they may not. The statements
are the same, which tests/issuetracker/test_demo.py sees: `manage.py demo` migrates as Django does.
"""

from typing import Any

from django.db.migrations.state import ProjectState

State: Any = ProjectState  # whose methods for this are Django's own, and not in the stubs
_find_all = State._find_reload_model
_reload = State._reload


def quickly() -> None:
    """Let this process migrate like that from now on."""
    State._find_reload_model, State._reload = _find, _reload_found


def _find(state: Any, app_label: str, model_name: str, delay: bool = False) -> set[tuple[str, str]]:
    """Return the models of which to make classes now."""
    if delay:
        state.is_delayed = True
        return {(app_label, model_name)}
    if state.is_delayed:
        # Relations of what has waited lead to classes that have been replaced: they would not be found. Without any,
        # all are made when the next is asked for.
        del state.__dict__["apps"]
        state.is_delayed = False
        return set()
    found: set[tuple[str, str]] = _find_all(state, app_label, model_name)
    return found


def _reload_found(state: Any, models: set[tuple[str, str]]) -> None:
    if models:
        _reload(state, models)
