"""Builds of the compiled state machine: side by side, broken off, and what is in use meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from node import compiled


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where builds go in this test."""
    monkeypatch.setattr(compiled, "COMPILED", tmp_path / "compiled")
    return tmp_path / "compiled"


def test_simultaneous_builds_make_one(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Path] = []

    def build_in(directory: Path) -> str | None:
        directory.mkdir()  # fails if another build is there
        built.append(directory)
        (directory / compiled.STAMP).write_text(compiled.source_stamp())
        return None

    monkeypatch.setattr(compiled, "build_in", build_in)
    with ThreadPoolExecutor(4) as pool:
        failures = list(pool.map(lambda _: compiled.build(), range(4)))
    assert failures == [None] * 4
    assert len(built) == 1
    assert compiled.compiled_directory() == place


def test_failed_build_leaves_what_is_in_use(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.mkdir()
    (place / compiled.STAMP).write_text("older sources")

    def build_in(directory: Path) -> str | None:
        (directory / "half").mkdir(parents=True)
        return "the compiler said no"

    monkeypatch.setattr(compiled, "build_in", build_in)
    for _ in range(2):
        assert compiled.build() == "the compiler said no"
    assert (place / compiled.STAMP).read_text() == "older sources"
    assert compiled.compiled_directory() is None


def test_a_c_file_that_gave_no_extension_is_told(tmp_path: Path) -> None:
    for name in ("fast.c", "fast.py", "fast.cpython-311-x86_64-linux-gnu.so", "slow.c", "slow.py"):
        (tmp_path / name).touch()
    sources = [path.relative_to(tmp_path) for path in compiled.sources_in(tmp_path)]
    assert sources == [Path("fast.c"), Path("fast.py"), Path("slow.c"), Path("slow.py")]
    assert compiled.left_out(tmp_path, sources) == [Path("slow.c")]
