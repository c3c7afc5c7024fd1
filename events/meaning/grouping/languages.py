"""What each language makes up in its stacks, and which files are not the program's own.

Every pattern here meets text that a stranger sent: each reads it once, from left to right. A quantifier is possessive
(`++`; a group is atomic, `(?>...)`, as Python matched possessive groups wrongly until 3.11.5), or what follows it can't
begin like what it repeats.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from events.meaning.shapes import Frame

LONGEST_NAME = 255  # of a file: no system has longer ones


def _as_it_is(name: str) -> str:
    return name


def base_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2][:LONGEST_NAME]


@dataclass(frozen=True, slots=True)
class Language:
    """How names are freed of what is made up, and whose a frame is when the SDK doesn't say."""

    not_own_paths: re.Pattern[str] | None = None  # of a path with "/" before it, and between its parts
    not_own_modules: tuple[str, ...] = ()  # how their names begin
    is_own_function: Callable[[str], bool] | None = None
    module: Callable[[str], str] = _as_it_is
    file: Callable[[str], str] = base_name  # from a path
    function: Callable[[str], str] = _as_it_is
    type: Callable[[str], str] = _as_it_is  # of an exception
    reporting: re.Pattern[str] | None = (
        None  # functions that tell of an error: they ran after it, whatever the SDK says
    )
    starting: re.Pattern[str] | None = None  # functions that start a program or a thread: outermost, whatever it does
    is_made_up: Callable[[Frame], bool] | None = None  # whether a frame is there with one engine, and not with another

    def is_own(self, frame: Frame) -> bool:
        """Whether the frame is of the program, and not of a library or of the language."""
        if self.not_own_modules and frame.module.startswith(self.not_own_modules):
            return False
        if self.is_own_function is not None and not self.is_own_function(frame.function):
            return False
        path = frame.abs_path or frame.filename or frame.package
        return self.not_own_paths is None or not self.not_own_paths.search("/" + path.replace("\\", "/"))


# ---------------------------------------------------------------------------------------------------------------------
# JavaScript
# ---------------------------------------------------------------------------------------------------------------------

_WORD_OF_A_FILE = re.compile(r"[A-Za-z0-9]++")
_LAST_WORD_OF_A_FILE = re.compile(r"(?<=[^.])[.-]([A-Za-z0-9_-]{8})(?=(?:\.[cm]?[jt]sx?)?\Z)")
_HASH_OF_NUXT = re.compile(r"\A[A-Za-z0-9_-]{8}(?=\.[cm]?js\Z)")  # which calls a file by nothing else
_GAP_IN_A_FILE = re.compile(r"[._~-]{2,}+")


def _javascript_file(path: str) -> str:
    """Return the name of a file without a bundler's hashes and numbers: `main.3f2a1bc9.js`, `index-DiwrgTda.js`."""
    path = path.partition("?")[0].partition("#")[0]
    name = base_name(path)
    if "." not in name and path.startswith(("http://", "https://")):
        return ""  # a page, with the script in it: /carts/jane
    if path.endswith(f"/_nuxt/{name}"):
        name = _HASH_OF_NUXT.sub("", name)
    return _without_hashes(name)


@lru_cache(maxsize=512)  # the frames of a stack are of few files
def _without_hashes(name: str) -> str:
    name = _LAST_WORD_OF_A_FILE.sub(lambda found: "" if _is_random(found[1]) else found[0], name)
    name = _WORD_OF_A_FILE.sub(lambda found: "" if _is_made_up(found[0]) else found[0], name)
    return _GAP_IN_A_FILE.sub(lambda found: found[0][-1], name).strip("._~-")


def _javascript_module(name: str) -> str:
    directory, slash, file = name.rpartition("/")
    return directory + slash + _javascript_file(file)


def _is_made_up(word: str) -> bool:
    """Whether a word of a file's name is a hash, or the number of a part."""
    digits = sum(map(str.isdigit, word))
    if digits == 0:
        return len(word) == 8 and word.isupper()  # esbuild's: A-Z and 2-7
    if digits == len(word):
        return True
    if len(word) >= 6 and not word.strip("0123456789abcdef"):
        return True
    return len(word) >= 8 and (digits > 1 or word != word.lower())


def _is_random(word: str) -> bool:
    """Whether eight letters and digits at the end of a name are a hash: of those in base64 some have no digit."""
    upper = sum(map(str.isupper, word))
    lower = sum(map(str.islower, word))
    return min(upper, lower) > (1 if upper + lower == len(word) else 0)


def _javascript_function(name: str) -> str:
    """Take out what differs between browsers: `async Object.foo [as bar]`, `new Foo`, `promise callback*foo`."""
    name = name.partition(" [")[0].partition(" (")[0]
    if name.endswith((" code", "<")) or name.startswith("?") or name == "Anonymous function":
        return ""  # Safari's "global code"; Firefox's "foo/<", a nameless function within foo; Hermes' "?anon_0_"
    return name[max(map(name.rfind, " .*/")) + 1 :]


_OF_AN_ENGINE = {"[native code]", "native code", "eval code", "<anonymous>"}  # as files


def _is_of_an_engine(frame: Frame) -> bool:
    """Whether some browsers tell a frame of their own: of `Array.map`, or of a script that was evaluated."""
    return frame.function == "eval" or base_name(frame.filename) in _OF_AN_ENGINE


def _web_function(name: str) -> str:
    name = _javascript_function(name)
    return _web_type(name)


def _web_type(name: str) -> str:
    return "" if len(name) <= 2 else name  # a minifier gave it that name, and gives another next time


# ---------------------------------------------------------------------------------------------------------------------
# Others
# ---------------------------------------------------------------------------------------------------------------------

# What the virtual machine or a library numbers at run time; what stands before `()` stays. The compiler's own numbers
# (`lambda$work$1`, `Foo$2`) stay, too: they are the same in every run of a build, and tell two functions apart.
_MADE_UP_BY_JAVA = re.compile(
    r"""
      \$\$Lambda () [$/] .*+                  # $$Lambda$30/2081171245
    | CGLIB () \$\$ [0-9a-fA-F_]++            # Shop$$EnhancerBySpringCGLIB$$d8e73a30
    | CGLIB\$[A-Za-z]++ () \$ \d++ \Z         # CGLIB$pay$5
    | Accessor () \d++                       # GeneratedMethodAccessor72
    | \$Proxy () \d++
    | \$\$_javassist () [0-9a-z_]++
    | \$\$_jvst () [0-9a-f_]++
    | \$HibernateProxy () \$ \w++
    | \$ByteBuddy () \$ \w++
    | \$MockitoMock () \$ \w++
    | ByGuice () \$\$ [0-9a-fA-Fx]++
    | ForCodegenStage () \d++                 # Spark
    | \$\$\$view () \d++                     # WildFly
    | \Ajdk\.proxy () \d++ (?=\.)
    | () /0x[0-9a-f]++ \Z                     # a hidden class
    | \AScript () \d++ \Z                    # Groovy
    | \$(?:fn__|reify__|eval) () \d++        # Clojure
    """,
    re.VERBOSE | re.ASCII | re.DOTALL,
)


def _java_name(name: str) -> str:
    return _MADE_UP_BY_JAVA.sub(lambda found: name[found.start() : found.end(found.lastindex or 0)], name)


_BLOCK_IN_RUBY = re.compile(r"\A(?>(?:(?:block|rescue|ensure)(?: \(\d++ levels?\))? in )+)")
_NUMBERS_IN_RUBY = re.compile(
    r"(?>(?:(?<!_)_++\d{4,}+)+)", re.ASCII
)  # of a template or callback: _show_html_erb__2109_7040


_NAMELESS_IN_RUBY = re.compile(r"(?<=#<)(Class|Module):0x[0-9a-f]++", re.ASCII)


def _ruby_function(name: str) -> str:
    return _NUMBERS_IN_RUBY.sub("_", _BLOCK_IN_RUBY.sub("", _ruby_type(name)))


def _ruby_type(name: str) -> str:
    return _NAMELESS_IN_RUBY.sub(r"\1", name)


_NAMELESS_CLASS_IN_PHP = re.compile(r"(?<=@anonymous)(?>(?:(?!::).)+)", re.DOTALL)
_CONTAINER_OF_SYMFONY = re.compile(r"\AContainer[A-Za-z0-9]{7}(?=\\)", re.ASCII)
_LINE_OF_A_CLOSURE_IN_PHP = re.compile(r":\d++(?=\})", re.ASCII)


def _php_function(name: str) -> str:
    """Take the file and line out: `class@anonymous/srv/shop.php:3$3e0a7::run`, `{closure:Shop::pay():12}`."""
    return _LINE_OF_A_CLOSURE_IN_PHP.sub(
        "", _NAMELESS_CLASS_IN_PHP.sub("", _CONTAINER_OF_SYMFONY.sub("Container", name))
    )


_A_CELL = re.compile(r"\A<cell line: \d++>\Z", re.ASCII)
_FILE_OF_A_CELL = re.compile(r"\A<ipython-input-.*|.*/ipykernel_\d++/\d++\.py\Z", re.ASCII | re.DOTALL)


def _python_function(name: str) -> str:
    return _A_CELL.sub("", name)


def _python_file(path: str) -> str:
    """Take the numbers out that a notebook gives its cells, anew each time that they run."""
    return "<ipython-input>" if _FILE_OF_A_CELL.match(path.replace("\\", "/")) else base_name(path)


# Of a lambda that was compiled at run time, of Castle's proxies, of Entity Framework's.
_MADE_UP_BY_DOTNET = re.compile(r"(?<=\Alambda_method)\d++\Z|(?<=Proxy)_\d++\Z|_[0-9A-F]{64}\Z", re.ASCII)


def _dotnet_name(name: str) -> str:
    return _MADE_UP_BY_DOTNET.sub("", name)


_PLACE_OF_A_CLOSURE_IN_PERL = re.compile(r"(?<=__ANON__)\[[^\[\]]*+\]\Z")


def _perl_function(name: str) -> str:
    return _PLACE_OF_A_CLOSURE_IN_PERL.sub("", name)


# Of Debian, of others' systems, of perlbrew, of Strawberry; what Carton and local::lib install is in lib/perl5, too.
_PERL_LIBRARIES = re.compile(
    r"/(?:share|lib)/(?:[^/]*+/)?(?:perl5/|perl/5\.|perl-base/)|/(?:site|vendor)_perl/|/perls/[^/]*+/lib/"
    r"|\A/[A-Za-z]:/(?:[^/]*+/)?[Pp]erl(?:64)?/(?:(?:site|vendor)/)?lib/"
)


# The libraries of C++ and Rust; what a method is of may stand in brackets. Programs in C++ call namespaces of their own
# `core` and `alloc`, too: Rust's are known by their modules.
_MODULES_OF_RUST = (
    "alloc|any|array|ascii|asserting|async_iter|bool|borrow|boxed|bstr|cell|char|clone|cmp|collections|const_closure|convert"
    "|core_arch|core_simd|default|error|escape|f(?:16|32|64|128)|ffi|fmt|future|hash|hint|intrinsics|iter|marker|mem|net"
    "|num|ops|option|panic|panicking|pin|ptr|range|raw_vec|rc|result|slice|str|string|sync|task|time|tuple|ub_checks"
    "|unicode|vec|wtf8"
)
_NATIVE_LIBRARIES = re.compile(rf"<*+(?:std::|(?:core|alloc)::(?:{_MODULES_OF_RUST})::|__rust_)")
_INNERMOST_OF_A_TEMPLATE = re.compile(r"<[^<>]*+>")
_DEEPEST = 20  # templates within templates


@lru_cache(maxsize=512)  # the frames of a stack are of few functions
def _is_own_natively(name: str) -> bool:
    return _NATIVE_LIBRARIES.match(name if name.startswith("<") else _without_its_result(name)) is None


def _without_its_result(name: str) -> str:
    """Return the name of a function without what it returns, which C++ writes before that of a template."""
    name = name.partition(" [")[0].replace("(anonymous namespace)", "").replace("->", "")
    for _ in range(_DEEPEST):
        left = _INNERMOST_OF_A_TEMPLATE.sub("", name)
        if left == name:
            break
        name = left
    return name.partition("(")[0].partition("operator")[0].strip().rpartition(" ")[2]


# What a panic runs, from the language's handler to the SDK's; the SDK knows only some of its own crates.
_REPORTING_IN_RUST = re.compile(
    r"<?sentry_(?:panic|anyhow|backtrace|core|debug_images|log|slog|tracing)::|(?:__rustc::)?_*+rust_begin_unwind\Z"
)
# What runs before a program or a thread does: of Linux, Android, Apple's systems, Windows; of the libraries of C++
# (LLVM's with a mangled name, too), Boost, sanitizers and Go. As programs call functions of their own `start`, too,
# those are none but at the very start. What a function takes may stand behind its name.
_STARTING = re.compile(
    r"(?:_++start|_*+libc_start_(?:main(?:_impl|_stage2)?|call_main)(?:@.*)?|__libc_init|_*+start_thread"
    r"|_++pthread_start|_pthread_body|_*+(?:GI_++)?clone(?:3|_internal)?|_*+start_wqthread|_++pthread_wqthread"
    r"|BaseThreadInitThunk|_*+RtlUserThreadStart|__scrt_common_main(?:_seh)?|invoke_main|w?(?:main|WinMain)CRTStartup"
    r"|thread_start<.*|execute_native_thread_routine(?:_compat)?"
    r"|(?:void ?\* ?)?std::(?:__\w++::)?__thread_proxy(?:[\[<].*)?"
    r"|_ZNSt(?:\d__[A-Za-z0-9]{1,4}?)?L?14__thread_proxy.*|boost::(?:\(anonymous namespace\)::)?thread_proxy"
    r"|asan_thread_start|__asan::AsanThread::ThreadStart|__tsan_thread_start_func"
    r"|runtime\.(?:goexit|main|mstart[01]?|rt0_go)(?:\.abi0)?)(?:\(.*)?|(?P<first>start|thread_start)",
    re.DOTALL,
)
_HASH_IN_RUST = re.compile(r"::h[0-9a-f]{16}\Z")


def _rust_function(name: str) -> str:
    return _HASH_IN_RUST.sub("", name)


_JAVASCRIPT_LIBRARIES = re.compile(
    r"/node_modules/|\A/(?:node:|internal/|native |<anonymous>)|\[native code\]|extension://|/webpack/(?:bootstrap|runtime)"
)

# Where the platform is missing or unknown: these folders say by themselves whose they are.
OTHER = Language(not_own_paths=re.compile(r"/(?:site|dist)-packages/|/node_modules/|/gems/"))
NODE = Language(
    not_own_paths=_JAVASCRIPT_LIBRARIES,
    module=_javascript_module,
    file=_javascript_file,
    function=_javascript_function,
)
# What a compiler of C++ names otherwise in each build: a nameless namespace, a lambda, a part that it moved away.
_MADE_UP_NATIVELY = re.compile(
    r"(?:\(anonymous namespace\)|`anonymous namespace'|\?A0x[0-9a-f]{8})::|(?<=lambda_)[0-9a-f]{7,}+(?:_\d++)?"
    r"|(?P<parts>(?>(?: \[clone [^\[\]]*+\]|\.(?:cold|isra|constprop|part|lto_priv|llvm)(?:\.\d++)?)+))",
    re.ASCII,
)


def _native_function(name: str) -> str:
    def made_up(found: re.Match[str]) -> str:
        # Only the end of a name is. With \Z in the pattern, each part of a row in its middle would be read as a start.
        return found[0] if found["parts"] and found.end() < len(name) else ""

    return _rust_function(_MADE_UP_NATIVELY.sub(made_up, name))


# Of a frame without a file it is the library that tells: of Linux, Android, Apple's systems, Windows.
NATIVE = Language(
    not_own_paths=re.compile(
        r"\A//(?:usr/(?:local/)?)?lib(?:32|64|x32)?/|\A//(?:System|system|apex|vendor|product)/|/Xcode\.app/"
        r"|\A/[A-Za-z]:/[Ww](?:indows|INDOWS)/|/rustc/|/\.cargo/"
    ),
    function=_native_function,
    is_own_function=_is_own_natively,
    starting=_STARTING,
    reporting=_REPORTING_IN_RUST,  # the SDK for Rust calls its platform "native"
)
LANGUAGES: Mapping[str, Language] = {
    "python": Language(
        not_own_paths=re.compile(
            r"/(?:site|dist)-packages/|/lib/python[\d.]|/python[\d.]*+/lib/|\A/<frozen ", re.IGNORECASE
        ),
        file=_python_file,
        function=_python_function,
    ),
    "node": NODE,
    "javascript": replace(NODE, function=_web_function, type=_web_type, is_made_up=_is_of_an_engine),
    "ruby": Language(
        not_own_paths=re.compile(r"/gems/|/lib/ruby/|\A/<internal:"), function=_ruby_function, type=_ruby_type
    ),
    "java": Language(
        not_own_modules=(
            *("java.", "javax.", "jdk.", "sun.", "com.sun.", "kotlin.", "kotlinx.", "scala.", "groovy.", "clojure."),
            *("android.", "androidx.", "com.android.", "dalvik."),
        ),
        module=_java_name,
        function=_java_name,
        type=_java_name,
    ),
    "php": Language(
        not_own_paths=re.compile(r"/vendor/|\A/\[internal\]"),
        module=_php_function,
        function=_php_function,
        type=_php_function,
    ),
    # The first part of a path in Go's own `src` has no dot, that of a program in a GOPATH has one.
    "go": Language(not_own_paths=re.compile(r"/pkg/mod/|/vendor/|/go(?:-[\d.]++)?/src/(?![^/.]*+\.)")),
    "csharp": Language(not_own_modules=("System.", "Microsoft."), module=_dotnet_name, function=_dotnet_name),
    "perl": Language(not_own_paths=_PERL_LIBRARIES, function=_perl_function),
    "rust": Language(
        not_own_paths=re.compile(r"/rustc/|/\.cargo/"),
        is_own_function=_is_own_natively,
        function=_rust_function,
        reporting=_REPORTING_IN_RUST,
        starting=_STARTING,
    ),
    **dict.fromkeys(("native", "c", "cocoa", "objc"), NATIVE),
}


def of_platform(platform: str) -> Language:
    """Return the language of a platform as an event names it; one that nobody knows makes no name up."""
    return LANGUAGES.get(platform, OTHER)
