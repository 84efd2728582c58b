package io.keplerfs.http;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a request is about.
 *
 * @param bucket empty if the endpoint has none
 * @param key empty if the endpoint has none; for the calls about a member its label or id, about repair the name of the work
 */
record Route(Endpoint endpoint, String bucket, String key, Query query) {
    /** As promised by {@link io.keplerfs.Bucket}. */
    private static final String KEY = "key";

    private static final int KEY_BYTES = 1024;

    /** As promised by {@link io.keplerfs.KeplerCluster#createBucketAsync}. */
    private static final Pattern BUCKET_NAME = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");

    private static final Pattern CHUNK_ID = Pattern.compile("[0-9a-fA-F]{64}");

    private static final String BUCKETS = "/v1/buckets/";
    private static final String FILES = "/v1/files/";
    private static final String OWNERS = "/v1/owners/";
    private static final String CONFLICTS = "/v1/conflicts/";
    private static final String KEYS = "/v1/keys/";
    private static final String CHUNKS = "/v1/chunks/";
    private static final String MEMBERS = "/v1/cluster/members/";
    private static final String DRAIN = "/drain";
    private static final String EVICT = "/evict";
    private static final String FILE_CHUNKS = "/v1/file-chunks/";
    private static final String REPAIR = "/v1/repair/";
    private static final String START = "/start";
    private static final String PAUSE = "/pause";
    private static final String RESUME = "/resume";

    /** The endpoint of a raw request target; {@link Endpoint#NONE} if there is none. */
    static Endpoint endpointOf(String target) {
        String path = path(target);
        return switch (path) {
            case "/" -> Endpoint.INDEX;
            case "/health/live" -> Endpoint.LIVE;
            case "/health/ready" -> Endpoint.READY;
            case "/metrics" -> Endpoint.METRICS;
            case "/v1/buckets" -> Endpoint.BUCKETS;
            case "/v1/cluster" -> Endpoint.CLUSTER;
            case "/v1/keys" -> Endpoint.KEYS;
            case "/v1/cluster/view" -> Endpoint.VIEW;
            case "/v1/cluster/force-view" -> Endpoint.FORCE_VIEW;
            case "/v1/repair" -> Endpoint.REPAIR;
            case "/v1/repair/throttle" -> Endpoint.REPAIR_THROTTLE;
            default -> named(path);
        };
    }

    private static Endpoint named(String path) {
        if (path.startsWith(FILES)) {
            return path.indexOf('/', FILES.length()) < 0 ? Endpoint.LISTING : Endpoint.FILE;
        } else if (path.startsWith(CONFLICTS)) {
            return path.indexOf('/', CONFLICTS.length()) < 0 ? Endpoint.CONFLICTS : Endpoint.CONFLICT;
        } else if (path.startsWith(OWNERS) && path.indexOf('/', OWNERS.length()) >= 0) {
            return Endpoint.OWNERS;
        } else if (path.startsWith(BUCKETS) && path.indexOf('/', BUCKETS.length()) < 0) {
            return Endpoint.BUCKET;
        } else if (path.startsWith(KEYS) && path.indexOf('/', KEYS.length()) < 0) {
            return Endpoint.KEY;
        } else if (path.startsWith(CHUNKS) && path.indexOf('/', CHUNKS.length()) < 0) {
            return Endpoint.CHUNK;
        } else if (path.startsWith(FILE_CHUNKS) && path.indexOf('/', FILE_CHUNKS.length()) >= 0) {
            return Endpoint.FILE_CHUNKS;
        } else if (between(MEMBERS, path, DRAIN)) {
            return Endpoint.DRAIN;
        } else if (between(MEMBERS, path, EVICT)) {
            return Endpoint.EVICT;
        } else if (between(REPAIR, path, START)) {
            return Endpoint.REPAIR_START;
        } else if (between(REPAIR, path, PAUSE)) {
            return Endpoint.REPAIR_PAUSE;
        } else if (between(REPAIR, path, RESUME)) {
            return Endpoint.REPAIR_RESUME;
        }
        return Endpoint.NONE;
    }

    private static boolean between(String before, String path, String call) {
        return path.startsWith(before)
                && path.endsWith(call)
                && path.indexOf('/', before.length()) == path.length() - call.length();
    }

    private static String member(String path, String call) throws Refusal {
        return Percent.decode("node", path.substring(MEMBERS.length(), path.length() - call.length()));
    }

    private static String work(String path, String call) throws Refusal {
        return Percent.decode("work", path.substring(REPAIR.length(), path.length() - call.length()));
    }

    /** The names and parameters of a raw target: nothing is normalised, so that every key has exactly one spelling's bytes. */
    static Route of(Endpoint endpoint, String method, String target) throws Refusal {
        String path = path(target);
        if (endpoint == Endpoint.NONE) {
            throw new Refusal(new Problem(
                    HttpResponseStatus.NOT_FOUND,
                    "no-such-route",
                    "No such route",
                    "there is nothing at '" + Percent.printable(path) + "'; GET / lists the routes"));
        }
        if (!endpoint.knows(method)) {
            throw new Refusal(new Problem(
                            HttpResponseStatus.METHOD_NOT_ALLOWED,
                            "method-not-allowed",
                            "Method not allowed",
                            endpoint.template() + " does not know " + Percent.printable(method) + ", it knows "
                                    + endpoint.allowed())
                    .withHeader("Allow", endpoint.allowed()));
        }
        return switch (endpoint) {
            case BUCKET -> new Route(endpoint, bucket(path.substring(BUCKETS.length())), "", query(target));
            case LISTING -> new Route(endpoint, bucket(path.substring(FILES.length())), "", query(target));
            case CONFLICTS -> new Route(endpoint, bucket(path.substring(CONFLICTS.length())), "", query(target));
            case CONFLICT -> withKey(endpoint, path.substring(CONFLICTS.length()), query(target));
            case FILE -> withKey(endpoint, path.substring(FILES.length()), query(target));
            case OWNERS -> withKey(endpoint, path.substring(OWNERS.length()), query(target));
            case CHUNK -> new Route(endpoint, "", chunk(path.substring(CHUNKS.length())), query(target));
            case DRAIN -> new Route(endpoint, "", member(path, DRAIN), query(target));
            case EVICT -> new Route(endpoint, "", member(path, EVICT), query(target));
            case FILE_CHUNKS -> withKey(endpoint, path.substring(FILE_CHUNKS.length()), query(target));
            case REPAIR_START -> new Route(endpoint, "", work(path, START), query(target));
            case REPAIR_PAUSE -> new Route(endpoint, "", work(path, PAUSE), query(target));
            case REPAIR_RESUME -> new Route(endpoint, "", work(path, RESUME), query(target));
            case BUCKETS, CLUSTER, KEYS, KEY, VIEW, FORCE_VIEW, REPAIR, REPAIR_THROTTLE ->
                new Route(endpoint, "", "", query(target));
            // Probes and scrapers add parameters of their own.
            case INDEX, LIVE, READY, METRICS, NONE -> new Route(endpoint, "", "", Query.parse(""));
        };
    }

    private static Route withKey(Endpoint endpoint, String names, Query query) throws Refusal {
        int slash = names.indexOf('/');
        String bucket = bucket(names.substring(0, slash));
        String rawKey = names.substring(slash + 1);
        // The keys "." and "..": many clients fold such path segments away, escaped or not.
        Optional<String> named = rawKey.isEmpty() ? query.text(KEY) : Optional.empty();
        return named.isPresent()
                ? new Route(endpoint, bucket, checked(named.get()), query.without(KEY))
                : new Route(endpoint, bucket, checked(Percent.decode("key", rawKey)), query);
    }

    private static String chunk(String raw) throws Refusal {
        if (!CHUNK_ID.matcher(raw).matches()) {
            throw new Refusal(Problem.invalid("a chunk is named by the 64 hexadecimal digits of its SHA-256, not '"
                    + Percent.printable(raw) + "'"));
        }
        return raw;
    }

    private static String bucket(String raw) throws Refusal {
        String name = Percent.decode("bucket", raw);
        if (!BUCKET_NAME.matcher(name).matches()) {
            throw Refusal.invalid("bucket '" + Percent.printable(name)
                    + "' is not a bucket name; allowed are 3 to 63 of a-z 0-9 . -,"
                    + " beginning and ending with a letter or digit");
        }
        return name;
    }

    private static String checked(String key) throws Refusal {
        int bytes = key.getBytes(StandardCharsets.UTF_8).length;
        if (bytes < 1 || bytes > KEY_BYTES) {
            throw Refusal.invalid("the key has " + bytes + " bytes of UTF-8, allowed are 1 to " + KEY_BYTES
                    + (bytes == 0 ? "; to list the bucket leave the last slash out" : ""));
        }
        return key;
    }

    private static Query query(String target) throws Refusal {
        int mark = target.indexOf('?');
        return Query.parse(mark < 0 ? "" : target.substring(mark + 1));
    }

    /** Also of the absolute form, which RFC 9112 (section 3.2.2) makes every server accept. */
    private static String path(String target) {
        int mark = target.indexOf('?');
        String path = mark < 0 ? target : target.substring(0, mark);
        if (path.startsWith("/")) {
            return path;
        }
        int authority = path.indexOf("://");
        int slash = authority < 0 ? -1 : path.indexOf('/', authority + 3);
        return slash >= 0 ? path.substring(slash) : authority >= 0 ? "/" : path;
    }
}
