"""On a terminal a finding shows its line, with a caret under what is wrong."""

from __future__ import annotations

from click import unstyle

from tierops.model import Position, Problem, Severity
from tierops.output import source


def caret(text: str, line: int, column: int, file: str = "a.yaml") -> list[str]:
    problem = Problem("schema", "wrong", Position("a.yaml", line, column), severity=Severity.WARNING)
    return [unstyle(one) for one in source.quoted(problem, {file: source.lines(text.encode())})]


def test_the_caret_is_below_the_column() -> None:
    assert caret("a: 1\r\n  name: VIP: Gold\n", 2, 9) == ["     2 |   name: VIP: Gold", "       |         ^"]


def test_wide_and_invisible_characters_move_it() -> None:
    assert caret("名: 'x'\n", 1, 4) == ["     1 | 名: 'x'", "       |     ^"]
    assert caret("\tname: x\n", 1, 2) == ["     1 | \\tname: x", "       |   ^"]
    assert caret("\ufeffa: b\n", 1, 4) == ["     1 | a: b", "       |    ^"]


def test_a_long_line_is_shown_around_the_place() -> None:
    shown, below = caret("x" * 500 + "!" + "y" * 500, 1, 501)
    assert shown == "     1 | …" + "x" * 60 + "!" + "y" * 79 + "…"
    assert shown[below.index("^")] == "!"


def test_without_such_a_line_nothing_is_shown() -> None:
    assert caret("a: 1\n", 9, 1) == []
    assert caret("a: 1\n", 1, 1, file="b.yaml") == []
    assert caret("\n\n", 1, 1) == []


def test_what_is_no_text_is_shown_as_such() -> None:
    assert source.lines(b"a: \xff\n") == ["a: \ufffd", ""]
