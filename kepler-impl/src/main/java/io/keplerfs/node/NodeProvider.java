package io.keplerfs.node;

import io.keplerfs.Credentials;
import io.keplerfs.InMemoryNetwork;
import io.keplerfs.KeplerCluster;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.KeplerProvider;
import io.keplerfs.Salvage;
import io.keplerfs.client.RemoteCluster;
import io.keplerfs.disk.Renewal;
import io.keplerfs.memory.MemoryNetwork;
import io.keplerfs.memory.MemoryStore;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.UUID;
import java.util.function.IntConsumer;

/** What {@link java.util.ServiceLoader} finds. */
public final class NodeProvider implements KeplerProvider {
    @Override
    public KeplerNode start(KeplerOptions options) throws IOException {
        return new NodeStartup(options).start();
    }

    @Override
    public KeplerCluster connect(List<URI> gateways, Credentials credentials) {
        return RemoteCluster.connect(
                gateways, credentials, new NodeThreads("client").of("remote"), System::nanoTime, new SecureRandom());
    }

    @Override
    public InMemoryNetwork inMemoryNetwork() {
        return new MemoryNetwork(
                new SecureRandom(), id -> new MemoryStore(id, Runnable::run, System::currentTimeMillis));
    }

    @Override
    public Salvage salvage(List<Path> sources) throws IOException {
        return DirectorySalvage.open(sources, System.currentTimeMillis());
    }

    @Override
    public Salvage.Renewed renew(Path directory, IntConsumer progress) throws IOException {
        Renewal.refuseWhole(directory);
        SecureRandom random = new SecureRandom();
        Renewal.Renewed renewed = new Renewal(
                        new NodeThreads("rebuild").of("disk"),
                        () -> new UUID(random.nextLong(), random.nextLong()),
                        System::currentTimeMillis)
                .renew(directory, progress);
        return new Salvage.Renewed(
                renewed.from(),
                renewed.to(),
                renewed.label(),
                renewed.aside(),
                renewed.adopted().chunks(),
                renewed.adopted().chunkBytes());
    }
}
