package io.keplerfs.swim;

import java.util.concurrent.atomic.LongAdder;

/** The running totals behind {@link SwimStatistics}; any thread. */
final class Counters {
    final LongAdder packetsSent = new LongAdder();
    final LongAdder packetsReceived = new LongAdder();
    final LongAdder packetBytesSent = new LongAdder();
    final LongAdder packetBytesReceived = new LongAdder();
    final LongAdder streamBytesSent = new LongAdder();
    final LongAdder streamBytesReceived = new LongAdder();
    final LongAdder exchangesAsked = new LongAdder();
    final LongAdder exchangesFailed = new LongAdder();
    final LongAdder exchangesAnswered = new LongAdder();
    final LongAdder brokenSeals = new LongAdder();
    final LongAdder replayed = new LongAdder();
    final LongAdder malformed = new LongAdder();
    final LongAdder oversized = new LongAdder();
    final LongAdder foreign = new LongAdder();
    final LongAdder overdue = new LongAdder();
    final LongAdder overloaded = new LongAdder();

    LongAdder of(Refusal reason) {
        return switch (reason) {
            case MALFORMED -> malformed;
            case OVERSIZED -> oversized;
            case BROKEN_SEAL -> brokenSeals;
            case REPLAYED -> replayed;
            case FOREIGN -> foreign;
        };
    }

    SwimStatistics snapshot() {
        return new SwimStatistics(
                packetsSent.sum(),
                packetsReceived.sum(),
                packetBytesSent.sum(),
                packetBytesReceived.sum(),
                streamBytesSent.sum(),
                streamBytesReceived.sum(),
                exchangesAsked.sum(),
                exchangesFailed.sum(),
                exchangesAnswered.sum(),
                brokenSeals.sum(),
                replayed.sum(),
                malformed.sum(),
                oversized.sum(),
                foreign.sum(),
                overdue.sum(),
                overloaded.sum());
    }
}
