"""What an event tells besides what went wrong: each part of it as it can be shown, or as if absent, but named.

What comes in is a scrubbed copy of an event; objects in it are made over.
"""

from typing import Any

from events.meaning.fields import Errors, Types, read_object, read_objects, read_timestamp, take_out_wrong
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
OF_AN_IMAGE: Types = {"code_file": (str,), "image_addr": (int, str), "image_size": (int,)}
OF_AN_SDK: Types = {
    **dict.fromkeys(("name", "version"), (str,)),
    **dict.fromkeys(("packages", "integrations"), (list,)),
}


def read_surroundings(event: dict[str, Any], errors: Errors) -> dict[str, Any]:
    """Return breadcrumbs, request, SDK, contexts, extra and modules of an event, as they are kept."""
    breadcrumbs = read_objects(event, "breadcrumbs", errors)
    for index, breadcrumb in enumerate(breadcrumbs):
        take_out_wrong(breadcrumb, OF_A_BREADCRUMB, f"breadcrumbs.{index}", errors)
        if breadcrumb.get("timestamp") is not None and read_timestamp(breadcrumb, Errors()) is None:
            errors.add(f"breadcrumbs.{index}.timestamp")
    request, sdk = read_object(event, "request", errors), read_object(event, "sdk", errors)
    take_out_wrong(request, OF_A_REQUEST, "request", errors)
    for key in ("query_string", "headers"):
        _name_what_is_no_pair(request, key, errors)
    take_out_wrong(sdk, OF_AN_SDK, "sdk", errors)
    loaded = read_object(event, "debug_meta", errors)  # is read with the stacks, and isn't kept
    take_out_wrong(loaded, {"images": (list,)}, "debug_meta", errors)
    for index, image in enumerate(read_objects(loaded, "images", errors, within="debug_meta.")):
        take_out_wrong(image, OF_AN_IMAGE, f"debug_meta.images.{index}", errors)
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


def _name_what_is_no_pair(request: dict[str, Any], key: str, errors: Errors) -> None:
    """Name what answers leave out of a list of pairs. It is kept as it was sent: what was filtered is seen."""
    sent = request.get(key)
    for index, item in enumerate(sent if type(sent) is list else ()):
        if not (item is None or item == FILTERED or (type(item) is list and len(item) == 2)):
            errors.add(f"request.{key}.{index}")
