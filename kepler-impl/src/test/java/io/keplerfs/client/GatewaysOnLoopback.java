package io.keplerfs.client;

import io.keplerfs.Bucket;
import io.keplerfs.Credentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;

/** Scripted gateways a, b, c... and one client of them, with a clock that only the test moves. */
final class GatewaysOnLoopback implements AutoCloseable {
    static final String ETAG = "0123456789abcdef0123456789abcdef";

    final AtomicLong nanos = new AtomicLong();
    final List<Thread> threads = new CopyOnWriteArrayList<>();
    final List<MockWebServer> servers = new ArrayList<>();
    private final GatewayTime time = new GatewayTime(nanos::get);
    final Connections connections = new Connections(time);
    final RemoteCluster cluster;
    private final Random random = new Random(42);

    GatewaysOnLoopback(int count) {
        this(count, Credentials.NONE);
    }

    GatewaysOnLoopback(int count, Credentials credentials) {
        for (int i = 0; i < count; i++) {
            servers.add(started());
        }
        List<Gateway> gateways =
                servers.stream().map(server -> Gateway.of(address(server))).toList();
        GatewayClient client = new GatewayClient(connections, new Gateways(gateways, nanos::get), this::thread);
        cluster = new RemoteCluster(new Asks(credentials, time, random), client, Duration.ofMillis(10), this::thread);
    }

    MockWebServer a() {
        return servers.get(0);
    }

    MockWebServer b() {
        return servers.get(1);
    }

    Bucket reports() {
        return cluster.bucket("reports");
    }

    /** The next request this gateway got; fails the test if there is none. */
    static RecordedRequest request(MockWebServer server) throws InterruptedException {
        RecordedRequest request = server.takeRequest(10, TimeUnit.SECONDS);
        if (request == null) {
            throw new AssertionError("no (further) request came to " + server);
        }
        return request;
    }

    static URI address(MockWebServer server) {
        return URI.create("http://127.0.0.1:" + server.getPort());
    }

    /** A port of this machine where nobody listens. */
    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    static MockResponse.Builder problem(int status, String type, String detail) {
        return new MockResponse.Builder()
                .code(status)
                .addHeader("Content-Type", "application/problem+json")
                .body("{\"type\":\"urn:keplerfs:problem:" + type + "\",\"title\":\"t\",\"status\":" + status
                        + ",\"detail\":\"" + detail + "\"}");
    }

    /** The answer to a HEAD: the scripted server would send a body. */
    static MockResponse.Builder head(int sizeBytes) {
        return file("").setHeader("Content-Length", sizeBytes);
    }

    /** The whole file. */
    static MockResponse.Builder file(String content) {
        return new MockResponse.Builder()
                .addHeader("ETag", "\"" + ETAG + "\"")
                .addHeader("Content-Type", "text/plain")
                .addHeader("X-Kepler-Modified-At", "2026-01-02T03:04:05.678Z")
                .body(content);
    }

    /** The bytes {@code first} to {@code last} of a file of these bytes. */
    static MockResponse.Builder range(String content, int first, int last) {
        return file(content.substring(first, last + 1))
                .code(206)
                .addHeader("Content-Range", "bytes " + first + "-" + last + "/" + content.length());
    }

    static MockResponse.Builder stored() {
        return new MockResponse.Builder()
                .addHeader("Content-Type", "application/json")
                .body("{\"bucket\":\"reports\",\"key\":\"q3\",\"sizeBytes\":5,\"version\":\"" + ETAG
                        + "\",\"contentType\":\"text/plain\",\"metadata\":{},\"modifiedAt\":\"2026-01-02T03:04:05.678Z\","
                        + "\"receipt\":{\"durability\":\"quorum\",\"fsyncedCopies\":2,"
                        + "\"owners\":[\"00000000-0000-0000-0000-000000000001\",\"00000000-0000-0000-0000-000000000002\"],"
                        + "\"pending\":[\"00000000-0000-0000-0000-000000000002\"]}}");
    }

    @Override
    public void close() {
        cluster.close();
        servers.forEach(MockWebServer::close);
    }

    private Thread thread(Runnable task) {
        Thread thread = new Thread(task, "kepler-client-test-" + threads.size());
        thread.setDaemon(true);
        threads.add(thread);
        return thread;
    }

    private static MockWebServer started() {
        try {
            MockWebServer server = new MockWebServer();
            server.start(InetAddress.getByName("127.0.0.1"), 0);
            return server;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
