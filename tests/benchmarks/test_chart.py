"""The chart."""

from xml.etree import ElementTree

from benchmarks.chart import NAME_HEIGHT, apart, draw, duration

SVG = "{http://www.w3.org/2000/svg}"


def test_stands_equal_factors_at_equal_distances() -> None:
    root = ElementTree.fromstring(draw("Time", {"floor": [(1, 0.001), (10, 0.01), (1_000, 1.0)]}))

    dots = [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in root.iter(f"{SVG}circle")]
    (left, low), (middle, between), (right, high) = dots
    assert abs((right - middle) - 2 * (middle - left)) < 1
    assert abs((between - high) - 2 * (low - between)) < 1
    assert left < right
    assert high < low  # downwards is more in SVG


def test_names_each_line_and_escapes_what_it_says() -> None:
    root = ElementTree.fromstring(draw("A < B", {"floor": [(1, 0.5)], "HTTP": [(1, 0.6)]}))

    assert root.findtext(f"{SVG}title") == "A < B"
    assert {"floor", "HTTP"} <= {text.text for text in root.iter(f"{SVG}text")}


def test_keeps_names_apart_that_would_overlap() -> None:
    assert apart([100, 101, 200]) == [100, 100 + NAME_HEIGHT, 200]
    assert apart([101, 100]) == [100 + NAME_HEIGHT, 100]


def test_writes_times_in_their_own_units() -> None:
    assert [duration(power) for power in (-6, -4, -3, -1, 0, 2)] == ["1 µs", "100 µs", "1 ms", "100 ms", "1 s", "100 s"]
