"""Many ids, and patterns, as PostgreSQL reads them fastest."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Field, Lookup
from django.db.models.expressions import RawSQL


def as_array(values: Iterable[object]) -> str:
    """Return ids as the one literal that PostgreSQL reads as an array, once it is cast to one.

    Or other values whose texts need no quotes in it: times, and words that we know.

    The driver writes a list as ``ARRAY[1, 2, ...]``, in which every id is an expression to be parsed: ten thousand of
    them take longer to parse than to find.
    """
    return "{" + ",".join(map(str, values)) + "}"


@Field.register_lookup
class AnyOf(Lookup):  # type: ignore[type-arg] # generic in the stubs only
    """``id__any_of=ids``: one parameter, where ``__in`` makes one for each id.

    PostgreSQL walks the index in the order of the array's values, so that ten thousand ids are one ordered scan. The
    array comes from a sub-select, so that it is planned for without being looked at: for a thousand ids that it has
    counted, PostgreSQL would first read the index of a whole project, to look for them in there.
    """

    lookup_name = "any_of"

    def get_prep_lookup(self) -> Any:
        return self.rhs if isinstance(self.rhs, RawSQL) else as_array(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        ids, ids_params = self.process_rhs(compiler, connection)
        return f"{column} = ANY((SELECT {ids}::bigint[])::bigint[])", [*params, *ids_params]


@Field.register_lookup
class Like(Lookup):  # type: ignore[type-arg] # generic in the stubs only
    """``title__like=pattern``: LIKE, in capitals or not; as ``icontains`` says it, so that it finds the same index."""

    lookup_name = "like"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        pattern, pattern_params = self.process_rhs(compiler, connection)
        return f"UPPER({column}::text) LIKE UPPER({pattern})", [*params, *pattern_params]
