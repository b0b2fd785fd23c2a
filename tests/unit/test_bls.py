"""BLS: golden vectors, and both backends on all of them, malformed ones above all."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from prover.bls import (
    CURVE_ORDER,
    FAST_MODULE,
    Bls,
    FastBls,
    ReferenceBls,
    default_bls,
    secret_from,
)

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "bls.json").read_text()
)
FAST = find_spec(FAST_MODULE) is not None
BACKENDS = [
    ReferenceBls(),
    pytest.param(
        FastBls() if FAST else None,
        marks=pytest.mark.skipif(not FAST, reason="the extra `bls` is not installed"),
    ),
]


def unhex(values: list[str]) -> list[bytes]:
    return [bytes.fromhex(value) for value in values]


@pytest.mark.parametrize("bls", BACKENDS)
@pytest.mark.parametrize("case", VECTORS["keys"], ids=lambda case: case["secret"][-6:])
def test_keys_and_signatures(bls: Bls, case: dict[str, str]) -> None:
    secret, message = int(case["secret"], 16), bytes.fromhex(case["message"])
    assert bls.key_of(secret).hex() == case["key"]
    assert bls.prove_possession(secret).hex() == case["possession"]
    assert bls.sign(secret, message).hex() == case["signature"]


@pytest.mark.parametrize("bls", BACKENDS)
@pytest.mark.parametrize("case", VECTORS["possession"], ids=lambda case: case["name"])
def test_possession(bls: Bls, case: dict[str, Any]) -> None:
    key, proof = unhex([case["key"], case["proof"]])
    assert bls.is_possessed(key, proof) is case["valid"]


@pytest.mark.parametrize("bls", BACKENDS)
@pytest.mark.parametrize("case", VECTORS["verify"], ids=lambda case: case["name"])
def test_verify(bls: Bls, case: dict[str, Any]) -> None:
    message, signature = unhex([case["message"], case["signature"]])
    assert bls.verify(unhex(case["keys"]), message, signature) is case["valid"]


@pytest.mark.parametrize("bls", BACKENDS)
def test_aggregate(bls: Bls) -> None:
    case = VECTORS["aggregate"]
    assert bls.aggregate(unhex(case["signatures"])).hex() == case["sum"]
    for wrong in ([], [b"junk"]):
        with pytest.raises(ValueError, match=r".*"):
            bls.aggregate(wrong)


def test_secrets_come_from_seeds_and_lie_on_the_curve() -> None:
    secrets = {secret_from(bytes([seed]) * 32) for seed in range(50)}
    assert len(secrets) == 50
    assert all(0 < secret < CURVE_ORDER for secret in secrets)


def test_the_fastest_backend_is_taken() -> None:
    assert isinstance(default_bls(), FastBls if FAST else ReferenceBls)
