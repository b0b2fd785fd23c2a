"""The hash of the state is SHA-256, interpreted or compiled."""

from collections.abc import Callable
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from node.compiled import compiled_directory, extension_of
from statemachine import digest

SOURCE = Path("statemachine") / "digest.c"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
"""FIPS 180-2, appendix B.1."""

Hash = Callable[..., bytes]


def forms() -> list[Hash]:
    """Return the function as it is imported here, and as it was built, if it was."""
    found: list[Hash] = [digest.hash_joined]
    built = compiled_directory()
    path = None if built is None else extension_of(built / SOURCE)
    if path is not None:
        spec = spec_from_file_location("digest", path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        found.append(module.hash_joined)
    return found


@pytest.mark.parametrize("hash_joined", forms())
def test_known_hashes(hash_joined: Hash) -> None:
    assert hash_joined().hex() == hash_joined(b"").hex() == hash_joined(b"", b"").hex() == EMPTY
    assert hash_joined(b"abc").hex() == hash_joined(b"a", b"b", b"c").hex() == ABC


@pytest.mark.parametrize("hash_joined", forms())
def test_every_length_around_a_block(hash_joined: Hash) -> None:
    data = bytes(range(256)) * 2
    for size in range(260):
        for cut in (0, 1, size // 2, 63, 64, 65):
            assert hash_joined(data[:size][:cut], data[:size][cut:]) == sha256(data[:size]).digest()


@pytest.mark.parametrize("hash_joined", forms())
def test_bytes_are_hashed_and_nothing_else(hash_joined: Hash) -> None:
    for other in ("text", 1, None, [b""]):
        with pytest.raises(TypeError, match="bytes"):
            hash_joined(b"", other)
    assert hash_joined(b"still") == sha256(b"still").digest()
