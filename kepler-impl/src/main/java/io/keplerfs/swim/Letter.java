package io.keplerfs.swim;

import java.util.Optional;
import java.util.UUID;

/**
 * A message with the cluster its sender is in. Anything but a hello is for that cluster alone.
 *
 * @param cluster empty while the sender has none
 */
record Letter(Optional<UUID> cluster, GossipMessage message) {
    boolean crossesClusters() {
        return message instanceof GossipMessage.Hello || message instanceof GossipMessage.HelloReply;
    }
}
