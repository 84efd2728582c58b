package io.keplerfs.http;

import com.google.common.collect.ImmutableList;

/** The paths of the API: what metrics count by, and which methods each knows. */
enum Endpoint {
    INDEX("/", "GET"),
    LIVE("/health/live", "GET"),
    READY("/health/ready", "GET"),
    METRICS("/metrics", "GET"),
    BUCKETS("/v1/buckets", "GET"),
    BUCKET("/v1/buckets/{bucket}", "PUT", "DELETE"),
    LISTING("/v1/files/{bucket}", "GET"),
    FILE("/v1/files/{bucket}/{key}", "GET", "PUT", "DELETE"),
    CONFLICTS("/v1/conflicts/{bucket}", "GET"),
    CONFLICT("/v1/conflicts/{bucket}/{key}", "GET", "DELETE"),
    CLUSTER("/v1/cluster", "GET"),
    KEYS("/v1/keys", "GET", "POST"),
    KEY("/v1/keys/{fingerprint}", "PUT", "DELETE"),
    VIEW("/v1/cluster/view", "GET"),
    DRAIN("/v1/cluster/members/{node}/drain", "POST", "DELETE"),
    EVICT("/v1/cluster/members/{node}/evict", "POST"),
    FORCE_VIEW("/v1/cluster/force-view", "POST"),
    REPAIR("/v1/repair", "GET"),
    REPAIR_THROTTLE("/v1/repair/throttle", "POST"),
    REPAIR_START("/v1/repair/{work}/start", "POST"),
    REPAIR_PAUSE("/v1/repair/{work}/pause", "POST"),
    REPAIR_RESUME("/v1/repair/{work}/resume", "POST"),
    OWNERS("/v1/owners/{bucket}/{key}", "GET"),
    FILE_CHUNKS("/v1/file-chunks/{bucket}/{key}", "GET"),
    CHUNK("/v1/chunks/{id}", "GET"),
    /** Not a path of the API: counted under one name, so that a scanner cannot fill the metrics. */
    NONE("none");

    private final String template;
    private final ImmutableList<String> methods;

    Endpoint(String template, String... methods) {
        this.template = template;
        this.methods = ImmutableList.copyOf(methods);
    }

    String template() {
        return template;
    }

    /** HEAD works wherever GET does. */
    boolean knows(String method) {
        return methods.contains(method.equals("HEAD") ? "GET" : method);
    }

    /** Value of the Allow header. */
    String allowed() {
        String all = String.join(", ", methods);
        return methods.contains("GET") ? "HEAD, " + all : all;
    }
}
