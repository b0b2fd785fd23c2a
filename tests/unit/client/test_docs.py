"""What the pages tell people to type is something the command line takes."""

import re
import shlex
from pathlib import Path

import pytest

from sextant.cli.main import COMMANDS, build_parser

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
INLINE = re.compile(r"`(sextant [^`]+)`")
FENCE = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
PLACEHOLDERS = {"INDEX": "0", "HEIGHT": "0", "N": "1", "MS": "1000", "CLAIM": "1"}
ENDS = {">", "|", ";", "&&", "..."}


def commands_in(text: str) -> list[str]:
    """Return every command of a page, fenced or inline."""
    blocks = [block.replace("\\\n", " ") for block in FENCE.findall(text)]
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    fenced = [line.removeprefix("$ ") for line in lines]
    inline = INLINE.findall(FENCE.sub("", text).replace("\n", " "))
    return [line for line in (*fenced, *inline) if line.startswith("sextant ")]


def words_of(command: str) -> list[str]:
    """Return the words up to a redirection, with placeholders filled in."""
    words = shlex.split(command.replace(";", " ; "), comments=True)[1:]
    end = next((place for place, word in enumerate(words) if word in ENDS), len(words))
    return [PLACEHOLDERS.get(word, word) for word in words[:end]]


CASES = [
    (str(page.relative_to(ROOT)), command)
    for page in PAGES
    for command in dict.fromkeys(commands_in(page.read_text()))
]


@pytest.mark.parametrize(("page", "command"), CASES, ids=[f"{p}:{c}" for p, c in CASES])
def test_command_in_the_docs_is_taken(
    page: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = words_of(command)
    if not words or words[0].startswith("-") or words[0].isupper():
        return
    assert words[0] in COMMANDS, f"{page}: {command}"
    if len(words) == 1 or "|" in command:
        # The command as a whole is meant, or a choice of forms is shown.
        build_parser(words[0])
        return
    try:
        build_parser(words[0]).parse_args(words[1:])
    except SystemExit:
        said = capsys.readouterr().err
        # A command may be named without its arguments, but not given wrong ones.
        named = all(word.replace("-", "").isalnum() for word in words)
        if not (named and "are required: " in said):
            pytest.fail(f"{page}: {command}: {said}")
