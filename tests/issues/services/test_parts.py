"""The parts of an issue ...: what a mutation overwrites belongs to one, which everybody knows who asks for parts."""

from collections import Counter

from issues.enums import ActivityKind
from issues.models import BEFORE_STATE, Issue
from issues.serializers.history import DESCRIBED
from issues.services.verbs import PARTS

# Trees are put back by their links (services/verbs/merging.py), and a note overwrites nothing.
OF_TREES, OF_NOTES = {ActivityKind.MERGE, ActivityKind.UNMERGE}, {ActivityKind.NOTE}


def test_each_column_that_is_kept_belongs_to_one_part() -> None:
    of_parts = Counter(f"before_{column}" for part in PARTS for column in part.columns)

    assert of_parts == Counter(set(BEFORE_STATE) - {"before_merged_into_id"})
    columns = {field.column for field in Issue._meta.concrete_fields}
    assert {column.removeprefix("before_") for column in of_parts} <= columns


def test_each_kind_of_activity_belongs_to_one_part() -> None:
    of_parts = Counter(kind for part in PARTS for kind in part.kinds)

    assert of_parts == Counter(set(ActivityKind) - OF_TREES - OF_NOTES)


def test_the_history_tells_each_part() -> None:
    assert list(DESCRIBED) == [part.name for part in PARTS]
