"""Balances, and the sums that they must agree with."""

from dataclasses import dataclass
from typing import final

from prover.contract.records.fields import UINT_LIMIT
from statemachine.codec import as_list, as_uint, pack, unpack


@final
@dataclass(frozen=True, slots=True)
class Account:
    """What an L1 address holds: gwei of ETH, micro-USDC of the token."""

    eth: int = 0
    token: int = 0

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.eth, self.token])


@final
@dataclass(frozen=True, slots=True)
class Totals:
    """Sums that the balances must agree with, in gwei and micro-USDC.

    ``sequencer_time`` is when the sequencer last appended, in ms.
    """

    eth_minted: int = 0
    eth_bonded: int = 0
    eth_burnt: int = 0
    token_minted: int = 0
    token_escrowed: int = 0
    sequencer_time: int = 0

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack(
            [
                self.eth_minted,
                self.eth_bonded,
                self.eth_burnt,
                self.token_minted,
                self.token_escrowed,
                self.sequencer_time,
            ]
        )


@final
@dataclass(frozen=True, slots=True)
class AssetTotals:
    """Sums that the holdings of one asset must agree with, in its units."""

    minted: int = 0
    escrowed: int = 0

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.minted, self.escrowed])


def decode_account(data: bytes) -> Account:
    """Return the account that ``data`` encodes, or raise ``FrameInvalid``."""
    eth, token = as_list(unpack(data), 2, "account")
    return Account(as_uint(eth, UINT_LIMIT, "eth"), as_uint(token, UINT_LIMIT, "token"))


def decode_totals(data: bytes) -> Totals:
    """Return the totals that ``data`` encodes, or raise ``FrameInvalid``."""
    sums = [as_uint(n, UINT_LIMIT, "total") for n in as_list(unpack(data), 6, "totals")]
    return Totals(*sums)


def decode_asset_totals(data: bytes) -> AssetTotals:
    """Return an asset's totals that ``data`` encodes, or raise ``FrameInvalid``."""
    minted, escrowed = as_list(unpack(data), 2, "asset totals")
    return AssetTotals(
        as_uint(minted, UINT_LIMIT, "minted"), as_uint(escrowed, UINT_LIMIT, "escrowed")
    )
