"""The tags of an issue's events as answers show them (contract 7.10)."""

from events import answers
from events.reading.tags import Tag, Value
from projects.serializers import iso


def describe_tag(tag: Tag) -> answers.TagOfIssue:
    """Return a tag with its most frequent values."""
    return {
        "key": tag.key,
        "name": tag.key,
        "totalValues": tag.total,
        "uniqueValues": len(tag.values),
        "topValues": [describe_value(tag.key, value) for value in tag.top],
    }


def describe_value(key: str, value: Value) -> answers.TagValue:
    return {
        "key": key,
        "name": value.value,
        "value": value.value,
        "count": value.count,
        "firstSeen": iso(value.first_seen),
        "lastSeen": iso(value.last_seen),
    }
