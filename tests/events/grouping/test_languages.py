"""Names in stacks without what is made up, and whose a frame is (contract 7.6, 3)."""

import pytest

from events.meaning.grouping.languages import LONGEST_NAME, of_platform
from events.meaning.grouping.places import crashing, places, type_of
from events.meaning.shapes import Frame

FUNCTIONS = {
    "javascript": {
        **{"loadCart": "loadCart", "Object.loadCart": "loadCart", "Cart.prototype.load": "load", "new Cart": "Cart"},
        **{"async Cart.load": "load", "async*load": "load", "promise callback*load": "load", "get total": "total"},
        **{"Function.execute [as run]": "execute", "Array.forEach (<anonymous>)": "forEach", "window.onload": "onload"},
        **{"Anonymous function": ""},
        **{"null.<anonymous>": "", "Object.<anonymous>": "", "?": "", "<anonymous>": "", "load/<": "", "?anon_0_": ""},
        **{"global code": "", "r": "", "Lf": "", "e.t": "", "$_": "", "new t": "", "": ""},
    },
    "node": {"up": "up", "Object.up": "up", "async go": "go", "null.<anonymous>": "", "Module._extensions..js": "js"},
    "ruby": {
        **{"pay": "pay", "block in pay": "pay", "block (2 levels) in pay": "pay", "rescue in block in pay": "pay"},
        **{
            "_cart_erb__1234567_890123": "_cart_erb_",
            "_cart_erb___1234567_890123": "_cart_erb_",
            "__init__": "__init__",
        },
        **{"<main>": "<main>", "block in <main>": "<main>", "step_2": "step_2"},
        **{"#<Class:0x00007f8b1c0a2b38>#pay": "#<Class>#pay", "block in #<Module:0x0f>.pay": "#<Module>.pay"},
    },
    "java": {"lambda$pay$1": "lambda$pay$1", "CGLIB$pay$5": "CGLIB$pay", "pay": "pay", "apply$mcV$sp": "apply$mcV$sp"},
    "php": {
        **{"class@anonymous/srv/a.php:3$0::run": "class@anonymous::run", "{closure:A::b():12}": "{closure:A::b()}"},
        **{"App\\Cart::pay": "App\\Cart::pay", "{closure}": "{closure}"},
        **{
            "ContainerAbC12xY\\App_Kernel::get": "Container\\App_Kernel::get",
            "Container\\Cart::a": "Container\\Cart::a",
        },
    },
    "rust": {"a::b::hbb46546882ad6265": "a::b", "a::hello": "a::hello"},
    "native": {
        **{"a::b::hbb46546882ad6265": "a::b", "(anonymous namespace)::a": "a", "b::`anonymous namespace'::a": "b::a"},
        **{"?A0xc3a0617d::crash": "crash", "<lambda_5db80dab47756d3e>::operator()": "<lambda_>::operator()"},
        **{
            "a.cold.1": "a",
            "a.cold.b": "a.cold.b",
            "a.part.0.isra.0": "a",
            "a [clone .cold]": "a",
            "a.b": "a.b",
            "": "",
        },
    },
    "python": {"<module>": "<module>", "<lambda>": "<lambda>", "r": "r", "?": "", "<cell line: 3>": ""},
    "csharp": {"lambda_method12": "lambda_method", "Pay2": "Pay2"},
    "perl": {"Shop::__ANON__[/srv/a.pl:12]": "Shop::__ANON__", "Shop::pay": "Shop::pay"},
    "cobol": {"block in pay": "block in pay", "<unknown>": ""},
}
FILES = {
    **{"main.js": "main.js", "main.3f2a1bc9.js": "main.js", "1.067e1ae5.chunk.js": "chunk.js", "app.tsx": "app.tsx"},
    **{"index-DiwrgTda.js": "index.js", "index-Bx_3fK2a.js": "index.js", "useQuery.js": "useQuery.js"},
    **{"page-1a2b3c4d5e6f7a8b.js": "page.js", "polyfills-LZBJRJJE.js": "polyfills.js", "UserCard.js": "UserCard.js"},
    **{"cart.js?v=12#top": "cart.js", "cart.js?from=/a/b": "cart.js", "a/b\\cart.mjs": "cart.mjs", "3f2a1bc9.js": "js"},
    **{"oauth2client.js": "oauth2client.js", "jquery-3.6.0.min.js": "jquery.min.js", "e2e.js": "e2e.js", "4711": ""},
    **{"_nuxt/Abc12_-x.js": "js", "_nuxt/cart-Bx_3fK2a.js": "cart.js", "carts/jane": "", "jane.html": "jane.html"},
    **{"index.android.bundle": "index.android.bundle", "checkout-shipping.js": "checkout-shipping.js"},
}
MODULES = {
    "javascript": {"assets/main.3f2a1bc9": "assets/main", "src/api/errors": "src/api/errors"},
    "node": {"execution-rate-limit-BxKf3dQa": "execution-rate-limit", "node_app": "node_app"},
    "java": {
        **{"a.B$$Lambda$14": "a.B$$Lambda", "a.B$$Lambda$3/208117": "a.B$$Lambda", "a.B$$Lambda/0x08": "a.B$$Lambda"},
        **{"a.B$$FastClassBySpringCGLIB$$1a": "a.B$$FastClassBySpringCGLIB", "a.B$$SpringCGLIB$$0": "a.B$$SpringCGLIB"},
        **{"a.B_$$_jvst1a2_0": "a.B_$$_jvst", "a.B_$$_javassist_42": "a.B_$$_javassist", "a.B$1": "a.B$1"},
        **{"sun.reflect.GeneratedMethodAccessor72": "sun.reflect.GeneratedMethodAccessor", "$Proxy15": "$Proxy"},
        **{"a.B$ByteBuddy$x1Y": "a.B$ByteBuddy", "a.B$MockitoMock$12": "a.B$MockitoMock", "a$fn__12": "a$fn__"},
        **{"a.B$MockitoMock$12af": "a.B$MockitoMock", "jdk.proxy2.$Proxy15": "jdk.proxy.$Proxy", "jdk.a2": "jdk.a2"},
        **{"a.B$$EnhancerByGuice$$8e9c": "a.B$$EnhancerByGuice", "a.B$$FastClassByGuice$$12": "a.B$$FastClassByGuice"},
        **{"a.B/0x0000000800c0a000": "a.B", "a.LambdaForm$DMH/0x08": "a.LambdaForm$DMH", "a.B$$$view12": "a.B$$$view"},
        **{
            "a.Gen$IteratorForCodegenStage12": "a.Gen$IteratorForCodegenStage",
            "Script12": "Script",
            "MyScript2": "MyScript2",
        },
        **{"a$pay$reify__12": "a$pay$reify__", "user$eval12": "user$eval", "user$evaluate": "user$evaluate"},
    },
    "python": {"shop.cart": "shop.cart", "4711": "4711"},
    "csharp": {
        **{"Castle.Proxies.CartProxy_3": "Castle.Proxies.CartProxy", "Shop.Cart_3": "Shop.Cart_3"},
        **{f"System.Data.Entity.DynamicProxies.Cart_{'0A' * 32}": "System.Data.Entity.DynamicProxies.Cart"},
    },
}
OWN = {
    "python": ("shop/cart.py", "/srv/shop/cart.py", "/home/lib/shop.py", "C:\\shop\\cart.py"),
    "node": ("/srv/cart.mjs", "app:///server.js", "/srv/internal/cart.js"),
    "javascript": ("https://shop.example/main.js", "app:///index.android.bundle"),
    "ruby": ("app/models/cart.rb", "/srv/lib/cart.rb"),
    "php": ("/srv/src/Cart.php",),
    "go": ("/srv/cart/main.go", "/home/jane/go/src/github.com/jane/shop/main.go"),
    "rust": ("src/main.rs",),
    "perl": (
        *("/srv/lib/Cart.pm", "/srv/lib/perl/Cart.pm", "bin/shop.pl", "/home/jane/perl5/Cart.pm", "(eval 12)"),
        *("/srv/local/bin/shop.pl", "C:\\shop\\lib\\Cart.pm"),
    ),
    "cobol": ("/usr/lib/python3.11/json/decoder.py", "/srv/vendor/a.php", "/srv/gems.py", "node_modules.js"),
    "": ("/srv/shop/cart.py", "/srv/gems.py"),
}
NOT_OWN = {
    "python": (
        *("/srv/venv/lib/python3.11/site-packages/requests/api.py", "/usr/lib/python3/dist-packages/a.py"),
        *(
            "/usr/lib/python3.11/json/decoder.py",
            "C:\\Python311\\Lib\\json\\decoder.py",
            "<frozen importlib._bootstrap>",
        ),
    ),
    "node": ("/srv/node_modules/a/b.js", "node_modules/a/b.js", "node:internal/modules/run_main", "internal/loader.js"),
    "javascript": ("webpack:///./node_modules/react/index.js", "chrome-extension://abc/a.js", "[native code]"),
    "ruby": ("/usr/lib/ruby/3.1.0/net/http.rb", "/srv/vendor/bundle/gems/rails-7/a.rb", "<internal:kernel>"),
    "php": ("/srv/vendor/symfony/a.php", "[internal]"),
    "go": ("/usr/local/go/src/net/http/server.go", "/usr/lib/go-1.19/src/runtime/proc.go", "/go/pkg/mod/a/b.go"),
    "perl": (
        *("/usr/share/perl/5.36/Carp.pm", "/usr/share/perl5/Moo.pm", "/usr/lib/x86_64-linux-gnu/perl5/5.36/DBI.pm"),
        *("/usr/lib/x86_64-linux-gnu/perl-base/IO/Handle.pm", "/usr/local/share/perl/5.36.0/Sentry/Raven.pm"),
        *(
            "/usr/local/lib/perl5/site_perl/5.38.2/Moo.pm",
            "/usr/share/perl5/vendor_perl/Moo.pm",
            "local/lib/perl5/Moo.pm",
        ),
        *("/home/jane/perl5/lib/perl5/Moo.pm", "/home/jane/perl5/perlbrew/perls/perl-5.38.0/lib/5.38.0/Carp.pm"),
        *("C:\\Strawberry\\perl\\site\\lib\\Moo.pm", "C:\\Perl64\\lib\\Carp.pm"),
    ),
    "rust": ("/rustc/9fc6b431/library/std/src/panicking.rs", "/build/.cargo/registry/src/serde/lib.rs"),
    **dict.fromkeys(
        ("", "other", "cobol"),
        (
            *("/usr/lib/python3/dist-packages/a.py", "/srv/venv/lib/python3.11/site-packages/requests/api.py"),
            *("C:\\shop\\Lib\\site-packages\\a.py", "node_modules/a/b.js", "/srv/vendor/bundle/gems/rails-7/a.rb"),
        ),
    ),
}
NOT_OWN_MODULES = {
    "java": ("java.util.ArrayList", "kotlin.Result", "android.os.Handler"),
    "csharp": ("System.IO.File",),
}


def each(table: dict[str, dict[str, str]]) -> list[tuple[str, str, str]]:
    return [(platform, name, left) for platform, names in table.items() for name, left in names.items()]


@pytest.mark.parametrize(("platform", "name", "left"), each(FUNCTIONS))
def test_a_function_without_what_is_made_up(platform: str, name: str, left: str) -> None:
    assert places([Frame(filename="cart", function=name)], platform) == [("cart", left)]


@pytest.mark.parametrize(("path", "left"), FILES.items())
@pytest.mark.parametrize("platform", ["javascript", "node"])
def test_a_file_without_what_bundlers_make_up(platform: str, path: str, left: str) -> None:
    assert places([Frame(filename=f"https://shop.example/{path}", function="load")], platform) == [(left, "load")]


@pytest.mark.parametrize(("platform", "name", "left"), each(MODULES))
def test_a_module_without_what_is_made_up(platform: str, name: str, left: str) -> None:
    assert places([Frame(module=name, filename="other", function="load")], platform) == [(left, "load")]


@pytest.mark.parametrize("platform", ["python", "ruby", "cobol", ""])
def test_a_file_is_without_its_directory_and_keeps_its_name(platform: str) -> None:
    frames = [Frame(filename="/srv/a1b2c3d4/cart.3f2a1bc9.py", function="pay")]

    assert places(frames, platform) == [("cart.3f2a1bc9.py", "pay")]


@pytest.mark.parametrize(("platform", "path"), [(p, path) for p, paths in OWN.items() for path in paths])
def test_frames_of_the_program_are_its_own(platform: str, path: str) -> None:
    assert of_platform(platform).is_own(Frame(filename=path))


@pytest.mark.parametrize(("platform", "path"), [(p, path) for p, paths in NOT_OWN.items() for path in paths])
def test_frames_of_libraries_are_not(platform: str, path: str) -> None:
    assert not of_platform(platform).is_own(Frame(filename=path))
    assert not of_platform(platform).is_own(Frame(filename="short.name", abs_path=path))


@pytest.mark.parametrize(("platform", "module"), [(p, name) for p, names in NOT_OWN_MODULES.items() for name in names])
def test_modules_of_the_language_are_not(platform: str, module: str) -> None:
    assert not of_platform(platform).is_own(Frame(module=module))
    assert of_platform(platform).is_own(Frame(module=f"com.shop.{module}"))


@pytest.mark.parametrize(
    ("package", "is_own"),
    [
        *(
            ("/lib/x86_64-linux-gnu/libc.so.6", False),
            ("/usr/lib64/libssl.so.3", False),
            ("/system/lib/libc.so", False),
        ),
        *(("/System/Library/Frameworks/UIKit", False), ("C:\\Windows\\System32\\ntdll.dll", False)),
        *(("/apex/com.android.runtime/lib64/bionic/libc.so", False), ("/usr/bin/shop", True), ("/srv/lib/a.so", True)),
        *(("/data/app/shop-1==/lib/arm64/libshop.so", True), ("C:\\Program Files\\Shop\\shop.exe", True)),
    ],
)
def test_a_library_of_the_system_is_not_the_programs_own(package: str, is_own: bool) -> None:
    for platform in ("native", "cocoa"):
        assert of_platform(platform).is_own(Frame(package=package)) == is_own
        assert of_platform(platform).is_own(Frame(filename="cart.cpp", package=package))


def test_a_library_stands_for_a_function_that_nobody_knows() -> None:
    assert places([Frame(package="/usr/bin/shop"), Frame(package="/srv/libcart.so", function="pay")], "native") == [
        *(("shop", ""), ("", "pay")),
    ]


def test_what_the_sdk_says_of_a_frame_wins() -> None:
    library = "/srv/site-packages/a.py"
    frames = [Frame(filename=library, function="a", in_app=True), Frame(filename="b.py", function="b", in_app=False)]

    assert places(frames, "python") == [("a.py", "a")]
    assert crashing(frames, "python") == frames[0]


def test_all_frames_count_where_none_is_own() -> None:
    frames = [Frame(module="a", function="a", in_app=False), Frame(module="b", function="b", in_app=False)]

    assert places(frames, "python") == [("a", "a"), ("b", "b")]
    assert crashing(frames, "python") == frames[1]
    assert crashing([], "python") is None


def test_each_place_counts_once_where_it_stands_first() -> None:
    a, b, c = (Frame(module=name, function=name) for name in "abc")

    assert places([a, b, a, b, c, b], "python") == [("a", "a"), ("b", "b"), ("c", "c")]
    assert places([Frame(), a, Frame()], "python") == [("a", "a")]


@pytest.mark.parametrize(
    ("platform", "name", "left"),
    [
        ("ruby", "#<Class:0x00007f8b1c0a2b38>", "#<Class>"),
        ("php", "class@anonymous\ufffd/srv/a.php:3$0", "class@anonymous"),
        ("java", "a.PayException$$EnhancerBySpringCGLIB$$d8e7", "a.PayException$$EnhancerBySpringCGLIB"),
        ("javascript", "t", ""),
        ("javascript", "TypeError", "TypeError"),
        ("node", "t", "t"),
        ("python", "E", "E"),
    ],
)
def test_a_type_without_what_is_made_up(platform: str, name: str, left: str) -> None:
    assert type_of(name, platform) == left


@pytest.mark.parametrize("frame", [Frame("", "native code", "map", True), Frame("cart", "", "eval", True)])
def test_a_frame_of_an_engine_tells_nothing_beside_others(frame: Frame) -> None:
    own = Frame("", "cart.js", "pay", True)

    assert places([own, frame], "javascript") == [("cart.js", "pay")]
    assert places([own, frame], "node") != [("cart.js", "pay")]
    assert places([frame], "javascript") != []


def test_a_cell_of_a_notebook_has_another_number_each_time() -> None:
    for path in ("/tmp/ipykernel_12/3456.py", "<ipython-input-3-1a2b>"):
        assert places([Frame(filename=path, function="<module>")], "python") == [("<ipython-input>", "<module>")]


def test_a_name_of_a_file_is_cut() -> None:
    (place,) = places([Frame(filename=f"/srv/{'a' * 1_000}.py", function="pay")], "python")

    assert place == ("a" * LONGEST_NAME, "pay")


REPORTING = (
    *("__rustc::rust_begin_unwind", "rust_begin_unwind", "sentry_panic::panic_handler"),
    *("<sentry_panic::PanicIntegration as sentry_core::integration::Integration>::setup::{{closure}}",),
    "sentry_panic::PanicIntegration::event_from_panic_info",
)


@pytest.mark.parametrize("platform", ["native", "rust"])
def test_what_tells_of_a_panic_is_not_where_it_came_from(platform: str) -> None:
    """The SDK for Rust sends those frames too, as the program's own; each panic came from the SDK else."""
    pump = Frame(filename="main.rs", function="pump::station::work", in_app=True)
    library = Frame(filename="panicking.rs", function="core::panicking::panic_fmt", in_app=False)
    frames = [pump, library, *(Frame(filename="lib.rs", function=name, in_app=True) for name in REPORTING)]

    assert crashing(frames, platform) == pump
    assert places(frames, platform) == [("main.rs", "pump::station::work")]


@pytest.mark.parametrize("name", ["sentry_gun::fire", "sentry::fire", "rust_begin_unwinding", "my::sentry_panic::x"])
def test_a_program_may_have_such_a_name(name: str) -> None:
    frame = Frame(filename="main.rs", function=name, in_app=True)

    assert crashing([frame, Frame(function="f", in_app=False)], "native") == frame


OF_A_THREAD = "<std::tuple<std::unique_ptr<std::__thread_struct>, void (*)(shop::Cart*), shop::Cart*> >"
IN_THE_FIRST_THREAD = ("_start", "__libc_start_main_impl", "__libc_start_call_main", "main", "std::rt::lang_start")
IN_ANOTHER = ("clone3", "start_thread", "std::sys::pal::unix::thread::Thread::new::thread_start")


def started(*names: str) -> list[Frame]:
    """Return the frames of a mistake behind those that started it, as the SDK for Rust tells whose they are."""
    outermost = [Frame(function=name, in_app=not name.startswith("std::")) for name in names]
    return [*outermost, Frame(filename="main.rs", function="pump::work", in_app=True)]


@pytest.mark.parametrize("platform", ["native", "rust", "c", "cocoa"])
@pytest.mark.parametrize(
    "names",
    [
        *(IN_THE_FIRST_THREAD, IN_ANOTHER, IN_THE_FIRST_THREAD[1:], ("_start", "__libc_start_main@@GLIBC_2.34")),
        *(("thread_start", "_pthread_start"), ("__start_thread", "__pthread_start(void*)"), ("start",), ("__clone",)),
        ("RtlUserThreadStart", "BaseThreadInitThunk", "__scrt_common_main_seh", "invoke_main"),
        ("RtlUserThreadStart", "BaseThreadInitThunk", "thread_start<unsigned int (__cdecl*)(void *),1>"),
        ("__clone3", "start_thread", "asan_thread_start", "execute_native_thread_routine"),
        ("_pthread_start", "asan_thread_start(void*)", f"void* std::__1::__thread_proxy{OF_A_THREAD}(void*)"),
        (
            "__start_thread",
            "__pthread_start(void*)",
            f"void* std::__ndk1::__thread_proxy[abi:v15004]{OF_A_THREAD}(void*)",
        ),
        ("thread_start", "_pthread_start", "_ZNSt3__1L14__thread_proxyINS_5tupleIJNS_10unique_ptrEEEEEPvSA_"),
        ("__start_thread", "_ZNSt6__ndk114__thread_proxyINS_5tupleIJNS_10unique_ptrEEEEEPvSA_"),
        ("clone", "start_thread", "boost::(anonymous namespace)::thread_proxy(void*)"),
        ("__asan::AsanThread::ThreadStart(unsigned __int64, struct __sanitizer::atomic_uintptr_t *)",),
        *(("__tsan_thread_start_func", "execute_native_thread_routine"), ("runtime.goexit.abi0", "runtime.main")),
    ],
)
def test_what_starts_a_thread_does_not_count(platform: str, names: tuple[str, ...]) -> None:
    frames = started(*names)

    assert places(frames, platform) == [("main.rs", "pump::work")]
    assert places(frames[:-1], platform) != []  # there is nothing else


@pytest.mark.parametrize(
    "names",
    [
        *(("main",), ("work", "start_thread"), ("start_thread", "thread_start"), ("clone3", "start"), ("restart",)),
        *(("thread_proxy",), ("shop::__thread_proxy",), ("_ZN4shop14__thread_proxyEv",), ("runtime.gopanic",)),
        *(("shop::AsanThread::ThreadStart()",), ("execute_native_thread",)),
    ],
)
def test_a_program_may_have_such_functions_of_its_own(names: tuple[str, ...]) -> None:
    assert places(started(*names), "native")[-2] == ("", names[-1])


def test_a_mistake_where_a_program_starts_is_there() -> None:
    frames = [Frame(function="_start", in_app=True), Frame(function="abort", in_app=False)]

    assert crashing(frames, "native") == frames[1]
    assert crashing(frames[:1], "native") == frames[0]
    assert places(started("_start"), "python") == [("", "_start"), ("main.rs", "pump::work")]


@pytest.mark.parametrize("platform", ["native", "rust", "c"])
@pytest.mark.parametrize(
    ("function", "is_own"),
    [
        *(("std::vector<int>::at", False), ("core::panicking::panic", False), ("__rust_try", False)),
        *(("<alloc::boxed::Box<F> as core::ops::FnOnce<A>>::call_once", False), ("<<std::a as b>::c as d>::e", False)),
        *(
            ("void std::__invoke_impl<void, shop::Cart>(std::__invoke_other, shop::Cart&&)", False),
            ("void* std::__1::f<int>(void*)", False),
            ("unsigned long const& std::max<unsigned long>(int)", False),
            ("void shop::pay<std::string>(std::string)", True),
            ("std::string shop::name<int>(int)", True),
            ("std::vector<std::pair<int, long> > const& shop::all<int>() [clone .cold]", True),
            ("std::string (anonymous namespace)::name<int>(int)", True),
            ("shop::Cart std::__invoke_impl<shop::Cart, shop::Cart (*)(int)>(std::__invoke_other)", False),
            ("std::ostream& std::operator<< <char>(std::ostream&, char)", False),
            *(("std::function<void (int)>::operator()(int) const", False), ("std::at [clone .cold]", False)),
            *(("std::unique_ptr<int>::operator bool() const", False), ("core::ops::Fn<fn(A) -> B>::call", False)),
            ("core::num::<impl core::str::FromStr for u32>::from_str", False),
            *(("core::Engine::tick", True), ("alloc::Pool::grow(int)", True), ("void core::run<int>(int)", True)),
            *(("core::engine::tick", True), ("<core::Cart as std::fmt::Debug>::fmt", True), ("core::opsy::f", True)),
            *(("<core::iter::Map<I,F> as core::iter::Iterator>::fold", False), ("core::f64::f", False)),
            *(("alloc::raw_vec::capacity_overflow", False), ("core::ptr::drop_in_place<shop::Cart>", False)),
            *(("pump::std::work", True), ("stdx::work", True), ("core", True), ("", True)),
            ("<pump::A as std::b>::c", True),
        ),
    ],
)
def test_a_function_of_the_library_is_known_by_its_name(platform: str, function: str, is_own: bool) -> None:
    assert of_platform(platform).is_own(Frame(function=function)) == is_own
    assert of_platform("python").is_own(Frame(function=function))


def test_crashes_in_a_namespace_that_is_called_as_a_library_of_rust_are_different() -> None:
    """All that a program crashes in would be its `main` otherwise: one issue for each signal."""
    start = Frame(function="main")

    assert places([start, Frame(function="core::Renderer::draw")], "native") == [
        ("", "main"),
        ("", "core::Renderer::draw"),
    ]
