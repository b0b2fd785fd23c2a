"""The breakages: where, what was there, what is there instead, and what that breaks."""

from dataclasses import dataclass
from typing import Final

ORDERS: Final = "tests/unit/test_orders.py"
LIQUIDATION: Final = "tests/unit/test_liquidation.py"
FUNDING: Final = "tests/unit/test_funding.py"
ORACLE: Final = "tests/unit/test_oracle.py"
DUE: Final = "tests/unit/test_due.py"
DEPOSIT: Final = "tests/unit/test_deposit.py"
TERMS: Final = "tests/unit/test_order_terms.py"
WAITING: Final = "tests/unit/test_conditional.py"
WITHDRAW: Final = "tests/unit/test_withdraw.py"
AGENTS: Final = "tests/unit/test_agents.py"
FEES: Final = "tests/unit/test_fees.py"
AUTHORITY: Final = "tests/unit/test_authority.py"
MODEL: Final = (
    "tests/property/test_model.py::test_crowds",
    "tests/property/test_model.py::test_scenes_of_the_vectors",
)


@dataclass(frozen=True)
class Mutant:
    """One breakage of ``statemachine/<file>``; ``old`` occurs there exactly once."""

    file: str
    old: str
    new: str
    breaks: str
    tests: tuple[str, ...] = ()

    @property
    def suite(self) -> tuple[str, ...]:
        """Return the tests that ought to fail: its own, then the model's."""
        return (*self.tests, *MODEL)


MUTANTS: Final = (
    # Margin
    Mutant(
        "risk/margin.py",
        "maintenance -= -held * parameters.maintenance_ppm // PPM_ONE\n        bids",
        "maintenance += held * parameters.maintenance_ppm // PPM_ONE\n        bids",
        "maintenance margin rounds down",
    ),
    Mutant(
        "risk/margin.py",
        "initial -= -worst * mark * parameters.initial_ppm // PPM_ONE",
        "initial += worst * mark * parameters.initial_ppm // PPM_ONE",
        "initial margin rounds down",
    ),
    Mutant(
        "risk/margin.py",
        "if bids and position.bids_value > bids * mark:",
        "if bids and position.bids_value > 2 * bids * mark:",
        "bids above the mark reserve no loss",
    ),
    Mutant(
        "risk/margin.py",
        "least = asks - size",
        "least = asks",
        "asks are margined without the position they close",
    ),
    Mutant(
        "risk/margin.py",
        "equity += unsettled_funding(position, market)",
        "equity += 0",
        "equity forgets unsettled funding",
    ),
    Mutant(
        "risk/margin.py",
        "return min(margin.equity - margin.initial, portfolio.balance)",
        "return margin.equity - margin.initial",
        "unrealised profit can leave",
        (WITHDRAW,),
    ),
    Mutant(
        "risk/margin.py",
        "return equity_after * maintenance_before >= equity_before * maintenance_after",
        "return equity_after * maintenance_after >= equity_before * maintenance_before",
        "not-riskier multiplies the wrong way across",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/margin.py",
        "have = after.equity - fee",
        "have = after.equity",
        "an order is accepted that cannot pay its fee",
        (ORDERS,),
    ),
    Mutant(
        "risk/margin.py",
        "return position.size >= position.asks + size",
        "return position.size >= size",
        "a reduction is told without what rests already",
    ),
    # Fees
    Mutant(
        "fees/shares.py",
        "excess = notional * rates.excess // PPM_ONE",
        "excess = -(-notional * rates.excess // PPM_ONE)",
        "the ramp's part rounds up",
        (FEES,),
    ),
    Mutant(
        "fees/shares.py",
        "builder_fee = notional * rates.builder // PPM_ONE",
        "builder_fee = -(-notional * rates.builder // PPM_ONE)",
        "the builder's part rounds up",
        (FEES,),
    ),
    Mutant(
        "fees/shares.py",
        "own = taker_fee - excess - builder_fee",
        "own = taker_fee - builder_fee",
        "a rebate is paid out of the ramp",
        (FEES,),
    ),
    Mutant(
        "fees/shares.py",
        "    ledger.insurance += excess\n",
        "    ledger.fees += excess\n",
        "the exchange keeps the ramp",
        (FEES,),
    ),
    Mutant(
        "fees/shares.py",
        "        excess -= repay_deficit(ledger, market, excess)\n",
        "",
        "the ramp leaves a deficit standing",
        (FEES,),
    ),
    Mutant(
        "fees/shares.py",
        "kept = own + maker_fee if maker_fee < 0 else own",
        "kept = own",
        "a referrer shares in what the maker got",
        (FEES,),
    ),
    Mutant(
        "fees/shares.py",
        "+= kept if kept < earned else earned",
        "+= kept",
        "a referrer shares in what repaid a deficit",
        (FEES,),
    ),
    Mutant(
        "fees/shares.py",
        "            ledger.fees -= share\n",
        "",
        "a referrer is paid out of nothing",
        (FEES,),
    ),
    Mutant(
        "fees/shares.py",
        "    portfolio.moved += amount\n",
        "",
        "shares count as made by trading",
        (FEES,),
    ),
    Mutant(
        "fees/shares.py",
        "    count_volume(maker, notional)\n",
        "",
        "makers have no volume",
        (FEES,),
    ),
    Mutant(
        "fees/shares.py",
        "        report(step, maker)\n",
        "        maker.traded_day = step.now // DAY_MS\n",
        "makers met on a new day report nothing",
        (FEES,),
    ),
    Mutant(
        "book/entry.py",
        "        cursor.referable = taker.shares.referable\n",
        "",
        "a referrer is forgotten between steps",
        (FEES,),
    ),
    Mutant(
        "book/entry.py",
        "    taker.shares.builder_fee = cursor.builder_fee\n",
        "",
        "a builder is paid for the last step only",
        (FEES,),
    ),
    Mutant(
        "book/entry.py",
        "fee = -(-entry.price * entry.size * entry.rates.worst // PPM_ONE)",
        "fee = -(-entry.price * entry.size * entry.parameters.taker_ppm // PPM_ONE)",
        "the margin check forgets ramp and builder",
        (FEES,),
    ),
    Mutant(
        "book/matching.py",
        "    if taker.order_id != SYSTEM_ORDER:\n        count_volume",
        "    if True:\n        count_volume",
        "a liquidation is its victim's volume",
        (FEES,),
    ),
    Mutant(
        "fees/rates.py",
        "return base - size * (PPM_ONE - share) // PPM_ONE",
        "return base * share // PPM_ONE",
        "a tier's rate rounds down, and its rebate shrinks",
        (FEES,),
    ),
    Mutant(
        "fees/rates.py",
        "-(-rate * steep * left // rules.fee_ramp_ms)",
        "rate * steep * left // rules.fee_ramp_ms",
        "the ramp's rate rounds down",
        (FEES,),
    ),
    Mutant(
        "fees/rates.py",
        "since = max(market.resumed_at, market.jumped_at)",
        "since = market.resumed_at",
        "a jump starts no ramp",
        (FEES,),
    ),
    Mutant(
        "fees/rates.py",
        "    if asked > approved:\n",
        "    if asked > approved + 1:\n",
        "a builder gets one ppm more than approved",
        (FEES,),
    ),
    Mutant(
        "fees/rates.py",
        "min(decode_builder(data), state.rules.builder_ppm_max)",
        "decode_builder(data)",
        "the rules bound no builder approved before",
        (FEES,),
    ),
    Mutant(
        "fees/rates.py",
        "return Rates(0, 0, 0, max(0, maker))",
        "return Rates(0, 0, 0, parameters.taker_ppm)",
        "a post-only order needs a taker's margin",
        (FEES,),
    ),
    Mutant(
        "fees/standing.py",
        "        if volume < above:",
        "        if volume <= above:",
        "a tier begins a micro late",
        (FEES,),
    ),
    Mutant(
        "fees/standing.py",
        "max(0, DAYS - (today - standing.day))",
        "max(0, DAYS - 1 - (today - standing.day))",
        "13 days count, not 14",
        (FEES,),
    ),
    Mutant(
        "fees/standing.py",
        "0 < today - portfolio.traded_day <= DAYS",
        "0 < today - portfolio.traded_day <= DAYS + 1",
        "a day counts for 15 days",
        (FEES,),
    ),
    Mutant(
        "fees/standing.py",
        "    portfolio.traded = 0\n",
        "",
        "what was reported is reported again",
        (FEES,),
    ),
    Mutant(
        "fees/standing.py",
        "    portfolio.referrer = standing.referrer\n",
        "",
        "other sub-accounts never hear of a referrer",
        (FEES,),
    ),
    Mutant(
        "fees/standing.py",
        "    standing.day = today\n",
        "",
        "a standing's days do not pass",
        (FEES,),
    ),
    Mutant(
        "handlers/referrals.py",
        "if standing.referrer or not known or",
        "if not known or",
        "a referrer can be replaced",
        (FEES,),
    ),
    Mutant(
        "handlers/referrals.py",
        "    elif approved is not None:\n        state.remove_blob(key)\n",
        "",
        "an approval cannot be ended",
        (FEES,),
    ),
    Mutant(
        "pricing/guards.py",
        "    market.jumped_at = step.now\n",
        "",
        "no jump is remembered",
        (FEES,),
    ),
    # Matching
    Mutant(
        "book/matching.py",
        "reason = events.REMOVED_BAND",
        "reason = 0",
        "stale offers beyond the band trade",
        (ORDERS,),
    ),
    Mutant(
        "fees/shares.py",
        "taker_fee = -(-notional * rates.total // PPM_ONE)",
        "taker_fee = notional * rates.total // PPM_ONE",
        "taker fee rounds down",
    ),
    Mutant(
        "fees/shares.py",
        "maker_fee = -min(notional * -maker_ppm // PPM_ONE, own)",
        "maker_fee = notional * maker_ppm // PPM_ONE",
        "rebate rounds up, past the taker's fee",
    ),
    Mutant(
        "fees/shares.py",
        "credit(state, maker, -maker_fee)",
        "credit(state, maker, maker_fee)",
        "maker fee has the wrong sign",
    ),
    Mutant(
        "book/matching.py",
        "part = -(-position.cost * closed // held)",
        "part = position.cost * closed // held",
        "realised results round up",
    ),
    Mutant(
        "book/matching.py",
        "            if price > limit:",
        "            if price >= limit:",
        "a bid does not meet an ask at its own price",
        (ORDERS,),
    ),
    Mutant(
        "book/matching.py",
        "            if price < limit:",
        "            if price < limit - 10:",
        "an ask sells a tick below its limit",
    ),
    Mutant(
        "book/matching.py",
        "order.portfolio >> 8 == taker.portfolio.portfolio >> 8",
        "order.portfolio == taker.portfolio.portfolio",
        "sub-accounts of one owner trade with each other",
        (ORDERS,),
    ),
    Mutant(
        "book/matching.py",
        "if maker.flags & PORTFOLIO_LIQUIDATING:",
        "if maker.flags & 2:",
        "orders of a portfolio being closed still trade",
        (LIQUIDATION,),
    ),
    Mutant(
        "book/matching.py",
        "max(0, -position.size if taker.side else position.size)",
        "max(0, position.size if taker.side else -position.size)",
        "a resting reduce-only order increases",
        (ORDERS,),
    ),
    Mutant(
        "book/matching.py",
        "    market.last = price",
        "    market.last = taker.limit",
        "last price is the taker's limit",
    ),
    Mutant(
        "book/matching.py",
        "grown = (max(0, after)) - (max(0, size))",
        "grown = max(0, after - size)",
        "open interest only grows",
    ),
    Mutant(
        "book/matching.py",
        "order.remaining -= size\n    release(position, order, 1 - taker.side, price, size)\n",
        "order.remaining -= size\n",
        "a filled maker stays margined for its order",
    ),
    Mutant(
        "book/matching.py",
        "        settle_funding(state, portfolio, position, market)",
        "        position.funding_index = market.funding_index",
        "a trade wipes out what funding is owed",
        (FUNDING,),
    ),
    Mutant(
        "book/matching.py",
        "if step.visits >= visits_max:",
        "if step.visits > visits_max:",
        "a step visits one order too many",
    ),
    Mutant(
        "book/matching.py",
        "            position.cost = after * price",
        "            position.cost = 0",
        "a flipped position costs nothing",
    ),
    Mutant(
        "keys.py",
        "    priority = price if side == SELL else PRIORITY_TOP - price\n    return ORDER.pack",
        "    priority = price\n    return ORDER.pack",
        "the worst bid comes first",
        (ORDERS,),
    ),
    # Orders
    Mutant(
        "book/entry.py",
        "elif price % parameters.tick:",
        "elif price % 1:",
        "off-tick prices rest",
        (ORDERS,),
    ),
    Mutant(
        "book/entry.py",
        "elif price * size < parameters.notional_min and",
        "elif price * size < 0 and",
        "dust orders rest",
        (ORDERS,),
    ),
    Mutant(
        "book/entry.py",
        "step.now - market.index_time > step.rules.oracle_age_ms_max and",
        "step.now - market.index_time > 100 * step.rules.oracle_age_ms_max and",
        "positions are opened on a stale price",
        (ORDERS,),
    ),
    Mutant(
        "handlers/order.py",
        "        if taken is not None:",
        '        if taken == b"":',
        "a client id sent again doubles its order",
        (ORDERS,),
    ),
    Mutant(
        "book/entry.py",
        "if price < worst if entry.side else price > worst:",
        "if price > worst if entry.side else price < worst:",
        "the band refuses the wrong side",
        (ORDERS,),
    ),
    Mutant(
        "book/entry.py",
        "if portfolio.flags & PORTFOLIO_LIQUIDATING and not (",
        "if portfolio.flags & 2 and not (",
        "a portfolio being closed opens more",
    ),
    Mutant(
        "book/entry.py",
        "entry.size = min(entry.size, held)",
        "entry.size = max(entry.size, held)",
        "reduce-only flips",
        (ORDERS,),
    ),
    Mutant(
        "book/entry.py",
        "if price < entry.price if entry.side else price > entry.price:",
        "if price <= entry.price if entry.side else price >= entry.price:",
        "post-only orders lock the book",
        (ORDERS,),
    ),
    Mutant(
        "book/entry.py",
        "if portfolio.open_orders >= rules.orders_per_portfolio_max:",
        "if portfolio.open_orders > rules.orders_per_portfolio_max:",
        "one open order too many",
        (ORDERS,),
    ),
    Mutant(
        "book/entry.py",
        "fee = -(-entry.price * entry.size * entry.rates.worst // PPM_ONE)",
        "fee = -(-entry.price * entry.size * entry.parameters.maker_ppm // PPM_ONE)",
        "orders are checked with the maker's fee",
    ),
    Mutant(
        "book/entry.py",
        "        cursor.fee += step.fee",
        "        cursor.fee = step.fee",
        "a receipt forgets fees of earlier steps",
    ),
    Mutant(
        "book/entry.py",
        "cursor.continuation < step.rules.step_continuations_max - 1:",
        "cursor.continuation < step.rules.step_continuations_max:",
        "a transaction runs one step too many",
    ),
    Mutant(
        "book/entry.py",
        "elif taker.remaining and not entry.flags & FLAG_IOC:",
        "elif taker.remaining:",
        "what an IOC leaves rests",
        (ORDERS,),
    ),
    Mutant(
        "book/entry.py",
        "    ledger.next_sequence += 1",
        "    ledger.next_sequence += 2",
        "order ids skip one",
    ),
    Mutant(
        "handlers/modify.py",
        "if price == action.price and 0 < size <= order.remaining:",
        "if price == action.price and 0 < size:",
        "a growing order keeps its priority",
        (ORDERS,),
    ),
    Mutant(
        "handlers/modify.py",
        "if action.flags & (FLAG_IOC | FLAG_FOK) or (order.flags ^ action.flags) & kept:",
        "if action.flags & (FLAG_IOC | FLAG_FOK):",
        "a modify changes an order's side",
        (ORDERS,),
    ),
    Mutant(
        "handlers/modify.py",
        "    release(position, order, entry.side, price, -remaining)\n",
        "",
        "a refused modify leaves its order without margin",
    ),
    # Orders with terms, and orders that act later
    Mutant(
        "book/matching.py",
        "    if order.expires_at and order.expires_at <= step.now:\n        reason",
        "    if order.expires_at and order.expires_at < step.now:\n        reason",
        "an expired order trades at its last millisecond",
        (TERMS,),
    ),
    Mutant(
        "book/matching.py",
        "size = step.state.position(number, taker.market.market).size + moved.get(number, 0)",
        "size = step.state.position(number, taker.market.market).size",
        "fill-or-kill counts a maker's position twice",
        (TERMS,),
    ),
    Mutant(
        "book/entry.py",
        "    if found < entry.size:",
        "    if found == 0:",
        "fill-or-kill fills a part",
        (TERMS,),
    ),
    Mutant(
        "book/matching.py",
        "    elif mode != SELF_TRADE_MAKER:\n        taker.stopped = True",
        "    elif mode == 2:\n        taker.stopped = True",
        "a taker that should go goes on",
        (TERMS,),
    ),
    Mutant(
        "book/entry.py",
        "moved = price + tick if entry.side else price - tick",
        "moved = price",
        "an order that slides locks the book",
        (TERMS,),
    ),
    Mutant(
        "waiting/sleeping.py",
        "    return source <= price if trigger & 1 else source >= price",
        "    return source < price if trigger & 1 else source > price",
        "a stop sleeps through its own price",
        (WAITING,),
    ),
    Mutant(
        "waiting/sleeping.py",
        "reach = market.index * LAST_MOVES * step.rules.oracle_move_ppm // PPM_ONE",
        "reach = market.index",
        "one far trade wakes every stop",
        (WAITING,),
    ),
    Mutant(
        "waiting/brackets.py",
        "min(order.size, group.filled)",
        "order.size",
        "an exit is larger than what was entered",
        (WAITING,),
    ),
    Mutant(
        "waiting/brackets.py",
        "if portfolio is None or group.market not in portfolio.markets:",
        "if portfolio is None:",
        "exits open a market that was left",
        (WAITING,),
    ),
    Mutant(
        "waiting/twap.py",
        "size = min(plan.remaining, max(behind, 0), CATCH_UP_MAX * plan.slice_size)",
        "size = min(plan.remaining, max(behind, 0))",
        "a TWAP catches up at once",
        (WAITING,),
    ),
    Mutant(
        "waiting/switch.py",
        "if portfolio is None or portfolio.cancel_at != time:",
        "if portfolio is None:",
        "a switch that was moved still goes off",
        (WAITING,),
    ),
    # Who may act
    Mutant(
        "identity/nonces.py",
        "if used[place] == nonce:",
        "if used[place] == -1:",
        "a transaction is accepted twice",
        (AUTHORITY,),
    ),
    Mutant(
        "identity/nonces.py",
        "bucket.floor = used.pop(0)",
        "used.pop(0)",
        "a forgotten nonce is accepted again",
        (AUTHORITY,),
    ),
    Mutant(
        "identity/nonces.py",
        "step.now - rules.nonce_past_ms <= time",
        "0 <= time",
        "a nonce of any age is accepted",
        (AUTHORITY,),
    ),
    Mutant(
        "identity/authority.py",
        "transaction.expires_at < step.now:",
        "transaction.expires_at <= step.now:",
        "a transaction expires a millisecond early",
        (AUTHORITY,),
    ),
    Mutant(
        "identity/authority.py",
        "    if not burn_nonce(step, address, transaction.nonce):\n        return False\n"
        "    step.account = signer.account\n    step.signer = signer\n"
        "    if transaction.expires_at and transaction.expires_at < step.now:\n"
        "        step.refuse(Code.EXPIRED, (transaction.expires_at, step.now))\n"
        "        return False\n",
        "    step.account = signer.account\n    step.signer = signer\n"
        "    if transaction.expires_at and transaction.expires_at < step.now:\n"
        "        step.refuse(Code.EXPIRED, (transaction.expires_at, step.now))\n"
        "        return False\n"
        "    if not burn_nonce(step, address, transaction.nonce):\n        return False\n",
        "an expired transaction keeps its nonce",
        (AUTHORITY,),
    ),
    Mutant(
        "identity/authority.py",
        "if signer.role == ROLE_REVOKED:",
        "if signer.role == 9:",
        "a revoked agent still acts",
        (AGENTS,),
    ),
    Mutant(
        "identity/authority.py",
        "return all(mask >> leg.market & 1 for leg in action.legs)",
        "return any(mask >> leg.market & 1 for leg in action.legs)",
        "an agent leaves its markets in a bulk",
        (AUTHORITY,),
    ),
    Mutant(
        "handlers/agents.py",
        "(signer.role != ROLE_AGENT or signer.account != step.account):\n"
        "        step.refuse(Code.AGENT_USED)",
        "signer.account != step.account:\n        step.refuse(Code.AGENT_USED)",
        "a tombstone is approved again",
        (AGENTS,),
    ),
    # Money
    Mutant(
        "handlers/deposit.py",
        "        signer.role = ROLE_OWNER\n",
        "",
        "an agent that deposits never owns its money",
        (DEPOSIT,),
    ),
    Mutant(
        "handlers/deposit.py",
        "amount = min(item.amount or most, most)",
        "amount = item.amount or most",
        "a forced withdrawal takes margin along",
        (DEPOSIT,),
    ),
    Mutant(
        "handlers/withdraw.py",
        "    if action.amount > most:",
        "    if action.amount > portfolio.balance:",
        "a withdrawal takes margin along",
        (WITHDRAW,),
    ),
    Mutant(
        "handlers/withdraw.py",
        "    if stale >= 0:",
        "    if stale > 99:",
        "money leaves at a stale price",
        (WITHDRAW,),
    ),
    Mutant(
        "handlers/transfer.py",
        "    credit(state, source, -amount)",
        "    credit(state, source, 1 - amount)",
        "a transfer makes a micro",
        (WITHDRAW,),
    ),
    Mutant(
        "handlers/transfer.py",
        "    if recipient is None or not owner:",
        "    if recipient is None:",
        "money is sent to a session key's account",
        (WITHDRAW,),
    ),
    Mutant(
        "handlers/transfer.py",
        "    if recipient is not None and owner and recipient.account == step.account:",
        "    if recipient is not None and recipient.account == step.account:",
        "a session key is taken for its owner",
        (WITHDRAW,),
    ),
    Mutant(
        "handlers/transfer.py",
        "recipient.account << 8 | action.target",
        "recipient.account << 8 | action.source",
        "what is sent comes to another sub-account",
        (WITHDRAW,),
    ),
    # Oracle and mark
    Mutant(
        "handlers/oracle.py",
        "prices[(len(prices) - 1) // 2]",
        "prices[len(prices) // 2]",
        "the upper median of two",
        (ORACLE,),
    ),
    Mutant(
        "handlers/oracle.py",
        "if message.time <= oracle.times[message.publisher]:",
        "if message.time < oracle.times[message.publisher]:",
        "an oracle message counts again",
        (ORACLE,),
    ),
    Mutant(
        "handlers/oracle.py",
        "if time and oldest <= time <= newest:",
        "if time:",
        "stale prices make the index",
        (ORACLE,),
    ),
    Mutant(
        "handlers/oracle.py",
        " or publishers[message.publisher] != address:",
        ":",
        "anybody signs for a publisher",
        (ORACLE,),
    ),
    Mutant(
        "handlers/oracle.py",
        "times[-rules.publishers_min]",
        "times[-1]",
        "one publisher keeps an index fresh",
        (ORACLE,),
    ),
    Mutant(
        "pricing/mark.py",
        "return div_floor(index * rules.initial_ppm, 2 * PPM_ONE)",
        "return div_floor(index * rules.initial_ppm, PPM_ONE)",
        "the mark leaves the index twice as far",
        (ORACLE,),
    ),
    Mutant(
        "pricing/mark.py",
        "missed = clamp(second - market.sample_time - interval, 0, window)",
        "missed = 0",
        "missed samples do not count 0",
    ),
    Mutant(
        "pricing/mark.py",
        "median(bid, ask, market.last or index)",
        "median(bid, ask, index)",
        "the mark forgets the last price",
    ),
    # Funding and due work
    Mutant(
        "pricing/funding.py",
        "paid = -owed >> FUNDING_SHIFT",
        "paid = -(owed >> FUNDING_SHIFT)",
        "funding rounds in the user's favour",
        (FUNDING,),
    ),
    Mutant(
        "pricing/funding.py",
        "market.funding_dust -= owed",
        "market.funding_dust += owed",
        "funding dust has the wrong sign",
        (FUNDING,),
    ),
    Mutant(
        "pricing/funding.py",
        "rate = premium + clamp(INTEREST - premium, -INTEREST_CLAMP, INTEREST_CLAMP)",
        "rate = premium + INTEREST",
        "interest is added whole",
        (FUNDING,),
    ),
    Mutant(
        "pricing/funding.py",
        "elapsed = clamp(due - market.funding_time, 0, interval)",
        "elapsed = max(0, due - market.funding_time)",
        "an outage accrues funding",
        (FUNDING, DUE),
    ),
    Mutant(
        "pricing/funding.py",
        "if bid == 0 or ask == 0:",
        "if bid == 0 and ask == 0:",
        "an emptied book earns funding",
        (FUNDING,),
    ),
    Mutant(
        "pricing/funding.py",
        "return -position.size * (",
        "return position.size * (",
        "longs are paid what they owe, in equity",
        (FUNDING,),
    ),
    Mutant(
        "due.py",
        "return now - now % interval + interval",
        "return now + interval",
        "periodic work drifts off its multiples",
        (DUE,),
    ),
    Mutant(
        "due.py",
        "if key is None or due_time(key) > now:",
        "if key is None or due_time(key) >= now:",
        "due work waits a block",
        (DUE,),
    ),
    # Liquidation
    Mutant(
        "risk/liquidation.py",
        "return div_ceil(mark * whole - part, whole * tick) * tick",
        "return div_floor(mark * whole - part, whole * tick) * tick",
        "the zero price rounds against its owner",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/liquidation.py",
        "return div_floor(mark * whole + part, whole * tick) * tick",
        "return div_floor(mark * whole - part, whole * tick) * tick",
        "a short is bought back below the mark only",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/liquidation.py",
        "if maintenance > most:",
        "if maintenance >= most:",
        "of equal positions the highest market's is closed",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/liquidation.py",
        "    fee = min(fee, after.equity - floor)\n",
        "",
        "a liquidation fee lowers E/MM",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/liquidation.py",
        "ledger.insurance += fee - reward - repaid",
        "ledger.insurance += fee - repaid",
        "a poke's reward is made of nothing",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/deficits.py",
        "drawn = min(debt, insurance_room(step, market))",
        "drawn = debt",
        "the insurance fund goes below zero",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/liquidation.py",
        "    add_deficit(state, market, rest)",
        "    add_deficit(state, market, debt)",
        "what insurance paid stands as a deficit too",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/liquidation.py",
        "margin.maintenance * (PPM_ONE + rules.liquidation_margin_ppm)",
        "margin.maintenance * PPM_ONE",
        "a liquidation ends without a margin",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/liquidation.py",
        "repaid = repay_deficit(ledger, market, fee - reward)",
        "repaid = 0",
        "deficits are never repaid",
        (LIQUIDATION,),
    ),
    Mutant(
        "handlers/poke.py",
        "return position.bids > max(0, -position.size)",
        "return position.bids > 0",
        "stage 1 cancels what closes a short",
        (LIQUIDATION,),
    ),
    Mutant(
        "handlers/poke.py",
        "    if margin.equity >= margin.maintenance:\n        cancel_risky",
        "    if margin.equity >= margin.initial:\n        cancel_risky",
        "who is short of IM alone is closed",
        (LIQUIDATION,),
    ),
    # Blocks and state
    Mutant(
        "transition.py",
        "cursor.due_count < self.state.rules.due_items_max:",
        "cursor.due_count <= self.state.rules.due_items_max:",
        "one item of due work too many",
    ),
    Mutant(
        "transition.py",
        "            cursor.flags |= FLAG_BACKLOG",
        "            cursor.flags |= 0",
        "takers do not wait for due work",
    ),
    Mutant(
        "transition.py",
        "if item.time + rules.inbox_deadline_ms <= cursor.time:",
        "if item.time + rules.inbox_deadline_ms < cursor.time:",
        "an overdue item waits a block",
    ),
    Mutant(
        "transition.py",
        "        if cursor.continuation or cursor.filled:",
        "        if cursor.height == 0:",
        "a continuation leaks into the next transaction",
    ),
    Mutant(
        "journal.py",
        "            if self.head is None or key < self.head:",
        "            if self.head is None:",
        "a better order of the same block is overlooked",
    ),
    Mutant(
        "journal.py",
        "        if self.scanned and key == self.head:\n            self.scanned = False",
        "        if self.scanned and key == self.head:\n            self.head = None",
        "the book ends behind a filled order",
    ),
    Mutant(
        "step.py",
        "tuple([clamp(arg, ARG_MIN, ARG_MAX) for arg in args])",
        "args",
        "an absurd order stops the block",
        ("tests/unit/test_step.py",),
    ),
)
