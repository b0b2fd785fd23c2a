"""What the docs say is true: commands parse, links lead somewhere, what is named exists."""

import ast
import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from sextant.cli.main import COMMANDS, build_parser
from tests.tidy import ROOT

PAGES = [
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if path.name != "CHANGELOG.md"
]
FENCED = re.compile(r"^sextant ([a-z][^#\n]*)", re.MULTILINE)
INLINE = re.compile(r"`sextant ([a-z][^`\n]*)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
PROGRAM = re.compile(r"```python\n(.*?)```", re.DOTALL)
FILE = re.compile(
    r"`((?:bench|devnet|docs|examples|node|proto|prover|sextant|statemachine|tests)/[\w./-]+)(?::\w+)?`"
)
TARGET = re.compile(r"(?:^|`)make ([a-z][a-z-]*)", re.MULTILINE)
PLACEHOLDERS = {"CLAIM": "1", "HASH": "00" * 32, "KEY": "key", "FILE": "file", "NAME": "sequencer"}


def words_of(command: str) -> list[str]:
    """Return a command's words, with something in place of what the reader fills in."""
    return [PLACEHOLDERS.get(word, word) for word in shlex.split(command)]


def cases_of(pattern: re.Pattern[str]) -> list[tuple[str, list[str]]]:
    """Return (page, words) of every command that ``pattern`` finds."""
    found: list[tuple[str, list[str]]] = []
    for path in PAGES:
        text = path.read_text().replace("\\\n", " ")
        commands = [match[1] for match in pattern.finditer(text)]
        whole = [c for c in commands if "..." not in c and "COMMAND" not in c]
        found += [(path.name, words_of(command)) for command in whole]
    return found


def parses(words: list[str]) -> bool:
    assert words[0] in COMMANDS, f"there is no command {words[0]}"
    try:
        build_parser(words[0]).parse_args(words[1:])
    except SystemExit as stop:
        return stop.code == 0
    return True


@pytest.mark.parametrize(("page", "words"), cases_of(FENCED), ids=str)
def test_command_of_an_example_parses(page: str, words: list[str]) -> None:
    assert parses(words), f"{page}: {words}"


@pytest.mark.parametrize(("page", "words"), cases_of(INLINE), ids=str)
def test_command_that_is_named_exists(page: str, words: list[str]) -> None:
    assert parses([*words, "--help"]), f"{page}: {words}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link, place in LINK.findall(page.read_text()):
        target = page.parent / link if link else page
        assert target.exists(), link
        assert not place or place in places_of(target), f"{link}#{place}"


def places_of(page: Path) -> set[str]:
    """Return the names by which a page's headings can be linked to."""
    headings = (heading.lower() for heading in HEADING.findall(page.read_text()))
    return {re.sub(r"[^\w -]", "", heading).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_files_that_are_named_exist(page: Path) -> None:
    named = [name for name in FILE.findall(page.read_text()) if not (ROOT / name).exists()]
    assert named == []


def test_programs_import_what_there_is() -> None:
    programs = [text for page in PAGES for text in PROGRAM.findall(page.read_text())]
    assert len(programs) > 2
    for text in programs:
        for line in re.findall(r"^from .*$", text, re.MULTILINE):
            [found] = ast.parse(line).body
            assert isinstance(found, ast.ImportFrom)
            module = import_module(found.module or "")
            assert all(hasattr(module, name.name) for name in found.names), line


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    known = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {target for page in PAGES for target in TARGET.findall(page.read_text())}
    assert named <= known


def test_decisions_are_numbered_once_and_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    pages = sorted(folder.glob("0*.md"))
    numbers = [int(page.name[:4]) for page in pages]
    assert numbers == list(range(1, len(pages) + 1))
    index = (folder / "README.md").read_text()
    for number, page in zip(numbers, pages, strict=True):
        title = page.read_text().splitlines()[0].removeprefix(f"# {number}. ")
        assert f"{number}. [{title}]({page.name})" in index
