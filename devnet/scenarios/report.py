"""What a play came to: one object for machines, a page for people, and a verdict."""

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final, final

from devnet.scenarios.conservation import Conservation, conserve
from devnet.scenarios.play import Play
from devnet.scenarios.tally import Sample
from sextant.client.amounts import show_usdc

SCHEMA: Final = "sextant.scenario/1"
CALM_MS: Final = 120_000
DEPTH_BACK: Final = 0.8
"""A book is back once it has four fifths of its usual depth."""


@final
@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds from the trough of the leading market; ``None``: not within the run."""

    trough_s: int
    trough_ppm: int
    liquidations_s: int | None
    depth_s: int | None
    flagged_most: int
    unpoked_most: int


@final
@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is said about a play; the same run gives the same report."""

    play: Play
    conservation: Conservation
    recovery: Recovery
    roots: tuple[bytes, bytes]

    @property
    def faults(self) -> list[str]:
        """What may not be: a report with any of these ends with exit code 1."""
        play, books = self.play, self.conservation
        found = []
        if books.missing:
            found.append(f"money is not conserved: {books.missing} micros << 32 too much")
        if books.sizes or books.interest:
            found.append(f"positions do not cancel in markets {books.sizes or books.interest}")
        if books.assets:
            found.append(f"units of assets {books.assets} are missing, or too many")
        if books.below_zero:
            found.append(f"{books.below_zero} debts stand in no account")
        if play.underwater:
            found.append(f"{len(play.underwater)} portfolios are below zero, and not liquidated")
        if play.keepers.watch.flagged:
            found.append(f"{len(play.keepers.watch.flagged)} liquidations never ended")
        if self.roots[0] != self.roots[1]:
            found.append("the node's state root is not that of its own blocks")
        tried = play.tally.withdrawals
        if tried["after: refused"] and not tried["after: accepted"]:
            found.append("nobody can withdraw any more")
        return found

    def as_json(self) -> dict[str, Any]:
        """Return everything for machines; amounts in micros are strings."""
        play, tally = self.play, self.play.tally
        scenario, first, last = play.scenario, tally.samples[0], tally.samples[-1]
        return {
            "schema": SCHEMA,
            "scenario": scenario.name,
            "story": scenario.story,
            "accounts": len(play.cast.traders),
            "seed": play.seed,
            "path_seconds": scenario.seconds,
            "step_ms": scenario.step_ms,
            "markets": {
                play.scene.markets[number].symbol.decode(): market_of(play, number)
                for number in play.scene.markets
            },
            "liquidations": tally.as_json(),
            "insurance_micros": {
                "before": str(play.insurance_before),
                "after": str(last.insurance),
                "most": str(max(sample.insurance for sample in tally.samples)),
                "paid": str(tally.sums["insurance_paid"]),
            },
            "bad_debt_micros": {
                "recorded": str(tally.sums["deficits_recorded"]),
                "standing": str(last.deficits),
                "most": str(max(sample.deficits for sample in tally.samples)),
                "portfolios_below_zero": len(play.underwater),
            },
            "recovery": {**asdict(self.recovery), "settled_after_path_s": play.settled_s},
            "conservation": {
                name: str(value) if isinstance(value, int) else list(value)
                for name, value in asdict(self.conservation).items()
            },
            "roots": {
                "height": play.observer.height,
                "node": self.roots[0].hex(),
                "replayed": self.roots[1].hex(),
            },
            "open_interest_micros": {"before": str(interest(first)), "after": str(interest(last))},
            "faults": self.faults,
        }

    def lines(self) -> list[tuple[str, str]]:
        """Return what a person wants to know: (what, figures)."""
        play, tally = self.play, self.play.tally
        rungs, last = tally.rungs, tally.samples[-1]
        recovery, books = self.recovery, self.conservation
        begin, end = interest(tally.samples[0]), interest(last)
        return [
            ("story", play.scenario.story),
            (
                "crowd",
                (
                    f"{len(play.cast.traders):,} accounts, seed {play.seed}; "
                    f"{play.scenario.seconds // 60} min in {tally.blocks:,} blocks, "
                    f"{tally.trades:,} trades, {usdc(tally.volume)} USDC traded"
                ),
            ),
            (
                "trough",
                (
                    f"{recovery.trough_ppm / 10_000 - 100:+.1f}% after {recovery.trough_s:,} s; "
                    f"open interest {usdc(begin)} USDC before, {usdc(end)} after"
                ),
            ),
            (
                "flagged",
                (
                    f"{rungs['flagged']:,} liquidations of {len(tally.liquidated):,} portfolios, "
                    f"at most {recovery.flagged_most:,} at once, "
                    f"{recovery.unpoked_most:,} waiting for a keeper"
                ),
            ),
            *self.ladder(),
            (
                "fees",
                (
                    f"{usdc(tally.fees)} USDC from trading, "
                    f"{usdc(tally.sums['liquidation_fees'])} from liquidations"
                ),
            ),
            (
                "insurance",
                f"{paid(play.insurance_before)} before, {paid(last.insurance)} after",
            ),
            (
                "bad debt",
                f"{paid(tally.sums['deficits_recorded'])} recorded, {paid(last.deficits)} standing",
            ),
            ("withdrawals", self.withdrawals()),
            (
                "recovery",
                (
                    f"from the trough: {calm_again(recovery.liquidations_s)}, "
                    f"{depth_again(recovery.depth_s)}"
                ),
            ),
            (
                "conserved",
                f"{paid(books.deposits)} paid in, {paid(books.withdrawals)} out, "
                + ("all of the rest is there, to the unit" if books.holds else "IT DOES NOT HOLD"),
            ),
            (
                "roots",
                f"{self.roots[0].hex()[:16]} at height {play.observer.height:,}"
                + (", same when replayed" if self.roots[0] == self.roots[1] else " DIFFERS"),
            ),
        ]

    def ladder(self) -> list[tuple[str, str]]:
        """Return how often each rung of the ladder was trodden, and for how much."""
        tally = self.play.tally
        rungs = tally.rungs
        return [
            *(
                (f"  {name}", f"{rungs[name]:,} times, {usdc(tally.notional[name])} USDC")
                for name in ("slice", "slice_unfilled", "backstop", "collateral")
            ),
            (
                "  deleverage",
                (
                    f"{rungs['deleverage']:,} times: {len(tally.victims):,} victims, "
                    f"{usdc(tally.victim_notional)} USDC"
                ),
            ),
            ("  insurance", f"{rungs['insurance']:,} times, {paid(tally.sums['insurance_paid'])}"),
            ("  pool", f"{rungs['pool']:,} times, {paid(tally.sums['pool_borne'])}"),
            ("  deficit", f"{rungs['deficit']:,} times, {paid(tally.sums['deficits_recorded'])}"),
        ]

    def withdrawals(self) -> str:
        """Return how withdrawals went, in words."""
        tally = self.play.tally
        tried = [
            f"{when}: {tally.withdrawals[f'{when}: accepted']} accepted, "
            f"{tally.withdrawals[f'{when}: refused']} refused"
            for when in ("during", "after")
        ]
        paid_out, cut = tally.sums["withdrawn"], tally.sums["withdrawals_cut"]
        return f"{'; '.join(tried)}; {usdc(paid_out)} USDC paid, {usdc(cut)} cut"


def make_report(play: Play, roots: tuple[bytes, bytes]) -> Report:
    """Return the report of a play that has ended."""
    return Report(play, conserve(play.observer.items), recovery_of(play), roots)


def recovery_of(play: Play) -> Recovery:
    """Return how long it took until the market was itself again."""
    samples = play.tally.samples
    leader = leader_of(play)
    first = play.scene.first[leader]

    def move(sample: Sample) -> int:
        return abs(sample.markets[leader]["price"] * 1_000_000 // first - 1_000_000)

    trough = max(samples, key=move)
    after = [sample for sample in samples if sample.ms >= trough.ms]
    busy = [sample.ms for sample in after if sample.flagged or sample.unpoked]
    ends = [sample.ms for sample in after if not busy or sample.ms > busy[-1]]
    calm = median(depth(sample) for sample in samples if sample.ms <= CALM_MS)
    back = [sample.ms for sample in after if depth(sample) >= DEPTH_BACK * calm]
    return Recovery(
        trough_s=trough.ms // 1000,
        trough_ppm=trough.markets[leader]["price"] * 1_000_000 // first,
        liquidations_s=(ends[0] - trough.ms) // 1000 if ends else None,
        depth_s=(back[0] - trough.ms) // 1000 if back else None,
        flagged_most=max(sample.flagged for sample in samples),
        unpoked_most=max(sample.unpoked for sample in samples),
    )


def leader_of(play: Play) -> int:
    """Return the market whose path the scenario is about."""
    symbol = next(iter(play.scenario.paths))
    return next(n for n, rules in play.scene.markets.items() if rules.symbol.decode() == symbol)


def depth(sample: Sample) -> int:
    """Return what rests near the mark, of all markets and both sides, in micros."""
    return sum(found["bid_depth"] + found["ask_depth"] for found in sample.markets.values())


def interest(sample: Sample) -> int:
    """Return open interest at mark, in micros."""
    return sum(found["open_interest"] * found["mark"] for found in sample.markets.values())


def market_of(play: Play, number: int) -> dict[str, Any]:
    """Return one market's figures; prices in micros per lot."""
    found = [sample.markets[number] for sample in play.tally.samples]
    return {
        "first": str(play.scene.first[number]),
        "lowest": str(min(one["price"] for one in found)),
        "last": str(found[-1]["price"]),
        "widest_mark_from_index_ppm": max(
            abs(one["mark"] - one["index"]) * 1_000_000 // one["index"] for one in found
        ),
        "open_interest_before": str(found[0]["open_interest"]),
        "open_interest_after": str(found[-1]["open_interest"]),
        "funding_ppb_most": max((abs(one["funding_rate"]) for one in found), default=0),
        "deficit_micros": str(found[-1]["deficit"]),
    }


def usdc(micros: int) -> str:
    """Return a large amount without its cents."""
    return f"{micros // 1_000_000:,}"


def paid(micros: int) -> str:
    """Return an amount to the unit."""
    return f"{show_usdc(micros)}"


def calm_again(after_s: int | None) -> str:
    """Say after how long the last liquidation was over, if it was."""
    if after_s is None:
        return "liquidations not over at the end of the run"
    return f"no liquidation after {after_s:,} s"


def depth_again(after_s: int | None) -> str:
    """Say after how long the books were as deep as usual, if they were."""
    if after_s is None:
        return "depth not yet recovered at the end of the run"
    return f"depth back after {after_s:,} s"
