"""Fees as messages: the schedule, the rates in force, and how an account stands."""

from typing import Final

from node.service.answers import saturate
from proto.sextant.v1 import query_pb2
from statemachine.fees.rates import maker_rate, ramp_end, ramp_excess, taker_rate
from statemachine.fees.standing import standing_of, tier_today, unreported
from statemachine.keys import builder_range
from statemachine.records import DAYS, Portfolio, decode_builder
from statemachine.state import State
from statemachine.step import Step
from statemachine.storage import successor
from statemachine.units import DAY_MS

BUILDERS_MAX: Final = 256
"""Approved builders in one answer."""


def fees_view(state: State, account: int, sub: int) -> query_pb2.Fees:
    """Return what is paid in each market, by a sub-account of ``account`` if that is not 0."""
    rules = state.rules
    now = state.cursor.time
    portfolio = state.portfolio(account << 8 | sub) if account else None
    tier = 0 if portfolio is None else tier_today(Step(state), portfolio)
    answer = query_pb2.Fees(
        height=state.cursor.height,
        time_ms=now,
        tiers=[
            query_pb2.FeeTier(volume_micros=volume, maker_share_ppm=maker, taker_share_ppm=taker)
            for volume, maker, taker in rules.fee_tiers
        ],
        ramp_factor=rules.fee_ramp_factor,
        ramp_ms=rules.fee_ramp_ms,
        referral_ppm=rules.referral_ppm,
        builder_ppm_max=rules.builder_ppm_max,
        tier=tier,
    )
    for parameters in rules.markets:
        market = state.market(parameters.market)
        rate = taker_rate(rules, parameters, tier)
        excess = ramp_excess(rules, market, rate, now)
        answer.rates.append(
            query_pb2.FeeRates(
                market=parameters.market,
                maker_ppm=maker_rate(rules, parameters, tier),
                taker_ppm=rate + excess,
                ramp_ppm=excess,
                ramp_end_ms=ramp_end(rules, market) if excess else 0,
            )
        )
    if account:
        add_standing(state, answer, account, portfolio)
    return answer


def add_standing(
    state: State, answer: query_pb2.Fees, account: int, portfolio: Portfolio | None
) -> None:
    """Add an account's volume by day, its referrer, and the builders that it approved."""
    today = state.cursor.time // DAY_MS
    standing = standing_of(state, account)
    volumes = [0] * min(DAYS, today - standing.day) + standing.volumes
    volumes = volumes[:DAYS]
    if portfolio is not None:
        waiting = unreported(portfolio, today)
        if waiting:
            volumes[today - portfolio.traded_day - 1] += waiting
        if portfolio.traded_day == today:
            answer.today_micros = saturate(portfolio.traded)
    answer.account = account
    answer.volumes_micros.extend(saturate(volume) for volume in volumes)
    answer.volume_micros = saturate(sum(volumes))
    answer.referrer = standing.referrer
    prefix = builder_range(account)
    approved = state.range(prefix)
    key = approved.first()
    while key is not None and len(answer.builders) < BUILDERS_MAX:
        data = state.blob(key)
        if data is not None:
            answer.builders.append(
                query_pb2.ApprovedBuilder(
                    account=int.from_bytes(key[5:], "big"), max_fee_ppm=decode_builder(data)
                )
            )
        key = approved.seek(successor(key))
