"""Exceptions with a stack: their type and the places of their stack tell them."""

from tests.events.grouping.pairs.building import at, different, error, in_file, same, thrown

FRAMEWORK = at("django.core.handlers.base", "get_response", in_app=False)
OTHER_FRAMEWORK = at("django.core.handlers.exception", "inner", in_app=False)
PAY = at("shop.cart", "pay")
TOTAL = at("shop.cart", "total")
LIBRARY = "/srv/venv/lib/python3.11/site-packages/requests/sessions.py"

PAIRS = (
    same(
        "another line and column",
        error("python", thrown("KeyError", "'a'", at("shop.cart", "pay", lineno=10))),
        error("python", thrown("KeyError", "'a'", at("shop.cart", "pay", lineno=14, colno=3))),
        "A line above it was added; the mistake is where it was.",
        "getsentry/sentry-python#693",
    ),
    same(
        "another value",
        error("python", thrown("Error", "Incorrect password", PAY)),
        error("python", thrown("Error", "Attempt limit exceeded", PAY)),
        "The place tells it. Who wants more says `{{ value }}`; values have ids and names in them.",
        "getsentry/sentry#5705",
        "bugsink/bugsink#380",
    ),
    different(
        "another type",
        error("python", thrown("KeyError", "'a'", PAY)),
        error("python", thrown("TypeError", "'a'", PAY)),
        "Two mistakes of one function.",
        "getsentry/sentry#67124",
    ),
    different(
        "another function",
        error("python", thrown("KeyError", "'a'", PAY)),
        error("python", thrown("KeyError", "'a'", TOTAL)),
        "Two places.",
        "getsentry/sentry#1540",
    ),
    different(
        "a function of that name in another module",
        error("python", thrown("KeyError", "'a'", at("shop.cart", "pay"))),
        error("python", thrown("KeyError", "'a'", at("shop.orders", "pay"))),
        "Names repeat; the module tells them apart.",
        "getsentry/sentry#1540",
    ),
    different(
        "two ways to one place",
        error("python", thrown("KeyError", "'a'", at("shop.web", "checkout"), PAY)),
        error("python", thrown("KeyError", "'a'", at("shop.jobs", "nightly"), PAY)),
        "All of the program's own places count, as with Sentry: the caller may well be the mistake.",
        "getsentry/sentry#61417",
    ),
    same(
        "another version of the framework above",
        error("python", thrown("KeyError", "'a'", FRAMEWORK, PAY)),
        error("python", thrown("KeyError", "'a'", OTHER_FRAMEWORK, FRAMEWORK, PAY)),
        "Frames of libraries don't count while there are own ones.",
        "getsentry/sentry#13036",
        "getsentry/sentry#5784",
    ),
    different(
        "only frames of libraries",
        error("python", thrown("OSError", "gone", at("celery.app", "call", in_app=False))),
        error("python", thrown("OSError", "gone", at("gunicorn.workers", "run", in_app=False))),
        "Where nothing is the program's own, all of it counts.",
        "getsentry/sentry#115285",
    ),
    same(
        "frames of libraries that nobody marked",
        error(
            "python", thrown("OSError", "x", PAY, in_file("requests/sessions.py", "a", in_app=None, abs_path=LIBRARY))
        ),
        error(
            "python", thrown("OSError", "x", PAY, in_file("requests/sessions.py", "b", in_app=None, abs_path=LIBRARY))
        ),
        "An old client doesn't say whose a frame is; site-packages says it.",
        "getsentry/sentry#13036",
    ),
    same(
        "a recursion of another depth",
        error("python", thrown("RecursionError", "maximum depth", PAY, *[at("shop.tree", "walk")] * 3)),
        error("python", thrown("RecursionError", "maximum depth", PAY, *[at("shop.tree", "walk")] * 40)),
        "How deep it went depends on what was on the stack before.",
        "getsentry/sentry#97539",
    ),
    same(
        "a recursion of two functions",
        error("python", thrown("RecursionError", "x", *[at("shop.tree", "walk"), at("shop.tree", "visit")] * 3)),
        error("python", thrown("RecursionError", "x", *[at("shop.tree", "walk"), at("shop.tree", "visit")] * 20)),
        "Each place counts once, so that a circle of any length is as long as its first round.",
        "getsentry/sentry#73738",
    ),
    same(
        "a recursion on other lines of its function",
        error("javascript", thrown("RangeError", "Maximum call stack", *[in_file("tree.js", "walk", colno=1)] * 9)),
        error("javascript", thrown("RangeError", "Maximum call stack", in_file("tree.js", "walk", colno=7))),
        "The stack is cut somewhere, and its lines change places.",
        "getsentry/sentry-javascript#1967",
    ),
    same(
        "another directory",
        error("ruby", thrown("NoMethodError", "x", in_file("/app/releases/20150107/app/views/book.erb", "show"))),
        error("ruby", thrown("NoMethodError", "x", in_file("/app/releases/20150209/app/views/book.erb", "show"))),
        "Each deployment has a directory of its own.",
        "getsentry/sentry-ruby#278",
    ),
    same(
        "a directory of Windows",
        error("python", thrown("KeyError", "x", in_file("C:\\shop\\v1\\cart.py", "pay"))),
        error("python", thrown("KeyError", "x", in_file("C:\\shop\\v2\\cart.py", "pay"))),
        "As any other directory.",
        "getsentry/sentry-ruby#278",
    ),
    different(
        "stacks without a function",
        error("javascript", thrown("Error", "cart is empty", in_file("https://shop.example/app.js", "?"))),
        error("javascript", thrown("Error", "no such user", in_file("https://shop.example/app.js", "?"))),
        "A file alone tells nothing: all of a bundle would be one issue. Then the value counts.",
        "getsentry/sentry#10235",
        "franciscofsales/winston-sentry-log#39",
    ),
    same(
        "stacks without a function, with another number in the value",
        error("node", thrown("Error", "order 17 is empty", in_file("/srv/app.mjs", "?"))),
        error("node", thrown("Error", "order 4 is empty", in_file("/srv/app.mjs", "?"))),
        "Where the value counts, its parameters don't.",
        "bugsink/bugsink#237",
    ),
    different(
        "errors of one type that have no stack",
        error("go", thrown("*errors.errorString", "card refused")),
        error("go", thrown("*errors.errorString", "no route to bank")),
        "Go has one type for most errors.",
        "getsentry/raven-go#116",
        "damianopetrungaro/golog#64",
    ),
    same(
        "one mistake in the words of two browsers",
        error(
            "javascript", thrown("TypeError", "Cannot read properties of null (reading 'x')", in_file("a.js", "load"))
        ),
        error("javascript", thrown("TypeError", "null is not an object (evaluating 'e.x')", in_file("a.js", "load"))),
        "With a function in the stack, words don't count.",
        "opslane/opslane#258",
    ),
    same(
        "a chunk that can't be loaded",
        error("javascript", thrown("ChunkLoadError", "Loading chunk 5 failed.", in_file("5.1a2b3c4d.js", "loadCart"))),
        error("javascript", thrown("ChunkLoadError", "Loading chunk 9 failed.", in_file("9.0f9e8d7c.js", "loadHome"))),
        "Whatever was to be loaded, a deployment took it away: one issue.",
        "getsentry/sentry#57458",
    ),
    different(
        "no exception and no message, but a thread that crashed",
        {"platform": "native", "threads": {"values": [{"crashed": True, "stacktrace": {"frames": [at("a", "run")]}}]}},
        {"platform": "native", "threads": {"values": [{"crashed": True, "stacktrace": {"frames": [at("a", "draw")]}}]}},
        "Then the stack is all that tells.",
        "bugsnag/bugsnag-android#915",
    ),
    same(
        "another version of a library, and no platform",
        error("", thrown("OSError", "x", in_file("a.py", "pay", in_app=None), in_file(LIBRARY, "a", in_app=None))),
        error("", thrown("OSError", "x", in_file("a.py", "pay", in_app=None), in_file(LIBRARY, "b", in_app=None))),
        "Whoever writes an SDK begins without a platform; the folder says that it isn't the program's.",
        "getsentry/sentry#13036",
    ),
)
