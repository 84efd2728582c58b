package io.keplerfs.swim;

import java.util.concurrent.atomic.LongAdder;

/** What the failure detector has done, for operators. Written by the one thread that owns the detector, read by any. */
final class Ledger {
    final LongAdder probes = new LongAdder();
    final LongAdder ackedDirectly = new LongAdder();
    final LongAdder ackedThroughRelay = new LongAdder();
    final LongAdder ackedByStream = new LongAdder();
    final LongAdder probesFailed = new LongAdder();
    final LongAdder suspicions = new LongAdder();
    final LongAdder deaths = new LongAdder();
    final LongAdder refutes = new LongAdder();
    final LongAdder falseSuspicions = new LongAdder();
    final LongAdder falseDeaths = new LongAdder();
    final LongAdder sumsAsked = new LongAdder();
    final LongAdder sumsAnswered = new LongAdder();
    final LongAdder statesAsked = new LongAdder();
    final LongAdder statesAnswered = new LongAdder();

    /** Lifeguard's score, 0 to 8. */
    volatile int localHealth;

    /** News that are still being told. */
    volatile int rumours;
}
