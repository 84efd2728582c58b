package io.keplerfs.client;

import io.keplerfs.Credentials;
import io.keplerfs.DeleteOptions;
import io.keplerfs.FileInfo;
import io.keplerfs.GetOptions;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.ListOptions;
import io.keplerfs.PutOptions;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import okhttp3.Headers;
import okhttp3.HttpUrl;
import okhttp3.Request;
import okhttp3.RequestBody;

/**
 * Builds the requests of docs/http.md. Every write gets its version id here, before anything is sent, so that it can be
 * repeated, or named to the caller, when its answer is lost. Safe for use by several threads.
 */
final class Asks {
    /** From this size on it is worth a round trip to hear "no" before the body is sent. */
    private static final long EXPECT_FROM_BYTES = 1 << 20;

    /** A gateway tries for 30 s to have a view agreed. */
    private static final Duration VIEW_TIMEOUT = Duration.ofSeconds(40);

    private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(1);
    private static final Duration LONGEST_TIMEOUT = Duration.ofHours(1);

    private final Headers common;
    private final GatewayTime time;
    private final RandomGenerator random;

    /**
     * @param time for version ids
     * @param random safe for use by several threads
     * @throws IllegalArgumentException if the token cannot be sent as a header; the message does not contain it
     */
    Asks(Credentials credentials, GatewayTime time, RandomGenerator random) {
        // A compressed answer would hide the length of the file.
        Headers.Builder headers = new Headers.Builder().add("Accept-Encoding", "identity");
        if (!credentials.bearerToken().isEmpty()) {
            if (!credentials.bearerToken().chars().allMatch(c -> c > ' ' && c < 127)) {
                throw new IllegalArgumentException("the bearer token has characters that no header can carry");
            }
            headers.add("Authorization", "Bearer " + credentials.bearerToken());
        }
        this.common = headers.build();
        this.time = time;
        this.random = random;
    }

    Ask status() {
        return Ask.read("status", get(Routes.cluster()).build(), PutOptions.DEFAULT_TIMEOUT);
    }

    Ask view() {
        return Ask.read("view", get(Routes.view()).build(), PutOptions.DEFAULT_TIMEOUT);
    }

    /** Asking for the same change twice is the same as once. */
    Ask drain(NodeId node) {
        return change("drain " + node, request(Routes.member(node, "drain")).post(RequestBody.EMPTY));
    }

    Ask cancelDrain(NodeId node) {
        return change(
                "cancel the drain of " + node,
                request(Routes.member(node, "drain")).delete());
    }

    Ask evict(NodeId node) {
        return change("evict " + node, request(Routes.member(node, "evict")).post(RequestBody.EMPTY));
    }

    /** Never at a second gateway: two forced views are two clusters. */
    Ask forceView(List<NodeId> survivors) {
        HttpUrl.Builder url = Routes.forceView().newBuilder();
        parameter(url, "survivors", survivors.stream().map(NodeId::toString).collect(Collectors.joining(",")));
        parameter(url, "accept-data-loss", "true");
        Request request = request(url.build()).post(RequestBody.EMPTY).build();
        return Ask.write("force a view", request, newVersion(), false, VIEW_TIMEOUT);
    }

    private Ask change(String what, Request.Builder request) {
        return Ask.write(what, request.build(), newVersion(), true, VIEW_TIMEOUT);
    }

    Ask repair() {
        return Ask.read("repair", get(Routes.repair()).build(), PutOptions.DEFAULT_TIMEOUT);
    }

    /** Giving the same order twice is the same as once. */
    Ask repairOrder(String work, String order, List<NodeId> nodes) throws InvalidRequestException {
        if (work.isEmpty() || work.equals(".") || work.equals("..")) {
            throw new InvalidRequestException("there is no work '" + work + "'");
        }
        return order(order + " " + work, Routes.repair(work, order).newBuilder(), nodes);
    }

    Ask throttle(long bytesPerSecond, List<NodeId> nodes) {
        HttpUrl.Builder url = Routes.throttle().newBuilder();
        parameter(url, "bytesPerSecond", Long.toString(bytesPerSecond));
        return order("throttle to " + bytesPerSecond + " bytes per second", url, nodes);
    }

    private Ask order(String what, HttpUrl.Builder url, List<NodeId> nodes) {
        if (!nodes.isEmpty()) {
            parameter(url, "node", nodes.stream().map(NodeId::toString).collect(Collectors.joining(",")));
        }
        Request request = request(url.build()).post(RequestBody.EMPTY).build();
        return Ask.write(what, request, newVersion(), true, PutOptions.DEFAULT_TIMEOUT);
    }

    Ask chunks(String bucket, String key, long from, int limit) throws InvalidRequestException {
        String what = "chunks of " + bucket + "/" + key;
        return checked(what, () -> {
            HttpUrl.Builder url = Routes.fileChunks(bucket, key).newBuilder();
            parameter(url, "from", Long.toString(from));
            parameter(url, "limit", Integer.toString(limit));
            return Ask.read(what, get(url.build()).build(), PutOptions.DEFAULT_TIMEOUT);
        });
    }

    Ask buckets() {
        return Ask.read("buckets", get(Routes.buckets()).build(), PutOptions.DEFAULT_TIMEOUT);
    }

    Ask owners(String bucket, String key) throws InvalidRequestException {
        String what = "owners of " + bucket + "/" + key;
        return checked(
                what, () -> Ask.read(what, get(Routes.owners(bucket, key)).build(), PutOptions.DEFAULT_TIMEOUT));
    }

    Ask chunk(ChunkId id) throws InvalidRequestException {
        String what = "chunk " + id;
        return checked(what, () -> Ask.read(what, get(Routes.chunk(id)).build(), PutOptions.DEFAULT_TIMEOUT));
    }

    Ask createBucket(String bucket) throws InvalidRequestException {
        String what = "create bucket " + bucket;
        return checked(what, () -> {
            Request request =
                    request(Routes.bucket(bucket)).put(RequestBody.EMPTY).build();
            return Ask.write(what, request, newVersion(), true, PutOptions.DEFAULT_TIMEOUT);
        });
    }

    Ask deleteBucket(String bucket) throws InvalidRequestException {
        String what = "delete bucket " + bucket;
        return checked(what, () -> {
            Request request = request(Routes.bucket(bucket)).delete().build();
            return Ask.write(what, request, newVersion(), false, PutOptions.DEFAULT_TIMEOUT);
        });
    }

    Ask list(String bucket, ListOptions options) throws InvalidRequestException {
        String what = "list " + bucket + "/" + options.prefix();
        return checked(what, () -> {
            HttpUrl.Builder url = Routes.files(bucket).newBuilder();
            parameter(url, "prefix", options.prefix());
            options.delimiter().ifPresent(delimiter -> parameter(url, "delimiter", delimiter));
            options.after().ifPresent(after -> parameter(url, "after", after));
            parameter(url, "limit", Integer.toString(options.limit()));
            parameter(url, "consistency", options.consistency().word());
            return Ask.read(what, get(url.build()).build(), PutOptions.DEFAULT_TIMEOUT);
        });
    }

    Ask head(String bucket, String key, GetOptions options) throws InvalidRequestException {
        String what = "read " + bucket + "/" + key;
        return checked(
                what, () -> Ask.read(what, file(bucket, key, options).head().build(), options.timeout()));
    }

    Ask whole(String bucket, String key, GetOptions options) throws InvalidRequestException {
        String what = "read " + bucket + "/" + key;
        return checked(what, () -> Ask.read(what, file(bucket, key, options).build(), options.timeout()));
    }

    /** The bytes {@code first} to {@code last} of exactly this version. */
    Ask range(FileInfo file, GetOptions options, long first, long last) throws InvalidRequestException {
        return range(file, options, () -> file(file.bucket(), file.key(), options), first, last);
    }

    /** As {@link #range}, of the loser of a conflict. */
    Ask conflictRange(FileInfo loser, GetOptions options, long first, long last) throws InvalidRequestException {
        return range(
                loser, options, () -> conflict(loser.bucket(), loser.key(), loser.version(), options), first, last);
    }

    private static Ask range(FileInfo file, GetOptions options, Supplier<Request.Builder> from, long first, long last)
            throws InvalidRequestException {
        String what = "read " + file.bucket() + "/" + file.key() + " v" + file.version() + " from byte " + first;
        return checked(what, () -> {
            Request request = from.get()
                    .header("Range", "bytes=" + first + "-" + last)
                    .header("If-Match", quoted(file.etag()))
                    .build();
            return Ask.read(what, request, options.timeout());
        });
    }

    Ask put(String bucket, String key, RequestBody body, PutOptions options) throws InvalidRequestException {
        VersionId version = options.version().orElseGet(this::newVersion);
        String what = "put " + bucket + "/" + key + " v" + version;
        return checked(what, () -> {
            Headers.Builder headers = common.newBuilder();
            headers.add("Content-Type", options.contentType());
            headers.add("X-Kepler-Version-Id", version.toString());
            if (!options.repeats()) {
                headers.add(Ask.FIRST_ATTEMPT, "true");
            }
            FileHeaders.addMetadata(options.metadata(), headers);
            conditions(headers, options.ifMatch(), options.fencingToken());
            if (options.onlyIfAbsent()) {
                headers.add("If-None-Match", "*");
            }
            if (body instanceof StreamBody || ((BytesBody) body).contentLength() >= EXPECT_FROM_BYTES) {
                headers.add("Expect", "100-continue");
            }
            timeout(headers, options.timeout());
            HttpUrl.Builder url = Routes.file(bucket, key).newBuilder();
            parameter(url, "durability", options.durability().word());
            Request request = new Request.Builder()
                    .url(url.build())
                    .headers(headers.build())
                    .put(body)
                    .build();
            return Ask.write(what, request, version, true, options.timeout());
        });
    }

    /** A delete carries no version id, so one with a condition must not be sent twice: the condition would then fail. */
    Ask delete(String bucket, String key, DeleteOptions options) throws InvalidRequestException {
        String what = "delete " + bucket + "/" + key;
        return checked(what, () -> {
            Headers.Builder headers = common.newBuilder();
            conditions(headers, options.ifMatch(), options.fencingToken());
            timeout(headers, options.timeout());
            HttpUrl.Builder url = Routes.file(bucket, key).newBuilder();
            parameter(url, "durability", options.durability().word());
            Request request = new Request.Builder()
                    .url(url.build())
                    .headers(headers.build())
                    .delete()
                    .build();
            boolean repeatable =
                    options.ifMatch().isEmpty() && options.fencingToken().isEmpty();
            return Ask.write(what, request, newVersion(), repeatable, options.timeout());
        });
    }

    Ask conflicts(String bucket, ListOptions options) throws InvalidRequestException {
        String what = "list conflicts of " + bucket + "/" + options.prefix();
        return checked(what, () -> {
            HttpUrl.Builder url = Routes.conflicts(bucket).newBuilder();
            parameter(url, "prefix", options.prefix());
            options.after().ifPresent(after -> parameter(url, "after", after));
            parameter(url, "limit", Integer.toString(options.limit()));
            return Ask.read(what, get(url.build()).build(), PutOptions.DEFAULT_TIMEOUT);
        });
    }

    Ask conflictHead(String bucket, String key, VersionId loser, GetOptions options) throws InvalidRequestException {
        String what = "read " + bucket + "/" + key + " v" + loser;
        return checked(
                what,
                () -> Ask.read(
                        what, conflict(bucket, key, loser, options).head().build(), options.timeout()));
    }

    Ask dropConflict(String bucket, String key, VersionId loser) throws InvalidRequestException {
        String what = "drop conflict " + bucket + "/" + key + " v" + loser;
        return checked(what, () -> {
            Request request =
                    request(Routes.conflict(bucket, key, loser)).delete().build();
            return Ask.write(what, request, newVersion(), true, PutOptions.DEFAULT_TIMEOUT);
        });
    }

    private Request.Builder conflict(String bucket, String key, VersionId loser, GetOptions options) {
        HttpUrl.Builder url = Routes.conflict(bucket, key, loser).newBuilder();
        if (options.verifySha256()) {
            parameter(url, "verify", "sha256");
        }
        Headers.Builder headers = common.newBuilder();
        timeout(headers, options.timeout());
        return new Request.Builder().url(url.build()).headers(headers.build());
    }

    private Request.Builder file(String bucket, String key, GetOptions options) {
        HttpUrl.Builder url = Routes.file(bucket, key).newBuilder();
        parameter(url, "consistency", options.consistency().word());
        if (options.verifySha256()) {
            parameter(url, "verify", "sha256");
        }
        Headers.Builder headers = common.newBuilder();
        timeout(headers, options.timeout());
        return new Request.Builder().url(url.build()).headers(headers.build());
    }

    private Request.Builder get(HttpUrl url) {
        return request(url).get();
    }

    private Request.Builder request(HttpUrl url) {
        return new Request.Builder().url(url).headers(common);
    }

    private static void conditions(Headers.Builder headers, Optional<String> ifMatch, OptionalLong fencingToken) {
        ifMatch.ifPresent(etag -> headers.add("If-Match", quoted(etag)));
        fencingToken.ifPresent(token -> headers.add("X-Kepler-Fencing-Token", Long.toString(token)));
    }

    private static void timeout(Headers.Builder headers, Duration timeout) {
        Duration atLeast = timeout.compareTo(SHORTEST_TIMEOUT) < 0 ? SHORTEST_TIMEOUT : timeout;
        Duration bounded = atLeast.compareTo(LONGEST_TIMEOUT) > 0 ? LONGEST_TIMEOUT : atLeast;
        headers.add("X-Kepler-Timeout-Millis", Long.toString(bounded.toMillis()));
    }

    private static String quoted(String etag) {
        if (etag.indexOf('"') >= 0) {
            throw new IllegalArgumentException("the etag '" + etag + "' has a quotation mark");
        }
        return '"' + etag + '"';
    }

    private static void parameter(HttpUrl.Builder url, String name, String value) {
        url.addEncodedQueryParameter(name, PercentCoding.COMPONENT.encode(value));
    }

    /** Not before now, as far as the gateways have told what time it is; a random (version 4) UUID if none has. */
    private VersionId newVersion() {
        OptionalLong passed = time.passedMillis();
        return passed.isPresent() ? VersionId.notBefore(passed.getAsLong(), random.nextLong()) : randomVersion();
    }

    private VersionId randomVersion() {
        long high = (random.nextLong() & ~0xF000L) | 0x4000L;
        long low = (random.nextLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
        return new VersionId(new UUID(high, low));
    }

    private static Ask checked(String what, Supplier<Ask> ask) throws InvalidRequestException {
        try {
            return ask.get();
        } catch (IllegalArgumentException wrong) {
            throw new InvalidRequestException(what + ": " + wrong.getMessage(), wrong);
        }
    }
}
