package io.keplerfs;

import java.time.Instant;

/**
 * A bucket that exists.
 *
 * @param name 3 to 63 characters
 * @param createdAt time of creation by the cluster's hybrid clock
 */
public record BucketInfo(String name, Instant createdAt) {}
