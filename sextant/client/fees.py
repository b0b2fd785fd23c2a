"""Fees as a trader sees them: the schedule, the rates in force, and how an account stands."""

from dataclasses import dataclass
from decimal import Decimal

from proto.sextant.v1 import query_pb2
from sextant.client.amounts import from_micros
from sextant.client.market import Market
from sextant.client.wire import Markets


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeTier:
    """From ``volume`` USDC in 14 days on, these shares of the base rates are left."""

    volume: Decimal
    maker_share: Decimal
    taker_share: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRates:
    """What is paid in a market now, in parts of the notional.

    ``taker`` contains ``ramp``, which is over at ``ramp_end_ms``; a ``maker``
    below zero is a rebate.
    """

    market: Market
    maker: Decimal
    taker: Decimal
    ramp: Decimal
    ramp_end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """An account that may ask for up to ``max_fee`` on orders that name it."""

    account: int
    max_fee: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """The fee schedule, and how the one who asked stands in it.

    ``volumes`` are USDC by day, yesterday first; ``referrer`` is 0 for nobody.
    """

    tiers: tuple[FeeTier, ...]
    rates: tuple[FeeRates, ...]
    ramp_factor: int
    ramp_ms: int
    referral_share: Decimal
    builder_fee_max: Decimal
    tier: int
    account: int
    volumes: tuple[Decimal, ...]
    volume: Decimal
    today: Decimal
    referrer: int
    builders: tuple[Builder, ...]


def fees_of(markets: Markets, message: query_pb2.Fees) -> Fees:
    """Return fees as a model."""
    return Fees(
        tiers=tuple(
            FeeTier(
                volume=from_micros(tier.volume_micros),
                maker_share=from_micros(tier.maker_share_ppm),
                taker_share=from_micros(tier.taker_share_ppm),
            )
            for tier in message.tiers
        ),
        rates=tuple(
            FeeRates(
                market=markets.find(rate.market),
                maker=from_micros(rate.maker_ppm),
                taker=from_micros(rate.taker_ppm),
                ramp=from_micros(rate.ramp_ppm),
                ramp_end_ms=rate.ramp_end_ms,
            )
            for rate in message.rates
        ),
        ramp_factor=message.ramp_factor,
        ramp_ms=message.ramp_ms,
        referral_share=from_micros(message.referral_ppm),
        builder_fee_max=from_micros(message.builder_ppm_max),
        tier=message.tier,
        account=message.account,
        volumes=tuple(from_micros(volume) for volume in message.volumes_micros),
        volume=from_micros(message.volume_micros),
        today=from_micros(message.today_micros),
        referrer=message.referrer,
        builders=tuple(
            Builder(account=one.account, max_fee=from_micros(one.max_fee_ppm))
            for one in message.builders
        ),
    )
