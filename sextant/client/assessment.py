"""From facts to judgements: each line of the checklist, and why it has its level.

The bounds are stated in the lines, so that a trader can disagree with them.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from statistics import fmean, pstdev
from typing import Final

from proto.sextant.v1.l1_pb2 import L1Deployment
from sextant.client.amounts import from_micros, show_decimal
from sextant.client.checklist import Facts, Walk
from sextant.client.collateral_lines import collateral_lines
from sextant.client.history import quantile
from sextant.client.lines import Level, Line, Section, level_of, percent, span, usdc
from sextant.client.models import NodeStatus, Side
from sextant.client.upgrade_lines import upgrade_lines
from statemachine.units import DAY_MS

SPREAD_MAX: Final = Decimal("0.001")
SLIPPAGE_MAX: Final = Decimal("0.002")
DIVERGENCE_MAX: Final = Decimal("0.002")
BASIS_MAX: Final = Decimal("0.005")
UPTIME_MIN: Final = Decimal("0.999")
SAFE_LAG_MS_MAX: Final = 60_000
FUNDING_DAY_MAX: Final = Decimal("0.003")
CLOCK_MS_MAX: Final = 60_000
HOURS_MIN: Final = 24
SAMPLES_MIN: Final = 60
ADL_DAYS: Final = 30


def assess(facts: Facts) -> list[Section]:
    """Return the checklist, in the order in which a careful trader reads it."""
    questions: Sequence[tuple[str, Callable[[Facts], Iterable[Line]]]] = (
        ("Who could cheat, and who could stop them", dispute_lines),
        ("How money gets out", withdrawal_lines),
        ("Is the sequencer there", sequencer_lines),
        ("Can the price be trusted", oracle_lines),
        ("What funding costs", funding_lines),
        ("What trading this size costs", depth_lines),
        ("What happens in the tail", tail_lines),
        ("What may stand behind it", collateral_lines),
        ("The position you have in mind", position_lines),
    )
    return [Section(title, tuple(ask(facts))) for title, ask in questions]


# Disputes and exits


def dispute_lines(facts: Facts) -> Iterable[Line]:
    """Say which claims L1 believes, for how long anybody may disprove them, and who has powers."""
    deployment, status = facts.deployment, facts.status
    if status.l1_is_stub:
        text = "the L1 is a STUB: it shows the protocol, and secures nothing"
        yield Line(Level.BAD, "L1", text, "stub")
    if deployment is None:
        text = f"not known: {facts.l1_silence}; name it with --l1"
        yield Line(Level.LOOK, "dispute window", text)
    else:
        window = deployment.window_ms
        text = f"{span(window)}: anyone may disprove a claim in one call until then"
        yield Line(Level.NOTE, "dispute window", text, window)
        bond = Decimal(deployment.bond_gwei).scaleb(-9)
        text = f"{show_decimal(bond)} ETH behind each claim; half of it goes to who disproves it"
        yield Line(Level.NOTE, "bond", text, bond)
        yield from promise_lines(status, deployment)
    if facts.upgrades is not None:
        yield from upgrade_lines(facts.upgrades, status.rules_hash)
    guardian = facts.rules.guardian
    if any(guardian):
        text = (
            f"0x{guardian.hex()} may pause or settle a market, and change its margin rates over"
            f" {span(facts.rules.ramp_notice_ms)}; he can neither move money, nor stop cancels"
            " and withdrawals"
        )
        yield Line(Level.NOTE, "who can freeze", text, guardian)
    else:
        yield Line(Level.OK, "who can freeze", "nobody: the rules name no guardian")


def promise_lines(status: NodeStatus, deployment: L1Deployment) -> Iterable[Line]:
    """Say whether the node's receipts are signed by whom L1 would punish for them."""
    named = (status.sequencer, status.chain_id, status.rollup)
    bound = (deployment.signer, deployment.chain_id, deployment.contract)
    if not any(deployment.signer):
        text = "no bond on L1 is behind anybody's signature"
        yield Line(Level.LOOK, "receipts", text)
    elif status.sequencer and named != bound:
        text = (
            f"signed by 0x{status.sequencer.hex()} for chain {status.chain_id}; L1 would punish"
            f" 0x{deployment.signer.hex()} for chain {deployment.chain_id}: they promise nothing"
        )
        yield Line(Level.BAD, "receipts", text, status.sequencer)
    elif status.sequencer:
        text = f"signed by 0x{status.sequencer.hex()}, whom L1 punishes for broken ones"
        yield Line(Level.OK, "receipts", text, status.sequencer)


def withdrawal_lines(facts: Facts) -> Iterable[Line]:
    """Say how long a withdrawal takes, what is paid of it, and the way past the sequencer."""
    solvency, rules, deployment = facts.status.solvency, facts.rules, facts.deployment
    if deployment is not None:
        text = f"{span(deployment.window_ms)} after its batch is claimed on L1; then anyone pays it"
        yield Line(Level.NOTE, "normal", text, deployment.window_ms)
    forced = rules.inbox_deadline_ms
    text = f"through L1: executed at the latest {span(forced)} after L1 has it, named or not"
    yield Line(Level.NOTE, "forced", text, forced)
    if deployment is not None:
        silence = deployment.liveness_ms_max
        text = f"after {span(silence)} of silence anyone may append to the log without it"
        yield Line(Level.NOTE, "sequencer dead", text, silence)
    whole = solvency.payable == 1
    text = "in full" if whole else f"{percent(solvency.payable)} of what is asked: see deficits"
    yield Line(level_of(fine=whole, otherwise=Level.BAD), "paid", text, solvency.payable)
    room = solvency.withdrawal_capacity
    margin = facts.wish.notional / facts.wish.leverage
    text = f"{usdc(room)} now, of at most {usdc(solvency.withdrawal_capacity_max)}"
    yield Line(level_of(fine=room >= margin), "may leave at once", text, room)


def clock_line(node_ms: int, l1_ms: int) -> Line:
    """Say whether the node tells L1's time: by it a client dates what it signs."""
    away = node_ms - l1_ms
    if abs(away) <= CLOCK_MS_MAX:
        return Line(Level.OK, "clock", f"within {span(CLOCK_MS_MAX)} of L1's", away)
    how = f"{span(abs(away))} {'ahead of' if away > 0 else 'behind'} L1's"
    why = "what you sign could be kept, and executed then" if away > 0 else "it is stuck, or lies"
    return Line(Level.BAD, "clock", f"{how}: {why}", away)


def sequencer_lines(facts: Facts) -> Iterable[Line]:
    """Say how steadily blocks came, and how far L1 is behind."""
    history, status = facts.history, facts.status
    if not status.ready:
        yield Line(Level.BAD, "node", f"not ready: {status.not_ready_because}")
    if facts.l1_clock_ms is not None:
        yield clock_line(status.time_ms, facts.l1_clock_ms)
    uptime = history.uptime
    if uptime is None:
        yield Line(Level.LOOK, "uptime", "this node has kept no history yet")
    else:
        text = f"{percent(uptime)} of the last {span(history.span_ms)}"
        fine = uptime >= UPTIME_MIN
        yield Line(level_of(fine=fine), "uptime", f"{text} (wanted {percent(UPTIME_MIN)})", uptime)
    if history.outages:
        longest = max(history.outages, key=lambda outage: outage.span_ms)
        ago = span(facts.status.time_ms - longest.end_ms)
        text = f"{len(history.outages)}; the longest {span(longest.span_ms)}, {ago} ago"
        fine = longest.span_ms <= facts.rules.outage_ms_max
        yield Line(level_of(fine=fine), "outages", text, longest.span_ms)
    lag = max(0, status.unsafe.time_ms - status.safe.time_ms)
    text = f"L1 has everything up to {span(lag)} before the head"
    yield Line(level_of(fine=lag <= SAFE_LAG_MS_MAX), "posting", text, lag)
    grace = facts.ticker.grace_until_ms
    if grace > status.time_ms:
        text = f"liquidations wait for {span(grace - status.time_ms)} more, after an outage or halt"
        yield Line(Level.LOOK, "grace", text, grace)


# Prices


def oracle_lines(facts: Facts) -> Iterable[Line]:
    """Say how fresh the index is, how far its publishers and the mark are from it."""
    ticker, rules, now = facts.ticker, facts.rules, facts.status.time_ms
    active = facts.market.state == "active"
    text = f"the market is {facts.market.state}"
    yield Line(level_of(fine=active, otherwise=Level.BAD), "state", text, facts.market.state)
    if ticker.index is None:
        yield Line(Level.BAD, "index", "there is none yet")
        return
    age = max(0, now - ticker.index_time_ms)
    fine = age <= rules.oracle_age_ms_max // 4
    stale = age > rules.oracle_age_ms_max
    text = f"{show_decimal(ticker.index)}, {span(age)} old; stale after"
    text = f"{text} {span(rules.oracle_age_ms_max)}"
    yield Line(Level.BAD if stale else level_of(fine=fine), "index", text, age)
    heard = [
        one.price
        for one in ticker.publishers
        if one.price is not None and now - one.time_ms <= rules.oracle_age_ms_max
    ]
    text = f"{len(heard)} of {len(rules.publishers)} fresh, {rules.publishers_min} needed"
    spare = len(heard) > rules.publishers_min
    yield Line(level_of(fine=spare), "publishers", text, len(heard))
    if heard:
        apart = (max(heard) - min(heard)) / min(heard)
        past = [s.divergence for s in facts.history.samples if s.publishers_fresh > 1]
        usual = f", usually below {percent(quantile(past, Decimal('0.95')))}" if past else ""
        fine = apart <= DIVERGENCE_MAX
        text = f"{percent(apart)} between them now{usual} (bound {percent(DIVERGENCE_MAX)})"
        yield Line(level_of(fine=fine), "divergence", text, apart)
    if ticker.mark is not None:
        basis = ticker.mark / ticker.index - 1
        fine = abs(basis) <= BASIS_MAX
        text = f"{percent(basis)} from the index (bound {percent(BASIS_MAX)})"
        yield Line(level_of(fine=fine), "mark", text, basis)
    if ticker.index_pending is not None:
        text = f"a jump to {show_decimal(ticker.index_pending)} waits to be confirmed"
        yield Line(Level.LOOK, "jump", text, ticker.index_pending)


def funding_lines(facts: Facts) -> Iterable[Line]:
    """Say what funding is, was, and how much it moved."""
    ticker, points = facts.ticker, facts.history.funding
    pays = "you pay" if (ticker.funding_next > 0) == (facts.wish.side is Side.BUY) else "you get"
    day = abs(ticker.funding_next) * 3
    text = (
        f"{percent(ticker.funding_next)} per 8 h so far: {pays} {usdc(day * facts.wish.notional)}"
    )
    fine = day <= FUNDING_DAY_MAX
    yield Line(level_of(fine=fine), "next", f"{text} a day", ticker.funding_next)
    if len(points) < HOURS_MIN:
        text = f"{len(points)} hours known: too few to say what is usual"
        yield Line(Level.LOOK, "usual", text, len(points))
        if not points:
            return
    rates = [point.rate for point in points]
    mean = Decimal(fmean(rates))
    text = f"{percent(mean)} per 8 h, {percent(mean * 3 * 365, 1)} a year, over {len(rates)} hours"
    yield Line(Level.NOTE, "mean", text, mean)
    deviation = Decimal(pstdev(rates))
    low, high = quantile(rates, Decimal("0.05")), quantile(rates, Decimal("0.95"))
    text = f"{percent(deviation)} per 8 h; nine of ten between {percent(low)} and {percent(high)}"
    yield Line(Level.NOTE, "volatility", text, deviation)
    worst = max(rates) if facts.wish.side is Side.BUY else min(rates)
    text = f"{percent(worst)} per 8 h in the worst hour for this side"
    yield Line(Level.NOTE, "worst", text, worst)


def depth_lines(facts: Facts) -> Iterable[Line]:
    """Say what the spread is and was, and what trading the size at once or in slices costs."""
    book, history, wish = facts.book, facts.history, facts.wish
    spreads = [sample.spread for sample in history.samples if sample.spread is not None]
    if book.spread is None:
        yield Line(Level.BAD, "spread", "one side of the book is empty")
    else:
        now = book.spread / ((book.asks[0].price + book.bids[0].price) / 2)
        usual = (
            f", usually {percent(quantile(spreads, Decimal('0.5')))},"
            f" at worst {percent(max(spreads))}"
            if spreads
            else ""
        )
        fine = now <= SPREAD_MAX
        text = f"{percent(now)} now{usual} (bound {percent(SPREAD_MAX)})"
        yield Line(level_of(fine=fine), "spread", text, now)
    yield walk_line("at once", facts.taking, usdc(wish.notional))
    part = f"{usdc(wish.notional / wish.slices)}, one of {wish.slices} slices"
    yield walk_line("in slices", facts.slice_taking, part)
    yield past_depth_line(facts)


def walk_line(name: str, taking: Walk, what: str) -> Line:
    """Return what taking a size from the book would cost."""
    if taking.left or taking.slippage is None:
        text = f"the book cannot fill {what} now: {show_decimal(taking.left)} short"
        return Line(Level.BAD, name, text, taking.left)
    fine = taking.slippage <= SLIPPAGE_MAX
    text = f"{percent(taking.slippage)} from mid for {what} (bound {percent(SLIPPAGE_MAX)})"
    return Line(level_of(fine=fine), name, text, taking.slippage)


def past_depth_line(facts: Facts) -> Line:
    """Return how deep the book was for this size in the past."""
    wish, history = facts.wish, facts.history
    past = history.slippages(buys=wish.side is Side.BUY, notional=wish.notional)
    if past is None:
        most = usdc(max(history.notionals, default=Decimal(0)))
        return Line(Level.LOOK, "so far", f"depth is remembered up to {most} only")
    if len(past) < SAMPLES_MIN:
        text = f"{len(past)} minutes known: too few to say what is usual"
        return Line(Level.LOOK, "so far", text, len(past))
    filled = [slippage for slippage in past if slippage is not None]
    share = Decimal(len(filled)) / len(past)
    size = next(size for size in history.notionals if size >= wish.notional)
    if not filled:
        return Line(Level.BAD, "so far", f"the book never held {usdc(size)}", share)
    text = (
        f"{usdc(size)} could be had {percent(share, 1)} of the time: half of it within"
        f" {percent(quantile(filled, Decimal('0.5')))}, nine of ten within"
        f" {percent(quantile(filled, Decimal('0.9')))}"
    )
    return Line(level_of(fine=share >= UPTIME_MIN), "so far", text, share)


# The tail


def tail_lines(facts: Facts) -> Iterable[Line]:
    """Say what stands between a bankrupt and everybody else's profit."""
    solvency, vault, tail = facts.status.solvency, facts.vault, facts.history.tail
    none = solvency.deficits == 0
    text = "none" if none else f"{usdc(solvency.deficits)}, {usdc(solvency.uncovered)} uncovered"
    level = Level.OK if none else Level.BAD if solvency.uncovered else Level.LOOK
    yield Line(level, "deficits", text, solvency.deficits)
    left = max(Decimal(0), vault.insured_max - vault.insured_today)
    text = f"{usdc(solvency.insurance)}, of which {usdc(min(left, solvency.insurance))} today"
    some = solvency.insurance > 0
    yield Line(level_of(fine=some), "insurance", text, solvency.insurance)
    text = f"{usdc(vault.value_low)}, before insurance and before anyone is deleveraged"
    yield Line(level_of(fine=vault.value_low > 0), "backstop vault", text, vault.value_low)
    victims = tail.get("victims", 0)
    days = min(facts.history.span_ms, ADL_DAYS * DAY_MS)
    text = f"{victims} positions cut in {span(days)}; {tail.get('flagged', 0)} liquidations"
    yield Line(level_of(fine=victims == 0), "deleveraging", text, victims)
    if facts.market.open_interest_max_lots:
        most = facts.market.show_size(facts.market.open_interest_max_lots)
        room = facts.ticker.open_interest + facts.size <= most
        text = f"{show_decimal(facts.ticker.open_interest)} of at most {show_decimal(most)}"
        yield Line(level_of(fine=room, otherwise=Level.BAD), "open interest", text)


def position_lines(facts: Facts) -> Iterable[Line]:
    """Say what the position would ask for, and where it would be liquidated."""
    exposure, wish, market = facts.exposure, facts.wish, facts.market
    if exposure is None:
        yield Line(Level.BAD, "size", f"there is no price, or {usdc(wish.notional)} is no lot")
        return
    side = "long" if wish.side is Side.BUY else "short"
    price = facts.taking.price
    at = "" if price is None else f" at about {show_decimal(price.quantize(market.tick_size))}"
    text = f"{side} {show_decimal(facts.size)} {market.name}{at}, with {usdc(exposure.collateral)}"
    yield Line(Level.NOTE, "position", text, facts.size)
    text = f"{usdc(exposure.initial_margin)} to open, {usdc(exposure.maintenance_margin)} to keep"
    short = "" if exposure.may_open else f": {usdc(exposure.equity)} is NOT ENOUGH"
    fine = exposure.may_open
    yield Line(level_of(fine=fine, otherwise=Level.BAD), "margin", text + short)
    found, mark = exposure.liquidation_price, facts.ticker.mark
    if found is None or mark is None:
        yield Line(Level.OK, "liquidation price", "none above zero")
    else:
        away = abs(found - mark) / mark
        moves = [
            abs(after.mark / before.mark - 1)
            for before, after in zip(facts.history.samples, facts.history.samples[1:], strict=False)
            if before.mark and after.mark
        ]
        worst = f"; the largest move between two samples was {percent(max(moves))}" if moves else ""
        text = f"{show_decimal(found)}, {percent(away, 2)} from the mark{worst}"
        fine = not moves or away > 2 * max(moves)
        yield Line(level_of(fine=fine), "liquidation price", text, found)
    yield from rate_lines(facts)
    poked = from_micros(facts.rules.slice_notional_min)
    share = percent(Decimal(facts.rules.slice_ppm).scaleb(-6), 0)
    text = f"gradual: {share} or {usdc(poked)} a slice, {span(facts.rules.slice_interval_ms)} apart"
    yield Line(Level.NOTE, "if it is liquidated", text)


def rate_lines(facts: Facts) -> Iterable[Line]:
    """Say what trading is charged, at the base rate, and whether margin rates are moving."""
    market, ticker = facts.market, facts.ticker
    usual = market.taker_fee_ppm
    now = max(usual, ticker.taker_fee_now_ppm)
    rate, maker = Decimal(now).scaleb(-6), Decimal(market.maker_fee_ppm).scaleb(-6)
    text = f"{percent(rate)}: {usdc(rate * facts.wish.notional)} in, as much out; resting orders"
    text = f"{text} pay {percent(maker)}"
    if now > usual:
        left = span(max(0, ticker.fee_ramp_end_ms - facts.status.time_ms))
        text = f"{text}; the usual {percent(Decimal(usual).scaleb(-6))} in {left}"
    yield Line(level_of(fine=now == usual), "fee", text, rate)
    ramp = ticker.margin_ramp
    if ramp is not None:
        target = Decimal(ramp.initial_margin_ppm).scaleb(-6)
        kept = Decimal(ramp.maintenance_margin_ppm).scaleb(-6)
        left = span(max(0, ramp.end_ms - facts.status.time_ms))
        text = f"on their way to {percent(target)} and {percent(kept)}, there in {left}"
        yield Line(Level.LOOK, "margin rates", text, ramp.end_ms)
