package io.keplerfs.client;

import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;

/**
 * The paths of docs/http.md, on a stand-in host that each attempt replaces by its gateway's.
 *
 * <p>A key must arrive byte for byte, but an {@link HttpUrl} folds the path segments {@code .} and {@code ..}, also when they
 * are escaped. So every slash of a key that has such a segment is escaped: it is one segment then. Nothing is left to escape
 * in the keys {@code .} and {@code ..} themselves: they travel as the query parameter {@code key}, the key in the path empty.
 *
 * <p>Every method throws IllegalArgumentException for a name that can never be right.
 */
final class Routes {
    /** See KeplerCluster.createBucket. */
    private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");

    /** See Bucket. */
    private static final int MAX_KEY_BYTES = 1024;

    private static final Pattern DOT_SEGMENT = Pattern.compile("(^|.*/)\\.\\.?(/.*|$)", Pattern.DOTALL);
    private static final HttpUrl ANY_GATEWAY = HttpUrl.get("http://any-gateway.invalid/");

    private Routes() {}

    static HttpUrl cluster() {
        return path("v1/cluster");
    }

    static HttpUrl view() {
        return path("v1/cluster/view");
    }

    static HttpUrl member(NodeId node, String call) {
        return path("v1/cluster/members/" + node + "/" + call);
    }

    static HttpUrl forceView() {
        return path("v1/cluster/force-view");
    }

    static HttpUrl buckets() {
        return path("v1/buckets");
    }

    static HttpUrl bucket(String bucket) {
        return path("v1/buckets/" + checkedBucket(bucket));
    }

    static HttpUrl files(String bucket) {
        return path("v1/files/" + checkedBucket(bucket));
    }

    static HttpUrl file(String bucket, String key) {
        return withKey("v1/files/" + checkedBucket(bucket) + "/", key);
    }

    static HttpUrl owners(String bucket, String key) {
        return withKey("v1/owners/" + checkedBucket(bucket) + "/", key);
    }

    static HttpUrl fileChunks(String bucket, String key) {
        return withKey("v1/file-chunks/" + checkedBucket(bucket) + "/", key);
    }

    static HttpUrl repair() {
        return path("v1/repair");
    }

    /** @param work may be any text: the gateway says what there is */
    static HttpUrl repair(String work, String order) {
        return path("v1/repair/" + PercentCoding.COMPONENT.encode(work) + "/" + order);
    }

    static HttpUrl throttle() {
        return path("v1/repair/throttle");
    }

    static HttpUrl chunk(ChunkId id) {
        return path("v1/chunks/" + id);
    }

    static HttpUrl conflicts(String bucket) {
        return path("v1/conflicts/" + checkedBucket(bucket));
    }

    static HttpUrl conflict(String bucket, String key, VersionId loser) {
        return withKey("v1/conflicts/" + checkedBucket(bucket) + "/", key)
                .newBuilder()
                .addEncodedQueryParameter("version", loser.toString())
                .build();
    }

    private static HttpUrl withKey(String directory, String key) {
        check(key);
        if (key.equals(".") || key.equals("..")) {
            return path(directory)
                    .newBuilder()
                    .addEncodedQueryParameter("key", key)
                    .build();
        }
        PercentCoding coding = DOT_SEGMENT.matcher(key).matches() ? PercentCoding.COMPONENT : PercentCoding.PATH;
        return path(directory + coding.encode(key));
    }

    private static HttpUrl path(String encoded) {
        return ANY_GATEWAY.newBuilder().addEncodedPathSegments(encoded).build();
    }

    /** The name ends up in a path, so a wrong one must not get that far. */
    private static String checkedBucket(String bucket) {
        if (!BUCKET.matcher(bucket).matches()) {
            throw new IllegalArgumentException("bucket '" + bucket
                    + "' is not 3 to 63 of a-z 0-9 . - beginning and ending" + " with a letter or digit");
        }
        return bucket;
    }

    private static void check(String key) {
        int bytes = PercentCoding.utf8(key).length;
        if (bytes < 1 || bytes > MAX_KEY_BYTES) {
            throw new IllegalArgumentException(
                    "a key is 1 to " + MAX_KEY_BYTES + " bytes of UTF-8, this one has " + bytes);
        }
    }
}
