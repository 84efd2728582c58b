package io.keplerfs.client;

import io.keplerfs.Bucket;
import io.keplerfs.BucketInfo;
import io.keplerfs.ChunkReport;
import io.keplerfs.ClusterRepair;
import io.keplerfs.ClusterStatus;
import io.keplerfs.ClusterViews;
import io.keplerfs.Credentials;
import io.keplerfs.KeplerCluster;
import io.keplerfs.KeplerListener;
import io.keplerfs.Member;
import io.keplerfs.Subscription;
import io.keplerfs.values.ChunkId;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import okhttp3.Response;

/**
 * A cluster over its HTTP gateways (docs/http.md). A call goes to the gateway that answered last and moves on to the next one
 * when that cannot do harm:
 *
 * <ul>
 *   <li>reads always, also in mid-stream, where the rest of the same version is asked for elsewhere;
 *   <li>writes if nothing was sent or the gateway says that nothing was changed (503, 507);
 *   <li>puts from memory also if the answer was lost: they are repeated under the same version id, so they happen at most once;
 *       unconditional deletes likewise, deleting twice is deleting once;
 *   <li>a put from a stream cannot be sent twice, nor can a delete with a condition: a lost answer ends them with
 *       {@link io.keplerfs.IndeterminateException}. The version id of that exception repeats a put; for a delete or a bucket it
 *       is only a name, look whether it happened and then call again.
 * </ul>
 *
 * <p>Blocking calls run on the caller's thread or wait for one of up to 64 of the client's. {@link #close} breaks off whatever
 * runs. It leaves no thread of the client's; the JVM-wide threads {@code Okio Watchdog} and {@code OkHttp TaskRunner}, both daemons
 * shared by all users of those libraries, end by themselves after a minute without work.
 */
public final class RemoteCluster implements KeplerCluster {
    /** See KeplerCluster.onEvent. */
    private static final Duration POLL_PERIOD = Duration.ofSeconds(1);

    private final Asks asks;
    private final GatewayClient client;
    private final EventPoller events;

    RemoteCluster(Asks asks, GatewayClient client, Duration pollPeriod, ThreadFactory threads) {
        this.asks = asks;
        this.client = client;
        this.events = new EventPoller(() -> client.send(asks.status(), Answers::status), pollPeriod, threads);
    }

    /**
     * Makes a client; does no I/O.
     *
     * @param gateways base addresses, http or https, in the order they are tried
     * @param credentials shown to every gateway in the list
     * @param threads makes the client's threads, daemons unless the application is to be kept alive by them
     * @param nanoClock for how long a failed gateway is passed over
     * @param random for version ids, safe for use by several threads; a SecureRandom, so that no two clients agree
     * @throws IllegalArgumentException if there is no gateway, or an address or the token that cannot be used
     */
    public static RemoteCluster connect(
            List<URI> gateways,
            Credentials credentials,
            ThreadFactory threads,
            LongSupplier nanoClock,
            RandomGenerator random) {
        return connect(gateways, credentials, threads, nanoClock, random, POLL_PERIOD);
    }

    static RemoteCluster connect(
            List<URI> gateways,
            Credentials credentials,
            ThreadFactory threads,
            LongSupplier nanoClock,
            RandomGenerator random,
            Duration pollPeriod) {
        Gateways order = new Gateways(gateways.stream().map(Gateway::of).toList(), nanoClock);
        GatewayTime time = new GatewayTime(nanoClock);
        Asks asks = new Asks(credentials, time, random);
        return new RemoteCluster(asks, new GatewayClient(new Connections(time), order, threads), pollPeriod, threads);
    }

    @Override
    public CompletableFuture<Bucket> createBucketAsync(String name) {
        return client.async(() -> client.send(asks.createBucket(name), response -> bucket(name)));
    }

    @Override
    public Bucket bucket(String name) {
        return new RemoteBucket(name, asks, client);
    }

    @Override
    public CompletableFuture<List<BucketInfo>> bucketsAsync() {
        return client.async(() -> client.send(asks.buckets(), Answers::buckets));
    }

    @Override
    public CompletableFuture<Void> deleteBucketAsync(String name) {
        return client.async(() -> {
            client.send(asks.deleteBucket(name), Response::code);
            return null;
        });
    }

    @Override
    public CompletableFuture<ClusterStatus> statusAsync() {
        return client.async(() -> client.send(asks.status(), Answers::status));
    }

    @Override
    public CompletableFuture<List<Member>> ringOwnersAsync(String bucket, String key) {
        return client.async(() -> client.send(asks.owners(bucket, key), Answers::owners));
    }

    @Override
    public CompletableFuture<List<ChunkId>> chunksAsync(String bucket, String key, long from, int limit) {
        return client.async(() -> client.send(asks.chunks(bucket, key, from, limit), Answers::chunks));
    }

    @Override
    public CompletableFuture<ChunkReport> chunkAsync(ChunkId id) {
        return client.async(() -> client.send(asks.chunk(id), Answers::chunk));
    }

    @Override
    public Subscription onEvent(KeplerListener listener) {
        return events.add(listener);
    }

    @Override
    public ClusterViews views() {
        return new RemoteViews(asks, client);
    }

    @Override
    public ClusterRepair repair() {
        return new RemoteRepair(asks, client);
    }

    /** Idempotent. What runs ends with UnavailableException, or IndeterminateException if it may have happened. */
    @Override
    public void close() {
        client.close();
        events.close();
    }
}
