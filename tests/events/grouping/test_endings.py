"""Why a process of Erlang or Elixir has ended: texts as OTP 25, Elixir, plug_cowboy and Ranch write them."""

import pytest

from events.meaning.grouping import RULES
from events.meaning.grouping.endings import MOST_LINES, READ, why_ended
from events.meaning.grouping.parameters import without_parameters
from events.meaning.shapes import Subject

STACK = "\n    (shop 1.0.0) lib/cart.ex:23: Shop.Cart.handle_cast/2\nLast message: {:pay, 7}\nState: %{a: 1}"
NO_PROCESS = "exited in: GenServer.call(Shop.Stock, {:take, 7}, 5000)\n    ** (EXIT) no process"
CALL = "exited in: GenServer.call(Shop.Stock, {:take, *}, *)"
REQUEST = "\nServer: shop.example:80 (http)\nRequest: GET /carts/jane?a=1\n"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("GenServer Shop terminating\n** (stop) :tcp_closed", "GenServer Shop terminating ** (stop) :tcp_closed"),
        (
            ":gen_statem #PID<0.221.0> terminating\n** (FunctionClauseError) no function clause matching in A.b/1",
            ":gen_statem #PID<*> terminating ** (FunctionClauseError) no function clause matching in A.b/*",
        ),
        (
            ":gen_event handler Ev installed in #PID<0.134.0> terminating\n** (stop) shutdown: :x",
            ":gen_event handler Ev installed in #PID<*> terminating ** (stop) shutdown: :x",
        ),
        (
            "Task #PID<0.136.0> started from Shop.Cart terminating\n** (stop) {:nocatch, :ball}",
            "Task #PID<*> started from Shop.Cart terminating ** (stop) {:nocatch, :ball}",
        ),
        (
            f"GenServer Shop terminating\n** (stop) {NO_PROCESS}",
            f"GenServer Shop terminating ** (stop) {CALL} ** (EXIT) no process",
        ),
        *(
            (
                f"{which} {how}\n** (exit) :tcp_closed\nPid: #PID<0.9.0>\nStart Call: A.b()",
                f"{left} {how} ** (exit) {why}",
            )
            for which, left, why in [
                ("Child :kid of Supervisor Shop.Top", "Child :kid of Supervisor Shop.Top", ":tcp_closed"),
                ("Child of Supervisor #PID<0.1.0> (A)", "Child of Supervisor #PID<*> (A)", ":tcp_closed"),
                ("Children :a of Supervisor Shop.Top", "Children :a of Supervisor Shop.Top", ":tcp_closed"),
            ]
            for how in ("terminated", "failed to start", "caused shutdown", "shut down abnormally")
        ),
        (
            "Child A of Supervisor B failed to start\n** (exit) shutdown: failed to start child: C\n  ** (EXIT) :busy",
            "Child A of Supervisor B failed to start ** (exit) shutdown: failed to start child: C ** (EXIT) :busy",
        ),
        (
            f"#PID<0.4326.0> running Shop.Endpoint (connection #PID<0.1.0>, stream id 1) terminated{REQUEST}"
            "** (exit) an exception was raised:\n    ** (KeyError) key :a not found",
            "#PID<*> running Shop.Endpoint (connection #PID<*>, stream id *) terminated "
            "** (exit) an exception was raised: ** (KeyError) key :a not found",
        ),
        (
            "Ranch protocol :error (:cowboy_protocol) of listener Example.Router.HTTP terminated\n** (exit) :undef",
            "Ranch protocol :error (:cowboy_protocol) of listener Example.Router.HTTP terminated ** (exit) :undef",
        ),
        (
            "Ranch protocol #PID<0.1.0> of listener A (connection #PID<0.2.0>, stream id 1) terminated\n"
            "an exception was raised:\n    ** (KeyError) key :a not found",
            "Ranch protocol #PID<*> of listener A (connection #PID<*>, stream id *) terminated "
            "an exception was raised: ** (KeyError) key :a not found",
        ),
        (
            "Ranch protocol #PID<0.1.0> of listener A (connection) terminated\n:closed\n    ** (x)",
            "Ranch protocol #PID<*> of listener A (connection) terminated :closed",
        ),
        (f"** (exit) {NO_PROCESS}", f"** (exit) {CALL} ** (EXIT) no process"),
        (NO_PROCESS, f"{CALL} ** (EXIT) no process"),
    ],
)
def test_why_a_process_of_elixir_has_ended(text: str, left: str) -> None:
    assert without_parameters(text) == left
    assert without_parameters(f"\n{text}{STACK}") == left
    assert without_parameters(text.replace("\n", "\r\n")) == left


A_STACK = '[{shop,pay,2,\n         [{file,"shop.erl"},{line,46}]},\n    {gen_server,try_dispatch,4,[]}]'
IN_ONE = A_STACK.replace("\n", "").replace(" ", "")
STATE = "\n** Last message in was {'$gen_cast',{take,7}}\n** When Server state == #{a => 1,\n                  b => 2}"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            f"** Generic server <0.113.0> terminating {STATE}\n** Reason for termination ==\n** {{badarg,{A_STACK}}}\n",
            "** Generic server <*> terminating {badarg,[{shop,pay",
        ),
        (
            f"** Generic server shop terminating {STATE}\n** Reason for termination == \n** killed\n\n=INFO",
            "** Generic server shop terminating killed",
        ),
        (
            "** State machine test_module terminating\n** Last event = {state_timeout,timeout_event}\n"
            "** When server state  = [{data,\n  []}]\n** Reason for termination = exit:timeout\n** Callback mode = x",
            "** State machine test_module terminating exit:timeout",
        ),
        (
            "** State machine <0.1.0> terminating \n** When State == active\n**      Data  == {state,1}\n"
            "** Reason for termination =\n** killed",
            "** State machine <*> terminating killed",
        ),
        (
            "** gen_event handler ev crashed.\n** Was installed in <0.1.0>\n** Last event was: x\n"
            f"** When handler state == 1\n** Reason == {{bad,{A_STACK}}}",
            "** gen_event handler ev crashed. {bad,[{shop,pay",
        ),
        (
            "** Task <0.96.0> terminating\n** Started from <0.121.0>\n** When function  == #Fun<a.1.4834739>\n"
            "**      arguments == []\n** Reason for termination == \n"
            f"** {{#{{'__struct__' =>\n      'Elixir.RuntimeError'}},{A_STACK}}}",
            "** Task <*> terminating {#{'__struct__' => 'Elixir.RuntimeError'},[{shop,pay",
        ),
        (
            f"Error in process <0.9.0> with exit value:\n{{{{badmatch,7}},\n {A_STACK}}}\n",
            "Error in process <*> with exit value: {{badmatch,*},[{shop,pay",
        ),
        (
            f"Error in process <0.9.0> on node 'a@b' with exit value: {{undef,{A_STACK}}}",
            "Error in process <*> on node 'a@b' with exit value: {undef,[{shop,pay",
        ),
        *(
            (
                "Ranch listener https had connection process started with cowboy_protocol:start_link/4 at <0.27049.9> "
                f'exit with reason: {blank}{{closed,[{{ranch_ssl,accept_ack,2,[{{file,"a.erl"}}]}},{{b,c,4,[]}}]}}',
                "Ranch listener https had connection process started with cowboy_protocol:start_link/* at <*> "
                "exit with reason: {closed,[{ranch_ssl,accept_ack",
            )
            for blank in ("", "\n")
        ),
        (
            "Ranch listener http, connection process <0.1.0>, stream 1 had its request process <0.2.0> exit with "
            'reason badarg and stacktrace [{shop,pay,[1,<<"jane">>],[{line,7}]}]',
            "Ranch listener http, connection process <*>, stream * had its request process <*> exit with reason "
            "badarg and stacktrace [{shop,pay",
        ),
        (
            "Ranch listener error: [A.HTTP, #PID<0.1.0>, 3, #PID<0.2.0>, {{{:badmatch, 7}, "
            '[{Shop.Cart, :pay!, 1, [file: ~c"cart.ex", line: 7]}]}, %{host: "shop.example"}}]',
            "Ranch listener error: [A.HTTP, #PID<*>, *, #PID<*>, {{{:badmatch, *}, [{Shop.Cart, :pay!",
        ),
        *(
            (
                f"    {keys[0]} {{local,shop_sup}}\n    {keys[1]}  child_terminated\n    {keys[2]} {{{{badmatch,\n"
                f"       7}},{A_STACK}}}\n    {keys[3]} [{{pid,<0.129.0>}},\n      {{id,kid}}]\n",
                f"{keys[0]} {{local,shop_sup}} child_terminated {{{{badmatch,*}},[{{shop,pay",
            )
            for keys in [
                ("supervisor:", "errorContext:", "reason:", "offender:"),
                ("Supervisor:", "Context:", "Reason:", "Offender:"),
            ]
        ),
        (
            "supervisor: {<0.1.0>,a}\n    errorContext: start_error\n    reason: closed\n    offender: [{pid,1}]",
            "supervisor: {<*>,a} start_error closed",
        ),
        (
            "  crasher:\n    initial call: shop:init/1\n    pid: <0.1.0>\n    registered_name: []\n"
            "    exception exit: {bad,\n                        7}\n      in function  shop:pay/2 (shop.erl, line 5)\n"
            "      in call from gen_server:try_dispatch/4 (gen_server.erl, line 1123)\n    ancestors: [<0.9.0>]",
            "crasher: initial call: shop:init/* exit: {bad,*} in function  shop:pay/*",
        ),
        (
            "crasher:\n    pid: <0.1.0>\n    exception error: undefined function a:b/0\n    ancestors: [a]",
            "crasher: error: undefined function a:b/*",
        ),
    ],
)
def test_why_a_process_of_erlang_has_ended(text: str, left: str) -> None:
    assert without_parameters(text) == left
    assert without_parameters(f"=ERROR REPORT==== 4-May-2018::18:28:52 ===\n{text}") == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            f"Generic server <0.79.0> terminating. Reason: {{badarg,{IN_ONE}}}. Last message: {{pay,7}}. State: 1.",
            "Generic server <*> terminating {badarg,[{shop,pay",
        ),
        (
            "Generic server shop terminating. Reason: {bad,7}. Last message: {'$gen_cast',a}. State: #{a => b}.",
            "Generic server shop terminating {bad,*}",
        ),
        (
            f"State machine <0.1.0> terminating. Reason: closed. Stack: {IN_ONE}. Last event: a. State: {{a,1}}.",
            "State machine <*> terminating closed",
        ),
        (
            "Generic event handler 'Elixir.Ev' crashed. Installed: <0.1.0>. Last event: a. State: 1. Reason: {ball,7}.",
            "Generic event handler 'Elixir.Ev' crashed {ball,*}.",
        ),
        (
            "Supervisor: {<0.1.0>,top}. Context: child_terminated. Reason: closed. Offender: id=kid,pid=<0.2.0>.",
            "Supervisor: {<*>,top}. Context: child_terminated closed",
        ),
        (
            f"crasher: initial call: shop:init/1, pid: <0.1.0>, registered_name: [], error: {{badarg,{IN_ONE}}}, a: []",
            "crasher: initial call: shop:init/* error: {badarg,[{shop,pay",
        ),
        (
            "crasher: initial call: shop:init/1, pid: <0.1.0>, registered_name: a, exit: closed, ancestors: [b]",
            "crasher: initial call: shop:init/* exit: closed",
        ),
    ],
)
def test_why_a_process_of_erlang_has_ended_in_one_line(text: str, left: str) -> None:
    assert without_parameters(text) == left


def test_the_template_that_the_sdk_for_elixir_makes_is_a_text() -> None:
    head, release = "GenServer %s terminating: ** (stop) ", "\n    (shop 1.0.{0}) lib/cart.ex:2{0}: Shop.Cart.pay/1"
    ends = [
        Subject(template=f"{head}{why}{release.format(line)}", has_params=True)
        for why, line in [("{:bad, 7}", 1), ("{:bad, 12}", 2), ("exited in: A.b()\n    ** (EXIT) time out", 1)]
    ]

    assert [RULES[0].default(end) for end in ends] == [
        ["message", f"{head}{{:bad, *}}"],
        ["message", f"{head}{{:bad, *}}"],
        ["message", f"{head}exited in: A.b() ** (EXIT) time out"],
    ]
    assert RULES[0].default(Subject(template="GenServer %s is 7", has_params=True)) == ["message", "GenServer %s is 7"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n", "GenServer Shop terminating", "GenServer Shop terminating\nb\n", "Process 7 terminating\nb: c"),
        *("Child 7 terminated\nb", "Task deploy terminating\n{ }", "Tasks terminating\n** (a) b", "#PID<7> terminated"),
        *(
            "** Generic server shop terminating",
            "** Task a terminating\n** Reason for terminat",
            "** Task a\n** Reason ==",
        ),
        *(
            "Error in process a: b\nc",
            "Error in process <0.1.0> with exit value:\n\n{ }\n",
            "Ranch listener http\nis up",
        ),
        *(
            "Supervisor: jane. She is in.",
            "State machine a. It has a reason.",
            "crasher: a, b",
            "supervisor: jane\nerrorContext: night\nshift: b",
            "crasher: a\nno exception",
            "crashed\n    exception exit: a",
        ),
    ],
)
def test_another_text_is_no_end(text: str) -> None:
    assert why_ended(text) == ""


def test_a_banner_is_looked_for_in_a_few_lines() -> None:
    head, why = "GenServer Shop terminating", "** (stop) :closed"

    assert why_ended(head + "\n" * (MOST_LINES - 1) + why) == f"{head} {why}"
    assert why_ended(head + "\n" * (MOST_LINES + 1) + why) == ""


def test_the_state_of_a_process_may_stand_before_the_reason() -> None:
    head, why = "** Generic server shop terminating", "\n** Reason for termination ==\n** killed"

    state = "\n** When Server state == " + "a,\n  " * 1_000

    assert why_ended(head + state + why) == f"{head} killed"
    assert why_ended(head + state + "a" * READ + why) == ""


def test_a_digit_more_moves_no_line() -> None:
    """Erlang breaks its lines where they are full."""
    one, other = (
        f"Error in process <0.9.0> with exit value:\n{{{{a,{value}}},{A_STACK}}}" for value in ("7", "\n  77")
    )

    assert without_parameters(one) == without_parameters(other)
