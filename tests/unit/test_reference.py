"""The reference page says what the code does."""

from node.reference import PAGE, write_page


def test_the_page_is_what_the_code_would_write() -> None:
    expected = "\n".join(write_page()) + "\n"
    assert PAGE.read_text(encoding="utf-8") == expected, "run `make docs`"
