"""What was thrown, and where: exceptions, stacks and threads, each in the one form in which they are kept.

What comes in is a scrubbed copy of an event; objects in it are made over.
"""

from typing import Any

from events.meaning.fields import Errors, Types, read_objects, take_out_wrong
from events.meaning.images import Images
from events.meaning.shapes import Frame, Thrown

MOST_EXCEPTIONS = 50
MOST_FRAMES = 250

OF_AN_EXCEPTION: Types = {
    **dict.fromkeys(("type", "value", "module"), (str,)),
    "mechanism": (dict,),
    "thread_id": (int, str),
    **dict.fromkeys(("stacktrace", "raw_stacktrace"), (dict, list)),
}
OF_A_MECHANISM: Types = {
    "type": (str,),
    **dict.fromkeys(("synthetic", "is_exception_group", "handled"), (bool,)),
    **dict.fromkeys(("exception_id", "parent_id"), (int,)),
}
OF_A_THREAD: Types = {
    "id": (int, str),
    "name": (str,),
    **dict.fromkeys(("crashed", "current"), (bool,)),
    **dict.fromkeys(("stacktrace", "raw_stacktrace"), (dict, list)),
}
OF_A_FRAME: Types = {
    **dict.fromkeys(("function", "module", "filename", "abs_path", "context_line", "package", "platform"), (str,)),
    **dict.fromkeys(("lineno", "colno"), (int,)),
    **dict.fromkeys(("instruction_addr", "image_addr"), (int, str)),
    "in_app": (bool,),
    "vars": (dict,),
    **dict.fromkeys(("pre_context", "post_context"), (list,)),
}


def read_exceptions(event: dict[str, Any], errors: Errors) -> tuple[list[dict[str, Any]], tuple[Thrown, ...]]:
    """Return the exceptions of an event, as they are kept and as they are looked at."""
    found = read_objects(event, "exception", errors)
    if "stacktrace" in event and len(found) == 1 and found[0].get("stacktrace") is None:
        found[0]["stacktrace"] = event["stacktrace"]  # old SDKs: it is the only exception's
    images = Images(event)
    kept, thrown = [], []
    for index, exception in enumerate(without_the_middle(found, MOST_EXCEPTIONS)):
        name = f"exception.{index}"
        take_out_wrong(exception, OF_AN_EXCEPTION, name, errors)
        frames = _read_stacks(exception, name, images, errors)
        mechanism = exception.get("mechanism") or {}
        if not (exception.get("type") or exception.get("value")):
            exception.update(_of_mechanism(mechanism))
        if not (frames or exception.get("type") or exception.get("value")):
            continue
        take_out_wrong(mechanism, OF_A_MECHANISM, f"{name}.mechanism", errors)
        kept.append(exception)
        thrown.append(
            Thrown(
                type=exception.get("type", "").strip(),
                value=exception.get("value", "").strip(),
                frames=frames,
                module=exception.get("module", ""),
                is_synthetic=mechanism.get("synthetic", False),
                is_group=mechanism.get("is_exception_group", False),
                id=mechanism.get("exception_id"),
                parent=mechanism.get("parent_id"),
            )
        )
    return kept, tuple(thrown)


def _of_mechanism(mechanism: dict[str, Any]) -> dict[str, str]:
    """Return the type and value of an exception that has neither: old SDKs of Apple's systems say them here alone."""
    meta = mechanism.get("meta")
    named = meta if type(meta) is dict else {}
    error = named.get("ns_error")
    if type(error) is dict and type(error.get("domain")) is str:
        code = {"value": f"Code: {error['code']}"} if type(error.get("code")) is int else {}
        return {"type": error["domain"], **code}
    for key in ("mach_exception", "signal"):
        found = named.get(key)
        if type(found) is dict and type(found.get("name")) is str:
            return {"type": found["name"]}
    return {}


def read_threads(event: dict[str, Any], errors: Errors) -> tuple[list[dict[str, Any]], tuple[Frame, ...]]:
    """Return the threads of an event, and the stack of the one that crashed, else of the current or only one."""
    kept = read_objects(event, "threads", errors)
    if not kept and event.get("stacktrace") is not None and not event.get("exception"):
        kept = [{"current": True, "stacktrace": event["stacktrace"]}]  # old SDKs
    images = Images(event)
    stacks = []
    for index, thread in enumerate(kept):
        name = f"threads.{index}"
        take_out_wrong(thread, OF_A_THREAD, name, errors)
        stacks.append(_read_stacks(thread, name, images, errors))
    for told in ("crashed", "current"):
        for thread, frames in zip(kept, stacks, strict=True):
            if thread.get(told) and frames:
                return kept, frames
    with_frames = [frames for frames in stacks if frames]
    return kept, with_frames[0] if len(with_frames) == 1 else ()


def _read_stacks(holder: dict[str, Any], name: str, images: Images, errors: Errors) -> tuple[Frame, ...]:
    """Return the frames of an exception or a thread; bring its stacks into the form in which they are kept."""
    if "raw_stacktrace" in holder:
        _read_stack(holder, "raw_stacktrace", name, images, errors)
    return _read_stack(holder, "stacktrace", name, images, errors)


def _read_stack(holder: dict[str, Any], key: str, name: str, images: Images, errors: Errors) -> tuple[Frame, ...]:
    stack = holder.get(key)
    if stack is None:
        holder.pop(key, None)
        return ()
    if type(stack) is list:
        stack = holder[key] = {"frames": stack}
    name = f"{name}.{key}."
    frames = read_objects(stack, "frames", errors, within=name)
    kept = without_the_middle(frames, MOST_FRAMES)
    if len(kept) < len(frames):
        half = len(kept) // 2
        stack["frames_omitted"] = [half, len(frames) - half]
    stack["frames"] = kept
    return tuple([_read_frame(frame, name, index, images, errors) for index, frame in enumerate(kept)])


def _read_frame(frame: dict[str, Any], stack: str, index: int, images: Images, errors: Errors) -> Frame:
    if wrong := [key for key, value in frame.items() if key in OF_A_FRAME and type(value) not in OF_A_FRAME[key]]:
        for key in wrong:
            if frame.pop(key) is not None:
                errors.add(f"{stack}frames.{index}.{key}")
    for key in ("pre_context", "post_context"):
        lines = frame.get(key)
        if lines is not None:
            frame[key] = [line if type(line) is str else "" for line in lines]
            if frame[key] != lines:
                for number, line in enumerate(lines):
                    if not (line is None or type(line) is str):
                        errors.add(f"{stack}frames.{index}.{key}.{number}")
    if "instruction_addr" in frame:
        images.complete(frame)
    get = frame.get
    abs_path = get("abs_path", "")
    file = get("filename") or abs_path
    return Frame(
        get("module", ""), file, get("function", ""), get("in_app"), abs_path, get("package", ""), get("platform", "")
    )


def without_the_middle(items: list[Any], most: int) -> list[Any]:
    """Return the first and the last of too many."""
    return items if len(items) <= most else items[: most // 2] + items[len(items) - (most - most // 2) :]
