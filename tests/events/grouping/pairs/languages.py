"""What languages, browsers and bundlers make up in the names of a stack."""

from typing import Any

from tests.events.grouping.pairs.building import Json, at, different, error, in_file, same, thrown


def web(path: str, function: str | None, value: str = "x is undefined", **more: Any) -> Json:
    return error("javascript", thrown("TypeError", value, in_file(f"https://shop.example{path}", function, **more)))


CART = "https://shop.example/cart.js"


def node(function: str, path: str = "/srv/shop/cart.mjs") -> Json:
    return error("node", thrown("TypeError", "x", in_file(path, function)))


def java(module: str, function: str) -> Json:
    own = at("com.shop.Cart", "pay")
    return error("java", thrown("RestException", "entry not found", own, at(module, function)))


def ruby(function: str) -> Json:
    return error("ruby", thrown("NoMethodError", "x", in_file("app/models/cart.rb", function)))


def php(function: str) -> Json:
    return error("php", thrown("ErrorException", "x", in_file("/src/Cart.php", function)))


def panic(*starting: str) -> Json:
    """Return what the SDK for Rust sends: of what starts a thread it takes for the library's what is called so."""
    outermost = [at(None, name, in_app=not name.startswith("std::")) for name in starting]
    return error("native", thrown("panic", "x", *outermost, at(None, "pump::work")))


GCC_STARTS, LLVM_STARTS = ("__clone3", "start_thread"), ("thread_start", "_pthread_start")
GCC_CALLS = "void std::__invoke_impl<void, void (*)(int), int>(std::__invoke_other, void (*&&)(int), int&&)"
LLVM_CALLS = "void* std::__1::__thread_proxy<std::__1::tuple<void (*)(int), int> >(void*)"


def crash(*starting: str) -> Json:
    """Return a crash of a native program, whose SDK doesn't say whose a frame is."""
    outermost = [at(None, name, in_app=None) for name in starting]
    return error("native", thrown("SIGSEGV", "x", *outermost, at(None, "shop::pay(int)", in_app=None)))


def art(function: str) -> Json:
    """Return a frame of Android's runtime in the stack of another language."""
    package = "/apex/com.android.art/lib64/libart.so"
    return at(None, function, in_app=None, package=package, platform="native")


PAIRS = (
    same(
        "the hash of a bundle",
        web("/assets/execution-rate-limit-BxKf3dQa.js", "loadCart"),
        web("/assets/execution-rate-limit-C9wLm0tZ.js", "loadCart"),
        "The hash rotates on every build; each deployment opened a new issue.",
        "UsefulSoftwareCo/executor#1781",
    ),
    same(
        "the number and hash of a chunk",
        web("/static/js/1.067e1ae5.chunk.js", "exports"),
        web("/static/js/2.9ab01cd2.chunk.js", "exports"),
        "webpack numbers chunks anew.",
        "UsefulSoftwareCo/executor#1781",
    ),
    same(
        "the hash of esbuild",
        web("/build/_index-Z4BF3OJZ.js", "breakTheWorld"),
        web("/build/_index-LZBJRJJE.js", "breakTheWorld"),
        "Eight capital letters and digits; some have no digit.",
        "getsentry/sentry#52231",
    ),
    same(
        "with a hash and without",
        web("/main.3f2a1bc9.js?v=3", "loadCart"),
        web("/main.js", "loadCart"),
        "Another bundler, or another setting of it.",
        "getsentry/sentry-javascript-bundler-plugins#680",
    ),
    different(
        "two bundles",
        web("/assets/cart-BxKf3dQa.js", "load"),
        web("/assets/home-BxKf3dQa.js", "load"),
        "What stays of the name tells them apart.",
        "UsefulSoftwareCo/executor#1781",
    ),
    same(
        "minified names",
        web("/br.js", "r"),
        web("/br.js", "Lf"),
        "A minifier gives names of one or two letters, and others with the next build.",
        "ddbj/submission-mss#1592",
    ),
    different(
        "minified names with another value",
        web("/br.js", "r", "Cannot read properties of undefined (reading 'length')"),
        web("/br.js", "r", "Cannot read properties of undefined (reading 'price')"),
        "A stack of minified names tells nothing; then the value counts.",
        "getsentry/sentry#10235",
    ),
    different(
        "short names of a program that nobody minified",
        node("up"),
        node("go"),
        "On a server two letters are a name.",
        "ddbj/submission-mss#1592",
    ),
    same(
        "a receiver",
        node("Object.loadCart"),
        node("Cart.prototype.loadCart"),
        "Engines put another object before the name; the name is after the last dot.",
        "getsentry/sentry#13121",
    ),
    same(
        "async and new before a name",
        node("async Cart.load"),
        node("load"),
        "V8 says how it was called.",
        "getsentry/sentry#13121",
    ),
    same(
        "what the name was called as",
        node("Function.executeUserEntryPoint [as runMain]"),
        node("executeUserEntryPoint"),
        "Old and new Node write the same function so.",
        "getsentry/sentry#13121",
    ),
    same(
        "functions without a name",
        web("/app.js", "?"),
        web("/app.js", "<anonymous>"),
        "One parser writes a question mark, another a word.",
        "getsentry/sentry-javascript#5523",
        "getsentry/sentry-javascript#10732",
    ),
    same(
        "functions without a name, in Firefox and Chrome",
        web("/app.js", "load/<"),
        web("/app.js", None),
        "Firefox names a function by what is around it.",
        "getsentry/sentry#13121",
    ),
    same(
        "the class of a lambda",
        java("com.shop.Cart$$Lambda$30/2081171245", "run"),
        java("com.shop.Cart$$Lambda$31/0x0000000800d4c3f8", "run"),
        "The virtual machine numbers them at run time.",
        "getsentry/sentry-java#134",
    ),
    different(
        "two lambdas of a method",
        java("com.shop.Cart", "lambda$onCreate$0"),
        java("com.shop.Cart", "lambda$onCreate$1"),
        "The compiler numbers them: one is one button, the other another.",
        "getsentry/sentry#23791",
    ),
    same(
        "a list that is walked, in Chrome and in Safari",
        error("javascript", thrown("TypeError", "x", in_file(CART, "a.pay"), in_file("<anonymous>", "Array.map"))),
        error("javascript", thrown("TypeError", "x", in_file(CART, "pay"), in_file("[native code]", "forEach"))),
        "Each engine tells its own functions in its own way, or not at all.",
        "opslane/opslane#258",
    ),
    same(
        "a class of Guice",
        java("com.shop.Cart$$EnhancerByGuice$$8e9c1f2a", "pay"),
        java("com.shop.Cart$$EnhancerByGuice$$1234567", "pay"),
        "Guice numbers its classes at run time, too.",
        "getsentry/sentry#21645",
    ),
    same(
        "a class of CGLIB",
        java("com.shop.Cart$$EnhancerBySpringCGLIB$$d8e73a30", "pay"),
        java("com.shop.Cart$$EnhancerBySpringCGLIB$$53576dae", "pay"),
        "It is made in each process.",
        "getsentry/sentry-java#796",
    ),
    same(
        "an accessor",
        java("sun.reflect.GeneratedMethodAccessor72", "invoke"),
        java("sun.reflect.GeneratedMethodAccessor2408", "invoke"),
        "Reflection numbers what it generates.",
        "getsentry/sentry#6514",
    ),
    same(
        "a proxy",
        java("com.sun.proxy.$Proxy15555", "rename"),
        java("com.sun.proxy.$Proxy12", "rename"),
        "Likewise.",
        "getsentry/sentry#6514",
    ),
    same(
        "a class of Javassist",
        java("com.shop.FooService_$$_javassist_seam_42", "rename"),
        java("com.shop.FooService_$$_javassist_seam_7", "rename"),
        "17 issues were made of one fault.",
        "getsentry/sentry#8165",
    ),
    same(
        "a proxy of Hibernate",
        java("com.shop.Cart$HibernateProxy$SzXDkaYB", "getId"),
        java("com.shop.Cart$HibernateProxy$pQ81mBdd", "getId"),
        "Its name is chance.",
        "getsentry/sentry-java#698",
    ),
    same(
        "a block of Ruby, inside another or not",
        ruby("block (2 levels) in pay"),
        ruby("block in pay"),
        "It is code of that method, however deep.",
        "getsentry/sentry-ruby#142",
    ),
    same(
        "a callback of Rails",
        ruby("block (2 levels) in _run__2109190449403382248__process_action__3309038383008110490__callbacks"),
        ruby("block (2 levels) in _run__1109190449403382241__process_action__2309038383008110491__callbacks"),
        "Its name has numbers of the process in it.",
        "getsentry/sentry-ruby#142",
    ),
    same(
        "a template of Rails",
        ruby("block in _cart_json_jbuilder__1111111111111111_222222222222"),
        ruby("block in _cart_json_jbuilder___3333333333333_444444444444"),
        "A negative number has one underscore more.",
        "getsentry/sentry#47289",
    ),
    same(
        "a nameless class of PHP 7",
        php("class@anonymous/home/shop/cart.php0x7f9697eb2405::run"),
        php("class@anonymous/home/shop/cart.php0x7f76c7628065::run"),
        "Its name has a file and an address in it.",
        "getsentry/sentry-php#955",
        "getsentry/sentry#16463",
    ),
    same(
        "a nameless class of PHP 8",
        php("class@anonymous/home/shop/cart.php:3$3e0a7::run"),
        php("class@anonymous/home/shop/cart.php:5$9f1::run"),
        "Its name has a file and a line in it.",
        "getsentry/sentry-php#1314",
    ),
    different(
        "two methods of nameless classes",
        php("class@anonymous/home/shop/cart.php:3$3e0a7::run"),
        php("class@anonymous/home/shop/cart.php:3$3e0a7::stop"),
        "The method stays.",
        "getsentry/sentry-php#955",
    ),
    same(
        "the hash of a Rust function",
        error("rust", thrown("Panic", "x", at(None, "gl::Gl::CompileShader::hbb46546882ad6265"))),
        error("rust", thrown("Panic", "x", at(None, "gl::Gl::CompileShader::h18931bbc7b159946"))),
        "The compiler adds one for each version of a crate.",
        "rust-lang/backtrace-rs#3",
    ),
    same(
        "a panic in the first thread and in another",
        panic("_start", "__libc_start_main_impl", "main", "std::rt::lang_start::{{closure}}"),
        panic("<unknown>", "clone3", "start_thread", "std::sys::pal::unix::thread::Thread::new::thread_start"),
        "What the system starts a thread with is no part of the program, though the SDK for Rust calls it so.",
        "getsentry/sentry-rust#386",
    ),
    same(
        "a crash in a thread of C++, with GCC's library and a sanitizer, and with LLVM's",
        crash(*GCC_STARTS, "asan_thread_start", "execute_native_thread_routine", GCC_CALLS),
        crash(*LLVM_STARTS, LLVM_CALLS),
        "What the libraries run before a thread does is no part of the program, nor what their templates return.",
        "getsentry/sentry#27994",
        "getsentry/sentry#27880",
    ),
    same(
        "another version of the system below a program in React Native",
        error("javascript", thrown("Error", "x", in_file("app:///cart.js", "pay"), art("art::Invoke"))),
        error("javascript", thrown("Error", "x", in_file("app:///cart.js", "pay"), art("art::InvokeWithArgs"))),
        "A frame that tells a platform of its own is read by that: this one is of the system.",
        "getsentry/sentry#51072",
        "getsentry/sentry#61572",
    ),
)
