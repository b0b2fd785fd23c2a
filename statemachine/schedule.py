"""The fee schedule: what the rules say of tiers, ramp and shares has to be payable."""

from typing import Final

from statemachine.units import PPM_ONE

TIERS_MAX: Final = 8
RAMP_FACTOR_MAX: Final = 10
VOLUME_LIMIT: Final = 1 << 63


def check_tiers(tiers: tuple[tuple[int, int, int], ...]) -> None:
    """Refuse tiers that do not ascend: (volume in micros, makers' share, takers' share in ppm)."""
    if len(tiers) > TIERS_MAX:
        raise ValueError(f"need at most {TIERS_MAX} fee tiers, have {len(tiers)}")
    before = (0, PPM_ONE, PPM_ONE)
    for tier in tiers:
        if not (
            before[0] < tier[0] < VOLUME_LIMIT
            and 0 <= tier[1] <= before[1]
            and 0 <= tier[2] <= before[2]
        ):
            raise ValueError(f"need fee tiers that ascend, have {before} before {tier}")
        before = tier


def check_ramp(factor: int, length_ms: int) -> None:
    """Refuse a ramp that falls below the plain fee, or is steeper than anybody would pay."""
    if not 1 <= factor <= RAMP_FACTOR_MAX or length_ms < 0:
        raise ValueError(
            f"need fee_ramp_factor from 1 to {RAMP_FACTOR_MAX} and fee_ramp_ms >= 0, "
            f"have {factor} and {length_ms}"
        )


def check_shares(referral_ppm: int, builder_ppm_max: int) -> None:
    """Refuse shares of more than everything."""
    if not 0 <= referral_ppm <= PPM_ONE or not 0 <= builder_ppm_max <= PPM_ONE:
        raise ValueError(
            "need referral_ppm and builder_ppm_max from 0 to 1000000, "
            f"have {referral_ppm} and {builder_ppm_max}"
        )
