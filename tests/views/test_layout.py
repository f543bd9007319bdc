"""Lines and tables in a width: what gives way, what is kept, and how it is broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.model.text import cells
from qwen_orch.views.blocks import GAP, Bar, Line, Row, Span, Table, exact, line, row
from qwen_orch.views.wrapping import clipped, wrapped
from tests.views.reading import painted


def test_words_go_on_below_set_in_by_the_hang() -> None:
    assert painted([line("one two three four", indent=2, hang=3)], 12) == "  one two\n     three\n     four\n"


def test_a_long_word_is_broken_where_it_must_be() -> None:
    assert painted([line("ab " + "x" * 25)], 10) == "ab xxxxxxx\nxxxxxxxxxx\nxxxxxxxx\n"


def test_a_word_that_fits_the_next_line_is_not_broken() -> None:
    assert painted([line("abc defghij")], 8) == "abc\ndefghij\n"


def test_exact_text_keeps_breaks_and_spaces() -> None:
    assert painted([line(exact("if x:\n    y\n\n\tz"), indent=2)], 20) == "  if x:\n      y\n\n      z\n"


def test_a_span_is_one_line_with_single_spaces() -> None:
    assert Span(" a\n\n b\t\tc ").text == " a b c "


def test_of_too_many_lines_the_last_ends_in_an_ellipsis() -> None:
    assert painted([line("one two three four five", most=2)], 9) == "one two\nthree …\n"
    assert painted([line("one two three four five", most=1)], 9) == "one two…\n"


def test_wide_characters_take_two_columns() -> None:
    assert painted([line("計画を読む")], 5) == "計画\nを読\nむ\n"
    assert painted([line("計画を読む", most=1)], 6) == "計画…\n"


def test_an_empty_line() -> None:
    assert painted([GAP]) == "\n"


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (80, ["  ━━━━━━━━━━━━━━━───────────────  50 %  12 of 24 tasks"]),
        (40, ["  ━━━━━━━━────────  50 %  12 of 24 tasks"]),
        (28, ["  ━━──  50 %  12 of 24 tasks"]),
        (27, ["  50 %  12 of 24 tasks"]),
        (14, ["  50 %  12 of", "  24 tasks"]),
    ],
)
def test_a_bar_is_as_long_as_there_is_room(width: int, shown: list[str]) -> None:
    assert painted([Bar(0.5, Span.of("50 %  12 of 24 tasks"))], width).splitlines() == shown


TABLE = Table(
    (row("task-1", "A long title that is long", "2h"), row("task-22", "Short", "10h")),
    ("ID", "TITLE", "EST"),
    1,
    right=(2,),
)


def test_columns_are_as_wide_as_what_they_hold() -> None:
    assert painted([TABLE]).splitlines() == [
        "  ID       TITLE                      EST",
        "  task-1   A long title that is long   2h",
        "  task-22  Short                      10h",
    ]


def test_the_flexible_column_gives_way() -> None:
    assert painted([TABLE], 40).splitlines() == [
        "  ID       TITLE                     EST",
        "  task-1   A long title that is lo…   2h",
        "  task-22  Short                     10h",
    ]


def test_where_it_is_narrow_the_last_column_makes_room() -> None:
    """And the first is kept longest: a title can be asked for by it."""
    assert painted([TABLE], 30).splitlines()[1:] == ["  task-1   A long title…    2h", "  task-22  Short           10h"]
    assert painted([TABLE], 28).splitlines()[1:] == ["  task-1   A long title tha…", "  task-22  Short"]
    assert painted([TABLE], 15).splitlines()[1:] == ["  task-1   A l…", "  task-22  Sho…"]


def test_where_it_is_narrow_and_the_flexible_column_has_nothing() -> None:
    table = Table((row("task-1", "", "waits for task-2", "2h"),), flexible=1)
    assert painted([table], 20) == "  task-1  waits…  2h\n"


def test_a_column_without_content_vanishes() -> None:
    table = Table((row("a", "", "b"),), ("X", "EMPTY", "Y"))
    assert painted([table]) == "  X  Y\n  a  b\n"


def test_a_wrapped_cell_goes_on_below_itself() -> None:
    table = Table((row("key", "one two three"), row("k", "four")), wrap=True)
    assert painted([table], 14) == "  key  one two\n       three\n  k    four\n"


def test_depth_sets_the_flexible_cell_in() -> None:
    table = Table((row("1", "top"), row("2", "part", depth=1)), flexible=1)
    assert painted([table]) == "  1  top\n  2    part\n"


def test_a_single_cell_takes_the_whole_row() -> None:
    table = Table((Row((Span("A heading that is wide"),)), row("1", "x")))
    assert painted([table]) == "A heading that is wide\n  1  x\n"


def test_a_table_of_nothing_is_nothing() -> None:
    assert painted([Table((), ("A", "B"))]) == ""


@given(st.lists(st.text(), max_size=4), st.integers(1, 30))
def test_clipped_text_fits(texts: list[str], width: int) -> None:
    pieces = clipped([exact(t) for t in texts], width)
    assert sum(cells(p.text) for p in pieces) <= width


@given(
    st.lists(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from(" \n計😀")), max_size=4),
    st.integers(2, 30),
)
def test_wrapping_fits_and_loses_nothing_but_spaces(texts: list[str], width: int) -> None:
    spans = [exact(t) for t in texts]
    lines = wrapped(spans, width, width)
    assert all(sum(cells(p.text) for p in pieces) <= width for pieces in lines)
    together = "".join(p.text for pieces in lines for p in pieces)
    assert solid(together) == solid("".join(s.text for s in spans))


def solid(text: str) -> str:
    """Return *text* without spaces and line breaks."""
    return text.replace(" ", "").replace("\n", "")


@pytest.mark.parametrize(
    "text", ["x" * 1_000_000, "計" * 300_000, "a\u0301" * 300_000, "\u0301" * 300_000, "a b " * 200_000]
)
def test_a_huge_text_is_cut_quickly(text: str) -> None:
    assert len(painted([Line((Span(text),), most=3)])) < 3 * 80 * 10
