package io.keplerfs.http;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.keplerfs.MetadataBackup;
import io.keplerfs.NodeHealth;
import io.keplerfs.UnavailableException;
import io.keplerfs.values.Measure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** A gateway on a free loopback port before a fake cluster with the bucket {@code box}, and two kinds of clients. */
final class GatewayFixture implements AutoCloseable {
    final FakeCluster cluster = new FakeCluster();
    final FakeKeys keys = new FakeKeys();
    final FakeBucket bucket = cluster.bucket("box");
    final List<Thread> threads = new CopyOnWriteArrayList<>();
    final HttpGateway gateway;
    final OkHttpClient client =
            new OkHttpClient.Builder().followRedirects(false).build();
    volatile List<Measure> measures = List.of();
    volatile NodeHealth health = new NodeHealth(true, true, "");

    GatewayFixture() throws IOException {
        this(GatewayLimits.defaults());
    }

    /** What a backup to a path does; the test's own. */
    volatile Function<Path, CompletableFuture<MetadataBackup>> backup =
            to -> CompletableFuture.failedFuture(new UnavailableException("no backup to " + to));

    private final Function<Path, CompletableFuture<MetadataBackup>> backups = to -> backup.apply(to);

    GatewayFixture(GatewayLimits limits) throws IOException {
        cluster.buckets.put("box", bucket);
        gateway = HttpGateway.start(options(0, limits), cluster, () -> health, () -> measures);
    }

    GatewayOptions options(int port, GatewayLimits limits) {
        return new GatewayOptions(
                "127.0.0.1",
                port,
                "node-a",
                "1.2.3",
                work -> {
                    Thread thread = new Thread(work, "kepler-node-a-http");
                    thread.setDaemon(true);
                    threads.add(thread);
                    return thread;
                },
                System::nanoTime,
                InstantSource.system(),
                Optional.of(keys),
                backups,
                limits);
    }

    /** A request to a path that is sent as it is written here. */
    Request.Builder to(String path) {
        return new Request.Builder().url("http://127.0.0.1:" + gateway.port() + path);
    }

    /** An answer, read to its end. */
    record Answer(int status, okhttp3.Headers headers, byte[] body) {
        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        JsonObject json() {
            return JsonParser.parseString(text()).getAsJsonObject();
        }

        String header(String name) {
            return String.valueOf(headers.get(name));
        }

        /** End of the problem's type. */
        String problem() {
            return json().get("type").getAsString().replace("urn:keplerfs:problem:", "");
        }

        String detail() {
            return json().get("detail").getAsString();
        }
    }

    Answer send(Request.Builder request) throws IOException {
        try (Response response = client.newCall(request.build()).execute()) {
            return new Answer(
                    response.code(), response.headers(), response.body().bytes());
        }
    }

    Answer get(String path) throws IOException {
        return send(to(path));
    }

    Answer put(String path, byte[] content) throws IOException {
        return send(to(path).put(body(content)));
    }

    Answer put(String path, String content) throws IOException {
        return put(path, content.getBytes(StandardCharsets.UTF_8));
    }

    static RequestBody body(byte[] content) {
        return RequestBody.create(content, (MediaType) null);
    }

    /** A connection that says exactly what a test wants it to say. */
    Raw raw() throws IOException {
        return new Raw(new Socket("127.0.0.1", gateway.port()));
    }

    record Raw(Socket socket) implements AutoCloseable {
        Raw {
            try {
                socket.setSoTimeout(20_000);
            } catch (IOException refused) {
                throw new java.io.UncheckedIOException(refused);
            }
        }

        Raw say(String text) throws IOException {
            return say(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        Raw say(byte[] bytes) throws IOException {
            OutputStream out = socket.getOutputStream();
            out.write(bytes);
            out.flush();
            return this;
        }

        /** Up to and with the empty line; empty at the end of the connection. */
        String head() throws IOException {
            ByteArrayOutputStream head = new ByteArrayOutputStream();
            InputStream in = socket.getInputStream();
            for (int b = in.read(); b >= 0; b = in.read()) {
                head.write(b);
                if (head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
                    break;
                }
            }
            return head.toString(StandardCharsets.ISO_8859_1);
        }

        String body(int length) throws IOException {
            return new String(socket.getInputStream().readNBytes(length), StandardCharsets.UTF_8);
        }

        /** One answer with a Content-Length: its head and body. */
        String answer() throws IOException {
            String head = head();
            java.util.regex.Matcher length = java.util.regex.Pattern.compile("(?i)content-length: (\\d+)")
                    .matcher(head);
            return head + (length.find() ? body(Integer.parseInt(length.group(1))) : "");
        }

        /** Everything until the gateway closes. */
        String rest() throws IOException {
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Override
    public void close() {
        gateway.close();
        client.dispatcher().executorService().shutdown();
        client.connectionPool().evictAll();
    }
}
