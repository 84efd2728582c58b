package io.keplerfs.spi;

import java.util.Optional;
import java.util.UUID;

/**
 * What a node tells another about the cluster it is in, before either joins the other.
 *
 * @param clusterId empty before the node is in one
 * @param owners members of its view, 0 before there is one
 * @param hasData whether the node holds any manifest
 * @param replicationFactor copies in that cluster
 */
public record ClusterCard(Optional<UUID> clusterId, int owners, boolean hasData, int replicationFactor) {}
