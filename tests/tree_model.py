"""The tree's root by its definition, slowly: the model that the real one is tested against."""

from collections.abc import Mapping
from hashlib import sha256


def model_root(state: Mapping[bytes, bytes]) -> bytes:
    """Return the root of ``state``, computed from bit strings, top down."""
    if not state:
        return sha256(b"\x02").digest()
    return node_hash({bits_of(key): (key, value) for key, value in state.items()})


def bits_of(key: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in key)


def node_hash(items: dict[str, tuple[bytes, bytes]]) -> bytes:
    if len(items) == 1:
        ((key, value),) = items.values()
        return sha256(
            b"\x00" + bytes([len(key)]) + key + sha256(value).digest(),
        ).digest()
    bit = 0
    while len({bits[bit] for bits in items}) == 1:
        bit += 1
    some = next(iter(items))
    filled = some[:bit] + "0" * (-bit % 8)
    prefix = bytes(int(filled[i : i + 8], 2) for i in range(0, len(filled), 8))
    left = node_hash({bits: item for bits, item in items.items() if bits[bit] == "0"})
    right = node_hash({bits: item for bits, item in items.items() if bits[bit] == "1"})
    return sha256(b"\x01" + bit.to_bytes(2, "big") + prefix + left + right).digest()
