"""Models out of rows that a statement by hand has read.

For the few statements that every request begins with: the ORM says each anew, which takes longer than PostgreSQL needs
to answer it.
"""

from functools import cache
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, models

Row = tuple[object, ...]
SomeModel = TypeVar("SomeModel", bound=models.Model)


@cache
def columns_of(model: type[models.Model], alias: str) -> str:
    """Return what a statement selects, of a table under this name, to make such a model of it."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


def model_of(model: type[SomeModel], row: Row) -> SomeModel:
    """Return the model that a row of these columns is."""
    return model.from_db(DEFAULT_DB_ALIAS, _names(model), row)


@cache
def _names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]
