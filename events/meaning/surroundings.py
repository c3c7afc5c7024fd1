"""What an event tells besides what went wrong: each part of it as it can be shown, or as if absent, but named.

What comes in is a scrubbed copy of an event; objects in it are made over.
"""

from typing import Any

from events.meaning.fields import Errors, Types, read_object, read_objects, take_out_wrong
from events.meaning.secrets import FILTERED

_TEXT = (str, int, float)  # a number is shown as a text
_PAIRS = (dict, list)
OF_A_BREADCRUMB: Types = {
    "timestamp": _TEXT,
    **dict.fromkeys(("type", "category", "level", "message"), _TEXT),
    "data": (dict,),
}
OF_A_REQUEST: Types = {
    **dict.fromkeys(("method", "url", "fragment"), _TEXT),
    "query_string": (str, *_PAIRS),
    "headers": _PAIRS,
    "env": (dict,),
}
OF_AN_SDK: Types = {
    **dict.fromkeys(("name", "version"), (str,)),
    **dict.fromkeys(("packages", "integrations"), (list,)),
}


def read_surroundings(event: dict[str, Any], errors: Errors) -> dict[str, Any]:
    """Return breadcrumbs, request, SDK, contexts, extra and modules of an event, as they are kept."""
    breadcrumbs = read_objects(event, "breadcrumbs", errors)
    for index, breadcrumb in enumerate(breadcrumbs):
        take_out_wrong(breadcrumb, OF_A_BREADCRUMB, f"breadcrumbs.{index}", errors)
    request, sdk = read_object(event, "request", errors), read_object(event, "sdk", errors)
    take_out_wrong(request, OF_A_REQUEST, "request", errors)
    take_out_wrong(sdk, OF_AN_SDK, "sdk", errors)
    loaded = read_object(event, "debug_meta", errors)  # is read with the stacks, and isn't kept
    take_out_wrong(loaded, {"images": (list,)}, "debug_meta", errors)
    read_objects(loaded, "images", errors, within="debug_meta.")
    contexts = read_object(event, "contexts", errors)
    sent = [name for name, context in contexts.items() if context != FILTERED]  # one of that name was secret as a whole
    take_out_wrong(contexts, dict.fromkeys(sent, (dict,)), "contexts", errors)
    return {
        "breadcrumbs": {"values": breadcrumbs} if breadcrumbs else {},
        "request": request,
        "sdk": sdk,
        "contexts": contexts,
        "extra": read_object(event, "extra", errors),
        "modules": read_object(event, "modules", errors),
    }
