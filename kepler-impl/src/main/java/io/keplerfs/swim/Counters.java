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
    final LongAdder malformed = new LongAdder();
    final LongAdder foreign = new LongAdder();
    final LongAdder overloaded = new LongAdder();

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
                malformed.sum(),
                foreign.sum(),
                overloaded.sum());
    }
}
