"""The places of a stack: in which module or file, and in which function, without line, column and directory."""

from collections.abc import Sequence

from events.meaning.grouping.languages import Language, base_name, of_platform
from events.meaning.shapes import Frame

_UNKNOWN = ("", "?", "??", "<anonymous>", "<unknown>", "<redacted>", "anonymous")


def places(frames: Sequence[Frame], platform: str) -> list[tuple[str, str]]:
    """Return the places of the program's own frames, or of all where it has none; each once.

    So a recursion is one place, however deep it went. A function that has no name, or one that is made up, is "".

    :param platform: of the event. A frame that tells one of its own is read by that.
    """
    different = list(dict.fromkeys(_started(frames, platform)))  # a recursion sends hundreds of equal ones
    different = [frame for frame in different if not _is_made_up(frame, platform)] or different
    own = [frame for frame in different if is_own(frame, platform)]
    return list(dict.fromkeys(place for frame in own or different if any(place := _place(frame, platform))))


def type_of(name: str, platform: str) -> str:
    """Return the type of an exception without what is made up."""
    return of_platform(platform).type(name)


def crashing(frames: Sequence[Frame], platform: str) -> Frame | None:
    """Return the frame where it crashed: the last of the program's own, else the last."""
    frames = _started(frames, platform)
    return next((frame for frame in reversed(frames) if is_own(frame, platform)), frames[-1] if frames else None)


def is_own(frame: Frame, platform: str) -> bool:
    """Return whether a frame is of the program itself: as its SDK says, else as its language tells."""
    language = _language_of(frame, platform)
    if language.reporting is not None and language.reporting.match(frame.function):
        return False
    return language.is_own(frame) if frame.in_app is None else frame.in_app


def _language_of(frame: Frame, platform: str) -> Language:
    return of_platform(frame.platform or platform)


def _started(frames: Sequence[Frame], platform: str) -> Sequence[Frame]:
    """Return the frames without those that started the program or the thread; all where there are no others.

    The same mistake in a thread and in the first one would be two otherwise, and so with another version of the system.
    """
    first = 0
    for frame in frames:
        starting = _language_of(frame, platform).starting
        if starting is None:
            break
        found = starting.fullmatch(frame.function)
        if (found is None or (found["first"] and first)) and not _is_nothing(frame):
            if [frame.function[:9] for frame in frames[first : first + 2]] == ["main", "std::rt::"]:
                first += 1  # what C starts of a program in Rust
            break
        first += 1
    return frames[first:] or frames


def _is_nothing(frame: Frame) -> bool:
    """Whether a frame tells nothing: at the end of a stack, in no program, some unwinders find one more."""
    return frame.function in _UNKNOWN and not (frame.module or frame.filename or frame.package)


def _is_made_up(frame: Frame, platform: str) -> bool:
    is_made_up = _language_of(frame, platform).is_made_up
    return is_made_up is not None and is_made_up(frame)


def _place(frame: Frame, platform: str) -> tuple[str, str]:
    language = _language_of(frame, platform)
    module = language.module(frame.module) or language.file(frame.filename)
    function = "" if frame.function in _UNKNOWN else language.function(frame.function)
    if function in _UNKNOWN:
        return module or base_name(frame.package), ""
    return module, function
