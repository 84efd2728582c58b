package io.keplerfs.http;

import java.time.Duration;

/**
 * The bounds of one gateway; reaching one slows the client down or refuses it, it never grows the heap.
 *
 * @param ioThreads event loops
 * @param workers large uploads and downloads that run at the same time
 * @param queuedWork how many more may wait for a worker before the answer is 503
 * @param connections open connections; more are refused
 * @param smallBytes bodies up to this size are collected, and files read, in one piece
 * @param pipeBytes bytes of one larger upload that may wait in memory for the cluster
 * @param timeouts how long silence is borne
 */
public record GatewayLimits(
        int ioThreads, int workers, int queuedWork, int connections, int smallBytes, int pipeBytes, Timeouts timeouts) {
    /** A key of 1024 bytes is 3 KiB when escaped; a listing may carry two of them and a delimiter. */
    static final int REQUEST_LINE_BYTES = 16 << 10;

    /** Room for metadata; more belongs into a file. */
    static final int HEADER_BYTES = 32 << 10;

    /** Largest part of a body that one network read hands over. */
    static final int READ_BYTES = 64 << 10;

    /** What one read of a large file takes, and one write to its client: large enough to be cheap, small enough to hold two. */
    static final int PIECE_BYTES = 256 << 10;

    public GatewayLimits {
        requirePositive("ioThreads", ioThreads);
        requirePositive("workers", workers);
        requirePositive("connections", connections);
        requirePositive("smallBytes", smallBytes);
        requirePositive("pipeBytes", pipeBytes);
        if (queuedWork < 0) {
            throw new IllegalArgumentException("queuedWork is " + queuedWork + ", it must be 0 or above");
        }
    }

    /**
     * An event loop per core (2 to 8: they only move bytes), 64 workers (they mostly wait for the network or a disk) and 256
     * waiting, 10,000 connections.
     */
    public static GatewayLimits defaults() {
        int loops = Math.min(8, Math.max(2, Runtime.getRuntime().availableProcessors()));
        return new GatewayLimits(loops, 64, 256, 10_000, 64 << 10, 256 << 10, Timeouts.defaults());
    }

    public GatewayLimits withWorkers(int count, int queued) {
        return new GatewayLimits(ioThreads, count, queued, connections, smallBytes, pipeBytes, timeouts);
    }

    public GatewayLimits withConnections(int count) {
        return new GatewayLimits(ioThreads, workers, queuedWork, count, smallBytes, pipeBytes, timeouts);
    }

    public GatewayLimits withTimeouts(Timeouts value) {
        return new GatewayLimits(ioThreads, workers, queuedWork, connections, smallBytes, pipeBytes, value);
    }

    private static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " is " + value + ", it must be 1 or above");
        }
    }

    /**
     * How long silence is borne.
     *
     * @param head from the first byte of a request until its headers are complete
     * @param bodySilence between two reads of a body that is expected
     * @param keepAlive without a request
     * @param writeStall while the client takes nothing of its answer
     * @param linger for a client to read an error before its unread body is cut off
     * @param drain for running requests when the gateway closes
     */
    public record Timeouts(
            Duration head,
            Duration bodySilence,
            Duration keepAlive,
            Duration writeStall,
            Duration linger,
            Duration drain) {
        /** 30 s, 60 s, 75 s (longer than the usual 60 s of a load balancer), 60 s, 2 s, 5 s (what closing a node may take). */
        public static Timeouts defaults() {
            return new Timeouts(
                    Duration.ofSeconds(30),
                    Duration.ofSeconds(60),
                    Duration.ofSeconds(75),
                    Duration.ofSeconds(60),
                    Duration.ofSeconds(2),
                    Duration.ofSeconds(5));
        }

        public Timeouts withHead(Duration value) {
            return new Timeouts(value, bodySilence, keepAlive, writeStall, linger, drain);
        }

        public Timeouts withBodySilence(Duration value) {
            return new Timeouts(head, value, keepAlive, writeStall, linger, drain);
        }

        public Timeouts withKeepAlive(Duration value) {
            return new Timeouts(head, bodySilence, value, writeStall, linger, drain);
        }

        public Timeouts withWriteStall(Duration value) {
            return new Timeouts(head, bodySilence, keepAlive, value, linger, drain);
        }

        public Timeouts withDrain(Duration value) {
            return new Timeouts(head, bodySilence, keepAlive, writeStall, linger, value);
        }
    }
}
