"""Keccak-256 behind one seam: used for addresses and EIP-712, nowhere else.

safe-pysha3 costs about 1 us a call; pycryptodome, the fallback where that
extension could not be built, about six times as much.
"""

from collections.abc import Callable

from Crypto.Hash import keccak as pure_keccak


def keccak_by_pycryptodome(data: bytes) -> bytes:
    """Return the Keccak-256 of ``data``, the slow way."""
    return pure_keccak.new(digest_bits=256, data=data).digest()


def fastest_keccak() -> Callable[[bytes], bytes]:
    """Return the fastest implementation that this machine has."""
    try:
        import sha3  # noqa: PLC0415  an optional extension: absent is an answer
    except ImportError:
        return keccak_by_pycryptodome
    new = sha3.keccak_256
    return lambda data: bytes(new(data).digest())


keccak256: Callable[[bytes], bytes] = fastest_keccak()
