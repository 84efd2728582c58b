package io.keplerfs.node;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/** Makes the daemon threads of one node, named {@code kepler-<label>-<role>-<number>}. */
final class NodeThreads {
    private final String label;

    NodeThreads(String label) {
        this.label = label;
    }

    ThreadFactory of(String role) {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, "kepler-" + label + "-" + role + "-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }
}
