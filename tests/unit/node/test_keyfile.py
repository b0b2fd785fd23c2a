"""The key of a node on disk: whole, or not there."""

import errno
import os
from pathlib import Path

import pytest

from node.process.keyfile import load_key, load_or_create_key


def test_a_key_that_could_not_be_written_is_not_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys" / "sequencer.key"
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="space"):
            load_or_create_key(path)
    assert not list(path.parent.iterdir())
    key = load_or_create_key(path)
    assert load_key(path) == load_or_create_key(path) == key
    assert [each.name for each in path.parent.iterdir()] == ["sequencer.key"]
    assert path.stat().st_mode & 0o777 == 0o600


def fail(_file: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
