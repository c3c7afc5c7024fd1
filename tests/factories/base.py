# mypy: allow-untyped-calls
# (factory_boy's declarations have no types; what a factory makes has, see ModelFactory)
"""What every factory has, and the times of rows."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models
from factory.declarations import Trait as UnsetTrait
from factory.django import DjangoModelFactory

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)
# Of a credential's last use: no request has that to write beside what the test is about.
NOTED = datetime(9999, 1, 1, tzinfo=UTC)

Row = TypeVar("Row", bound=models.Model)


class ModelFactory(DjangoModelFactory[Row]):
    """``XFactory(column=..., trait=True)`` makes and returns a row; many-to-many fields take a list of rows."""

    class Meta:
        abstract = True
        skip_postgeneration_save = True

    if TYPE_CHECKING:
        # What the metaclass does, in words that mypy knows: a call returns the row.
        def __new__(cls, **columns: Any) -> Row: ...  # type: ignore[misc] # "must return a subtype of its class"

    @classmethod
    def _create(cls, model_class: type[Row], *args: Any, **columns: Any) -> Row:
        many = {
            field.name: columns.pop(field.name) for field in model_class._meta.many_to_many if field.name in columns
        }
        row: Row = super()._create(model_class, *args, **columns)
        for name, rows in many.items():
            getattr(row, name).set(rows)
        return row


class Trait(UnsetTrait):
    """A trait that says that it is off. Of one that nobody named, factory_boy learns by an AttributeError, and makes a
    message of all declarations for it, dozens of times for each row."""

    def as_declarations(self, field_name: str, declarations: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = super().as_declarations(field_name, declarations)
        return {field_name: declarations.get(field_name, False)} | found
