package io.keplerfs.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.InMemoryNetwork;
import io.keplerfs.KeplerCluster;
import io.keplerfs.KeplerEvent;
import io.keplerfs.KeplerEvent.MemberChanged;
import io.keplerfs.KeplerEvent.MemberEvent;
import io.keplerfs.KeplerEvent.MemberJoined;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.values.MemberState;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A host application hears the same of a member whether its node is embedded or far away. */
class MemberEventsTest {
    private final InMemoryNetwork network = InMemoryNetwork.create();
    private final List<KeplerEvent> embedded = new CopyOnWriteArrayList<>();
    private final List<KeplerEvent> remote = new CopyOnWriteArrayList<>();
    private final List<String> threads = new CopyOnWriteArrayList<>();
    private KeplerNode watcher;
    private KeplerNode other;
    private KeplerCluster client;

    @BeforeEach
    void start() throws Exception {
        watcher = KeplerNode.start(
                KeplerOptions.inMemory("watcher", network).httpPort(0).build());
        client = KeplerCluster.connect("http://127.0.0.1:" + watcher.address().httpPort());
        client.onEvent(remote::add);
        watcher.cluster().onEvent(event -> {
            threads.add(Thread.currentThread().getName());
            embedded.add(event);
        });
        // The client compares with its first look; what was before it is no event.
        patiently().until(MemberEventsTest::hasLookedOnce);
        other = null;
    }

    private static boolean hasLookedOnce() {
        return Thread.getAllStackTraces().values().stream()
                .flatMap(Arrays::stream)
                .anyMatch(frame -> frame.getMethodName().equals("awaitNextLook"));
    }

    @AfterEach
    void close() {
        client.close();
        watcher.close();
        if (other != null) {
            other.close();
        }
    }

    @Test
    void aMemberJoinsIsCutOffComesBackAndLeaves() throws Exception {
        other = KeplerNode.start(
                KeplerOptions.inMemory("other", network).seeds("127.0.0.1:4000").build());
        heard(new MemberJoined(other.id(), "other", other.address(), MemberState.ALIVE));

        network.isolate(other.id());
        heard(new MemberChanged(other.id(), "other", MemberState.ALIVE, MemberState.DEAD));

        network.heal(other.id());
        MemberChanged back = new MemberChanged(other.id(), "other", MemberState.DEAD, MemberState.ALIVE);
        heard(back);
        assertThat(back.isBack()).isTrue();

        other.close();
        heard(new MemberChanged(other.id(), "other", MemberState.ALIVE, MemberState.LEFT));
        assertThat(memberEvents(remote)).isEqualTo(memberEvents(embedded)).hasSize(4);
        assertThat(threads).allMatch(name -> name.startsWith("kepler-watcher-events"));
    }

    @Test
    void aListenerThatNeverReturnsDoesNotKeepTheNodeFromWorking() throws Exception {
        watcher.cluster().onEvent(event -> {
            try {
                Thread.currentThread().join();
            } catch (InterruptedException closing) {
                Thread.currentThread().interrupt();
            }
        });

        other = KeplerNode.start(
                KeplerOptions.inMemory("other", network).seeds("127.0.0.1:4000").build());

        heard(new MemberJoined(other.id(), "other", other.address(), MemberState.ALIVE));
        patiently().until(() -> watcher.cluster().status().settled());
    }

    private void heard(KeplerEvent event) {
        patiently().untilAsserted(() -> {
            assertThat(embedded).contains(event);
            assertThat(remote).contains(event);
        });
    }

    private static List<MemberEvent> memberEvents(List<KeplerEvent> events) {
        return events.stream()
                .filter(MemberEvent.class::isInstance)
                .map(MemberEvent.class::cast)
                .toList();
    }

    private static ConditionFactory patiently() {
        return Awaitility.await().atMost(Duration.ofSeconds(60));
    }
}
