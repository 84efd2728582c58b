package io.keplerfs.memory;

import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A {@link Membership} without gossip: it looks at the network. Seeds, known members and probe times mean nothing to it. */
final class MemoryMembership implements Membership {
    private final MemoryNetwork network;
    private volatile @Nullable Observer observer;

    MemoryMembership(MemoryNetwork network) {
        this.network = network;
    }

    @Override
    public int bind(String host, int port) {
        return 0;
    }

    @Override
    public void start(Local local, Host host) {
        Observer started = new Observer(network, local, host);
        observer = started;
        network.add(started);
    }

    @Override
    public List<MemberInfo> members() {
        Observer started = observer;
        return started == null ? List.of() : started.members();
    }

    @Override
    public Report report() {
        Observer started = observer;
        return started == null ? Report.NONE : started.report();
    }

    @Override
    public void cardChanged() {
        network.cardChanged();
    }

    @Override
    public void use(Keyring keys) {
        Observer started = observer;
        if (started == null) {
            throw new IllegalStateException("keys " + keys + " before the membership was started");
        }
        started.use(keys);
        network.cardChanged();
    }

    @Override
    public void leave(Duration timeout) {
        Observer started = observer;
        if (started != null) {
            network.leave(started, timeout);
        }
    }

    @Override
    public void close() {
        Observer started = observer;
        if (started != null) {
            network.leave(started, Duration.ZERO);
            started.end();
        }
    }
}
