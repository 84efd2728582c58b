package io.keplerfs.swim;

import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Membership by SWIM gossip with Lifeguard: UDP for probes and news, TCP on the same port number for hellos and full state.
 *
 * <p>Serves one node once: {@link #bind}, {@link #start}, in the end {@link #close}; others throw IllegalStateException.
 */
public final class SwimMembership implements Membership {
    private static final Logger LOG = LoggerFactory.getLogger(SwimMembership.class);

    private final LongSupplier nanoClock;
    private final SecureRandom random;
    private final Counters counters = new Counters();

    /** Guards the two fields below it, and the step from one to the next of bind, start and close. */
    private final Object lock = new Object();

    private @Nullable GossipPort port;
    private boolean closed;

    private volatile @Nullable SwimNode node;

    /**
     * @param nanoClock monotonic, in nanoseconds; all periods and ages are measured by it
     * @param random what this run seals with is drawn from it
     */
    public SwimMembership(LongSupplier nanoClock, SecureRandom random) {
        this.nanoClock = nanoClock;
        this.random = random;
    }

    @Override
    public int bind(String host, int portNumber) throws IOException {
        synchronized (lock) {
            if (closed || port != null) {
                throw new IllegalStateException("bind is called once, before start");
            }
            GossipPort bound = GossipPort.bind(host, portNumber);
            port = bound;
            return bound.number();
        }
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if a value of {@code local} is one that no peer would accept; it is named
     */
    @Override
    public void start(Local local, Host host) {
        GossipCodec.check(local.self());
        synchronized (lock) {
            GossipPort bound = port;
            if (closed || bound == null || node != null) {
                throw new IllegalStateException("start is called once, after bind and before close");
            }
            SwimNode started = new SwimNode(bound, local, host, nanoClock, new Seal(local.keys(), random), counters);
            node = started;
            started.start();
        }
    }

    @Override
    public List<MemberInfo> members() {
        SwimNode running = node;
        return running == null ? List.of() : running.members();
    }

    @Override
    public Report report() {
        SwimNode running = node;
        return running == null ? Report.NONE : running.report();
    }

    @Override
    public void cardChanged() {
        SwimNode running = node;
        if (running != null) {
            running.cardChanged();
        }
    }

    @Override
    public void use(Keyring keys) {
        SwimNode running = node;
        if (running == null) {
            throw new IllegalStateException("keys " + keys + " before the membership was started");
        }
        running.use(keys);
    }

    @Override
    public void leave(Duration timeout) {
        SwimNode running = node;
        if (running == null) {
            return;
        }
        try {
            running.leave().get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException nobodyHeard) {
            LOG.info(
                    "left, but fewer members than hoped confirmed it within {} ms: it will be taken for dead",
                    timeout.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException impossible) {
            throw new IllegalStateException("a departure only ever succeeds", impossible);
        }
    }

    /** What the gossip port has seen so far. Any thread. */
    public SwimStatistics statistics() {
        return counters.snapshot();
    }

    @Override
    public void close() {
        GossipPort bound;
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            bound = port;
        }
        SwimNode running = node;
        if (running != null) {
            running.close();
        } else if (bound != null) {
            bound.close();
        }
    }
}
