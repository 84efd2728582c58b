package io.keplerfs.examples.processes;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.examples.content.SeededStream;
import io.keplerfs.examples.content.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.function.Supplier;

/** The documented HTTP calls, made by a client that shares no code with the gateway. */
final class Http {
    /** A call that must answer at once gets this long on a busy machine; the gateway's own patience is 30 s. */
    static final Duration AT_ONCE = Duration.ofSeconds(10);

    private static final Duration PATIENT = Duration.ofMinutes(5);

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(AT_ONCE)
            .build();

    private static String file(String bucket, String key) {
        return "/v1/files/" + bucket + "/" + key;
    }

    void createBucket(Daemon daemon, String bucket) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(daemon.uri("/v1/buckets/" + bucket))
                .timeout(PATIENT)
                .PUT(BodyPublishers.noBody())
                .build();
        assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isBetween(200, 201);
    }

    /** Stores seeded bytes and demands success. */
    void putSeeded(Daemon daemon, String bucket, String key, long seed, long sizeBytes)
            throws IOException, InterruptedException {
        HttpResponse<String> answer = put(daemon, bucket, key, () -> new SeededStream(seed, sizeBytes));
        assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 201);
    }

    HttpResponse<String> put(Daemon daemon, String bucket, String keyAndQuery, Supplier<InputStream> content)
            throws IOException, InterruptedException {
        return put(daemon, bucket, keyAndQuery, BodyPublishers.ofInputStream(content), PATIENT);
    }

    HttpResponse<String> put(Daemon daemon, String bucket, String keyAndQuery, BodyPublisher content, Duration timeout)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(daemon.uri(file(bucket, keyAndQuery)))
                .timeout(timeout)
                .PUT(content)
                .build();
        return client.send(request, BodyHandlers.ofString());
    }

    HttpResponse<byte[]> get(Daemon daemon, String bucket, String keyAndQuery, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(daemon.uri(file(bucket, keyAndQuery))).timeout(PATIENT);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), BodyHandlers.ofByteArray());
    }

    int status(Daemon daemon, String bucket, String keyAndQuery) throws IOException, InterruptedException {
        return get(daemon, bucket, keyAndQuery).statusCode();
    }

    /** Reads a file and demands that it is exactly those seeded bytes. */
    void assertSeeded(Daemon daemon, String bucket, String keyAndQuery, long seed, long sizeBytes)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(daemon.uri(file(bucket, keyAndQuery)))
                .timeout(PATIENT)
                .build();
        HttpResponse<InputStream> answer = client.send(request, BodyHandlers.ofInputStream());
        try (InputStream content = answer.body()) {
            assertThat(answer.statusCode())
                    .as("%s through %s", keyAndQuery, daemon.label())
                    .isEqualTo(200);
            assertThat(Sha256.of(content))
                    .as("SHA-256 of %s through %s", keyAndQuery, daemon.label())
                    .isEqualTo(Sha256.of(new SeededStream(seed, sizeBytes)));
        }
    }
}
