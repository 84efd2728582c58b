package io.keplerfs;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.IntConsumer;

/** The door to the implementation, found through {@link ServiceLoader} so that an application compiles against the API only. */
public interface KeplerProvider {
    /**
     * The implementation on the class or module path.
     *
     * @throws IllegalStateException if there is none
     */
    static KeplerProvider find() {
        return ServiceLoader.load(KeplerProvider.class)
                .findFirst()
                .or(() -> ServiceLoader.load(KeplerProvider.class, KeplerProvider.class.getClassLoader())
                        .findFirst())
                .orElseThrow(() -> new IllegalStateException(
                        "no KeplerFS implementation found: add the dependency io.keplerfs:kepler-impl at run time"));
    }

    /** See {@link KeplerNode#start}. */
    KeplerNode start(KeplerOptions options) throws IOException;

    /** See {@link KeplerCluster#connect}. */
    KeplerCluster connect(List<URI> gateways, Credentials credentials);

    /** See {@link InMemoryNetwork#create}. */
    InMemoryNetwork inMemoryNetwork();

    /** See {@link Salvage#open}. */
    Salvage salvage(List<Path> sources) throws IOException;

    /** See {@link Salvage#renew}. */
    Salvage.Renewed renew(Path directory, IntConsumer progress) throws IOException;
}
