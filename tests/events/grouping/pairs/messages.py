"""Events without an exception, and exceptions without a stack: their text tells them, without its parameters."""

from tests.events.grouping.pairs.building import at, different, error, logged, message, same, thrown

GMAIL = "(550, b'5.7.1 Our system has detected that this message is likely unsolicited mail. (%s)')"
POOL = (
    "HTTPConnectionPool(host='feeds.example', port=80): Max retries exceeded with url: /google_transit.zip (Caused by "
    "NewConnectionError('<urllib3.connection.HTTPConnection object at %s>: [Errno 110] Connection timed out'))"
)
LIVE = '%s | SENTRY : Error getting live class data in "getClasses()". Response: ERROR_PROFILE_DOES_NOT_EXIST'
GATE = "Error while processing: key1='str1' key2=%s scheduled_gate_departure_time=datetime.datetime(%s)"
RANCH = (
    "Ranch listener http had connection process started with cowboy_protocol:start_link/4 at <0.3.9> exit with reason: "
)
SERVER = (
    "** Generic server emqx_sm_locker terminating \n** Last message in was check_lease\n** When Server state == {}\n"
    '** Reason for termination == \n** {{badarg,[{{ets,next,[emqx_sm_locker,<<"{}">>],[]}},\n'
    ' {{ekka_locker,check_lease,5,[{{file,"src/ekka_locker.erl"}},{{line,{}}}]}}]}}\n'
)
MACHINE = (
    "** State machine <0.106.0> terminating\n** Last event = {{timeout,5000}}\n"
    "** When server state  = {{connected,{{}}}}\n"
    "** Reason for termination = {}\n** Callback mode = state_functions"
)
REQUEST = (
    "#PID<0.{}.0> running Shop.Endpoint terminated\nServer: shop.example:80 (http)\nRequest: {}\n"
    "** (exit) an exception was raised:\n    ** ({}) no such cart\n        (shop) lib/cart.ex:7: Shop.Cart.pay/1"
)
MADE = "GenServer %s terminating: ** (stop) {}\n    (shop {}) lib/cart.ex:{}: Shop.Cart.handle_cast/2"
CHILD = "Child Shop.Endpoint of Supervisor Shop.Supervisor failed to start\n"

PAIRS = (
    same(
        "a number in a message",
        message("disk 7 is full"),
        message("disk 12 is full"),
        "Bots change a number in a request, and each number was an issue.",
        "bugsink/bugsink#237",
    ),
    same(
        "an id that a mail server adds to each answer",
        error("python", thrown("SMTPDataError", GMAIL % "4g8hXn02sfzZywjG")),
        error("python", thrown("SMTPDataError", GMAIL % "a83kd9Qq1LmzP0xT")),
        "Letters and digits mixed are an id: 5,000 issues and 5,000 mails came from one blocked mail.",
        "bugsink/bugsink#380",
    ),
    same(
        "a hash in a path",
        error("python", thrown("FileNotFoundError", "No such file: '/ingestion/67eed793eee14712a1fdd90b8f0497bf'")),
        error("python", thrown("FileNotFoundError", "No such file: '/ingestion/0ab4d793eee14712a1fdd90b8f041111'")),
        "The file that is missing is another each time, the mistake is not.",
        "bugsink/bugsink#255",
    ),
    same(
        "the address of an object",
        error("python", thrown("ConnectionError", POOL % "0x7f05d6383400")),
        error("python", thrown("ConnectionError", POOL % "0x7f1e22aa9910")),
        "An address in memory differs in every process; each day was a new issue.",
        "cal-itp/data-infra#2777",
    ),
    same(
        "times of day, before and after noon",
        message(LIVE % "11:57:57 a. m."),
        message(LIVE % "12:18:17 p. m."),
        "A time is a parameter with all that belongs to it.",
        "getsentry/sentry#31492",
    ),
    same(
        "keys with numbers and dates",
        message(GATE % ("123456", "2023, 5, 2, 23, 25")),
        message(GATE % ("99", "2023, 5, 3, 0, 10, 31")),
        "Values beside keys are parameters; a date has one number more when it has seconds.",
        "getsentry/sentry#49681",
    ),
    same(
        "a duration that was measured, as Go and Java write it",
        message("gave up after 1m30.5s, of PT1M30.5S"),
        message("gave up after 12h0m0.25s, of PT15M"),
        "How long something took is another each time; several units without a blank between them are one duration.",
        "zombocom/rack-timeout#68",
    ),
    same(
        "a date as in mails, and its time zone",
        message("feed not changed since Mon, 02 Jan 2006 15:04:05 GMT"),
        message("feed not changed since Tue, 13 Jun 2023 03:00:59 GMT"),
        "Dates come in many forms; those with names of days and months are dates, too.",
        "getsentry/sentry#65574",
    ),
    same(
        "an ISO date with and without fractions",
        message("lease ended 2026-11-29T01:10:06.507156Z"),
        message("lease ended 2026-11-29 02:15:00+01:00"),
        "It is one parameter in all of its spellings.",
        "getsentry/sentry#65574",
    ),
    same(
        "a uuid",
        message("Zulip server auth failure: f2f03a60-6cb5-4b2e-9d2e-0c7e2d1e9a11 is not registered"),
        message("Zulip server auth failure: 0b1c2d3e-1111-4222-8333-444455556666 is not registered"),
        "Who is not registered is a parameter.",
        "zulip/zulip-mobile#3864",
    ),
    same(
        "addresses of a network, with and without a port",
        message("connect to 10.0.3.7:5432 refused"),
        message("connect to 10.0.3.115:5432 refused"),
        "Which of the machines refused is a parameter.",
        "bugsink/bugsink#448",
    ),
    same(
        "IPv4 and IPv6",
        message("too many requests from 203.0.113.7"),
        message("too many requests from 2001:db8::1"),
        "Both are addresses.",
        "bugsink/bugsink#448",
    ),
    same(
        "a URL",
        message("GET https://api.example/orders/4711?expand=lines failed"),
        message("GET https://api.example/carts/12/lines failed"),
        "Without a stack the text is all that groups; its URLs would make as many issues.",
        "getsentry/sentry-javascript#2210",
    ),
    same(
        "a mail address",
        message("no account for jane@example.com"),
        message("no account for joe.doe+shop@mail.example.org"),
        "Who has no account is a parameter.",
        "getsentry/sentry#107808",
    ),
    same(
        "a duration with its unit",
        error("javascript", thrown("AxiosError", "timeout of 20000ms exceeded")),
        error("javascript", thrown("AxiosError", "timeout of 950ms exceeded")),
        "A number with a short unit at it is a number.",
        "getsentry/sentry#67076",
    ),
    same(
        "a list of ids",
        message("no stock for [1, 2, 3]"),
        message("no stock for [17]"),
        "How many they are is no other mistake.",
        "bugsink/bugsink#448",
    ),
    different(
        "words differ",
        message("could not delete space"),
        message("namespace not found"),
        "The text is all that there is; two texts are two issues.",
        "fabric8-services/fabric8-wit#2288",
    ),
    different(
        "one word differs beside a number",
        message("disk 7 is full"),
        message("disk 7 is slow"),
        "Only parameters are taken out.",
        "getsentry/sentry#3229",
    ),
    same(
        "the lines below the first",
        message("migration failed\nDETAIL: key (a) of shard one"),
        message("\n  migration failed\nDETAIL: key (b) of shard two, with a longer text"),
        "The first line that is not blank says what happened; details follow below it.",
        "netlify/build#1216",
    ),
    same(
        "a template with other parameters",
        logged("no stock for %s in %s", "blue chair", "Oslo"),
        logged("no stock for %s in %s", "lamp", "Rome"),
        "A logger that keeps the parameters beside the template tells exactly what they are.",
        "benoitc/gunicorn#203",
        "LibraryOfCongress/concordia#9",
    ),
    different(
        "the same text by two templates",
        logged("cache %s is down", "eu"),
        logged("cache eu is %s", "down"),
        "Two lines of the program wrote it.",
        "getsentry/sentry-dotnet#125",
    ),
    same(
        "a logger that puts the parameters in itself",
        logged("group 17 was not made"),
        logged("group 4 was not made"),
        "A template that came without parameters is a text: an f-string made it.",
        "discord/access#634",
    ),
    same(
        "template and parameters as Raven sends them",
        {
            "platform": "python",
            "sentry.interfaces.Message": {"message": "hello from %s", "params": ["'x'"]},
            "level": 40,
        },
        {
            "platform": "python",
            "sentry.interfaces.Message": {"message": "hello from %s", "params": ["'y'"]},
            "level": 40,
        },
        "Old clients name it otherwise, and mean the same.",
        "getsentry/sentry-java#40",
    ),
    same(
        "a message with and without its stack",
        message("Performed with care"),
        message("Performed with care", threads={"values": [{"stacktrace": {"frames": [at("shop", "pay")]}}]}),
        "Whether the SDK attached a stack is a switch of the SDK, and no other problem.",
        "getsentry/sentry-native#1097",
        "department-of-veterans-affairs/vets-website#15468",
    ),
    different(
        "two messages of one logger",
        message(
            "disk is full", threads={"values": [{"current": True, "stacktrace": {"frames": [at("log", "error")]}}]}
        ),
        message("fan is slow", threads={"values": [{"current": True, "stacktrace": {"frames": [at("log", "error")]}}]}),
        "All messages come through the same lines of a logging library; the text tells them apart.",
        "getsentry/sentry-java#534",
        "getsentry/sentry-java#504",
    ),
    different(
        "two messages of a browser with the same stack",
        error("javascript", thrown(None, "queue is slow", at("report", "send"), mechanism={"synthetic": True})),
        error("javascript", thrown(None, "queue is gone", at("report", "send"), mechanism={"synthetic": True})),
        "JavaScript sends a message with its stack as an exception that has no type; it is a message.",
        "getsentry/sentry-java#3246",
    ),
    different(
        "rejections without a stack",
        error("javascript", thrown("UnhandledRejection", "Non-Error promise rejection captured with value: closed")),
        error("javascript", thrown("UnhandledRejection", "Non-Error promise rejection captured with value: timeout")),
        "Without a stack the type alone would be one issue for everything.",
        "getsentry/sentry-javascript#890",
        "snapotter-hq/SnapOtter#611",
    ),
    same(
        "other users, tags, environments, releases, levels",
        message("disk is full", user={"id": "1"}, tags={"a": "b"}, environment="dev", release="1.0", level="info"),
        message("disk is full", user={"id": "2"}, tags={"a": "c"}, environment="prod", release="2.0", level="fatal"),
        "Whose it is and where it runs is shown within the issue.",
        "getsentry/sentry#64354",
        "getsentry/sentry#24061",
    ),
    same(
        "the same error on two pages",
        error("php", thrown("ErrorException", "Undefined index", at(None, "render")), transaction="/cart"),
        error("php", thrown("ErrorException", "Undefined index", at(None, "render")), transaction="/home"),
        "The page is where it was met, not what it is.",
        "getsentry/sentry#1499",
    ),
    different(
        "why two processes of Elixir have ended",
        message("GenServer #PID<0.326.0> terminating\n** (KeyError) key :a not found", platform="elixir"),
        message("GenServer #PID<0.326.0> terminating\n** (stop) :tcp_closed", platform="elixir"),
        "All that a program's processes die of was one issue; the line behind tells them apart.",
        "getsentry/sentry-elixir#723",
        "appcues/exsentry#17",
    ),
    same(
        "another process of Elixir that has ended so",
        message(
            "GenServer #PID<0.326.0> terminating\n** (KeyError) key :a not found\n    (shop 1.0.0)", platform="elixir"
        ),
        message(
            "GenServer #PID<0.41.0> terminating\n** (KeyError) key :a not found\n    (shop 1.0.1)", platform="elixir"
        ),
        "Processes are numbered as they come.",
        "getsentry/sentry-elixir#723",
    ),
    different(
        "why two connections of Erlang have ended",
        message(f"{RANCH}{{closed,[{{ranch_ssl,accept_ack,2,[{{line,115}}]}}]}}", platform="erlang"),
        message(f"{RANCH}\n{{function_clause,[{{lists,zip,\n  [[transport,peer],[]]}}]}}", platform="erlang"),
        "Why a connection ended stands in the next line, where Ranch breaks its lines.",
        "ninenines/ranch#88",
        "ninenines/cowboy#1004",
    ),
    same(
        "another state of a server of Erlang that has ended so",
        message(SERVER.format("{lease,15000}", "172.16.178.64_bench_conn_81759", "277"), platform="erlang"),
        message(SERVER.format("{lease,\n   []}", "jane", "281"), platform="erlang"),
        "The state, arguments and lines differ each time; the reason and the first function of the stack don't.",
        "emqx/emqx#2588",
    ),
    different(
        "why two state machines have ended",
        message(MACHINE.format("exit:timeout"), platform="erlang"),
        message(MACHINE.format("error:function_clause"), platform="erlang"),
        "The reason stands below the state.",
        "erlang-lager/lager#471",
        "ninenines/ranch#187",
    ),
    different(
        "why two requests to Phoenix have failed",
        message(REQUEST.format(404, "GET /carts", "KeyError"), platform="elixir"),
        message(REQUEST.format(404, "GET /carts", "MatchError"), platform="elixir"),
        "Whatever failed in a request was one issue of its endpoint; the reason stands below the request's address.",
        "appcues/exsentry#17",
        "elixir-ecto/db_connection#119",
    ),
    same(
        "another request to Phoenix that has failed so",
        message(REQUEST.format(404, "GET /carts", "KeyError"), platform="elixir"),
        message(REQUEST.format(17, "POST /users/jane", "KeyError"), platform="elixir"),
        "The page is where it was met, not what it is.",
        "appcues/exsentry#17",
    ),
    different(
        "why two children of a supervisor could not be started",
        message(f"{CHILD}** (exit) :eaddrinuse\nStart Call: :ranch.start()", platform="elixir"),
        message(f"{CHILD}** (exit) an exception was raised:\n    ** (KeyError) key :port", platform="elixir"),
        "The reason stands in the next line, that of an exception in the one below.",
        "getsentry/sentry-elixir#478",
    ),
    different(
        "why a call of Elixir has failed",
        message("** (exit) exited in: :sys.get_state(#PID<0.859.0>)\n    ** (EXIT) time out", platform="elixir"),
        message("** (exit) exited in: :sys.get_state(#PID<0.9.0>)\n    ** (EXIT) no process", platform="elixir"),
        "The first line says which call it was; why it failed stands in the next.",
        "elixir-ecto/db_connection#127",
    ),
    same(
        "an end that the SDK for Elixir makes a template of, in two releases",
        logged(MADE.format("{:bad_order, 4711}", "1.0.0", 23), "#PID<0.326.0>", platform="elixir"),
        logged(MADE.format("{:bad_order, 17}", "1.0.1", 25), "#PID<0.41.0>", platform="elixir"),
        "It is no line of the program: the values of the reason, and the stack with versions and lines, stand in it.",
        "getsentry/sentry-elixir#723",
    ),
)
