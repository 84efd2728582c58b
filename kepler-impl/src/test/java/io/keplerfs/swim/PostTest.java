package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.ClusterCard;
import io.keplerfs.spi.Keyring;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class PostTest {
    private static final Optional<UUID> ONE = Optional.of(new UUID(1, 1));
    private static final Optional<UUID> OTHER = Optional.of(new UUID(2, 2));
    private static final GossipMessage NEWS = new GossipMessage.Gossip(Members.member(1), List.of());
    private static final GossipMessage HELLO =
            new GossipMessage.Hello(Members.member(1), new ClusterCard(OTHER, 1, false, 3));

    private final Counters counters = new Counters();
    private final Post post = new Post(new Seal(Keyring.NONE, new SecureRandom()), new Refusals(counters, () -> 0));

    @Test
    void newsAreForOneClusterAndHellosForAll() {
        byte[] news = post.pack(new Letter(ONE, NEWS));
        byte[] hello = post.pack(new Letter(OTHER, HELLO));
        assertThat(post.unpack(news, "test")).as("no cluster yet").isNull();

        post.enter(ONE);

        assertThat(post.unpack(news, "test")).isEqualTo(new Letter(ONE, NEWS));
        assertThat(post.unpack(hello, "test")).isEqualTo(new Letter(OTHER, HELLO));
        assertThat(post.unpack(post.pack(new Letter(OTHER, NEWS)), "test")).isNull();
        assertThat(post.unpack(post.pack(new Letter(Optional.empty(), NEWS)), "test"))
                .isNull();
        assertThat(counters.foreign.sum()).isEqualTo(3);
    }

    @Test
    void aLetterThatWaitedWhileTheClusterChangedIsForeign() {
        post.enter(ONE);
        Letter waiting = Objects.requireNonNull(post.unpack(post.pack(new Letter(ONE, NEWS)), "test"));

        post.enter(OTHER);

        assertThat(post.isForUs(waiting)).isFalse();
    }

    @Test
    void aLetterKeepsTheClusterItWasWrittenIn() {
        post.enter(ONE);
        Letter written = post.write(NEWS);

        post.enter(OTHER);

        assertThat(post.unpack(post.pack(written), "test")).isNull();
    }
}
