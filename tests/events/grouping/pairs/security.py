"""What browsers report of a page's Content-Security-Policy."""

from tests.events.grouping.pairs.building import blocked, different, same

PAIRS = (
    different(
        "evaluated scripts",
        blocked("eval", sample="(function injected(eventName, injectedIn"),
        blocked("eval", sample="var shop = new Function('return 1')"),
        "An ad blocker's script, and one of the page: whoever ignored one ignored both.",
        "getsentry/sentry#31508",
    ),
    same(
        "the same evaluated script on another page",
        blocked("eval", sample="(function injected(eventName, injectedIn"),
        blocked(
            "eval", sample="(function injected(eventName, injectedIn", **{"document-uri": "https://shop.example/home"}
        ),
        "The page is where it was met.",
        "getsentry/sentry#31508",
    ),
    different(
        "inline scripts",
        blocked("inline", sample="window.shop = {}"),
        blocked("inline", sample="alert(document.cookie)"),
        "The sample is all that tells one from another.",
        "w3c/webappsec-csp#197",
    ),
    different(
        "inline and evaluated",
        blocked("inline"),
        blocked("eval"),
        "One needs unsafe-inline, the other unsafe-eval.",
        "w3c/webappsec#52",
        "getsentry/sentry#81539",
    ),
    same(
        "another file of the same host",
        blocked("https://cdn.cookielaw.org/a.js", "script-src-elem"),
        blocked("https://cdn.cookielaw.org/b/c.js?x=1", "script-src-elem"),
        "A policy names hosts.",
        "getsentry/sentry#53368",
    ),
    different(
        "another host",
        blocked("https://cdn.cookielaw.org/a.js"),
        blocked("https://www.google-analytics.com/analytics.js"),
        "Two hosts to allow or not.",
        "getsentry/sentry#53368",
    ),
    different(
        "another directive",
        blocked("https://cdn.example/a", "script-src"),
        blocked("https://cdn.example/a", "img-src"),
        "Two lines of the policy.",
        "getsentry/sentry#729",
    ),
    same(
        "a directive with its sources, as old browsers send it",
        blocked("https://cdn.example/a", "script-src"),
        blocked(
            "https://cdn.example/a", "", **{"violated-directive": "script-src 'self' https://*.hotjar.com data: blob:"}
        ),
        "The first word is the directive.",
        "report-uri/report-uri-bugs#114",
    ),
)
