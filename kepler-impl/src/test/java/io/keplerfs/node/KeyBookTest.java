package io.keplerfs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.ClusterKeys;
import io.keplerfs.InMemoryNetwork;
import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.Store;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KeyBookTest {
    private static final String OLD = "the old secret";
    private static final String NEW = "the new secret";
    private static final String OTHER = "another secret";

    private final Store store = InMemoryNetwork.create().newStore();

    @AfterEach
    void close() throws Exception {
        store.close();
    }

    private KeyBook startWith(String... configured) throws IOException {
        return KeyBook.open(store, List.of(configured));
    }

    private static String fingerprint(String secret) {
        return Keyring.fingerprint(secret);
    }

    @Test
    void theConfiguredSecretsComeInTheirOrder() throws Exception {
        KeyBook keys = startWith(OLD, NEW);

        assertThat(keys.ring()).isEqualTo(new Keyring(List.of(OLD, NEW)));
        assertThat(keys.list())
                .containsExactly(
                        new ClusterKeys.Key(fingerprint(OLD), true, true),
                        new ClusterKeys.Key(fingerprint(NEW), false, true));
    }

    @Test
    void everyChangeIsInEffectAtOnceAndSurvivesARestart() throws Exception {
        List<Keyring> effects = new ArrayList<>();
        KeyBook keys = startWith(OLD);
        keys.onChange(effects::add);

        assertThat(keys.add(NEW)).isEqualTo(new ClusterKeys.Key(fingerprint(NEW), false, false));
        assertThat(startWith(OLD).ring()).isEqualTo(new Keyring(List.of(OLD, NEW)));
        keys.use(fingerprint(NEW));
        assertThat(startWith(OLD).ring()).isEqualTo(new Keyring(List.of(NEW, OLD)));
        keys.remove(fingerprint(OLD));
        assertThat(startWith(OLD).ring()).isEqualTo(Keyring.of(NEW));

        assertThat(effects)
                .containsExactly(
                        Keyring.of(OLD),
                        new Keyring(List.of(OLD, NEW)),
                        new Keyring(List.of(NEW, OLD)),
                        Keyring.of(NEW));
    }

    @Test
    void theConfigurationMayFollowLater() throws Exception {
        KeyBook keys = startWith(OLD);
        keys.add(NEW);
        keys.use(fingerprint(NEW));
        keys.remove(fingerprint(OLD));

        assertThat(startWith(NEW).ring()).isEqualTo(Keyring.of(NEW));
        assertThat(startWith(NEW, OLD).ring()).as("named anew").isEqualTo(new Keyring(List.of(NEW, OLD)));
    }

    @Test
    void aNewFirstSecretOfTheConfigurationOverrulesWhatWasChosenBefore() throws Exception {
        KeyBook keys = startWith(OLD);
        keys.add(NEW);
        keys.use(fingerprint(NEW));

        assertThat(startWith(OTHER).ring()).isEqualTo(new Keyring(List.of(OTHER, NEW)));
    }

    @Test
    void withoutAConfiguredSecretTheAddedOnesStay() throws Exception {
        KeyBook keys = startWith(OLD);
        keys.add(NEW);
        keys.use(fingerprint(NEW));

        assertThat(startWith().ring()).isEqualTo(Keyring.of(NEW));
    }

    @Test
    void whatWouldCutTheNodeOffIsRefused() throws Exception {
        KeyBook keys = startWith(OLD);

        assertThatThrownBy(() -> keys.remove(fingerprint(OLD)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("use another first");
        assertThatThrownBy(() -> keys.use(fingerprint(NEW)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("add it first");
        assertThatThrownBy(() -> keys.add("short"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("12");
        for (int i = 1; i < Keyring.MAX_SECRETS; i++) {
            keys.add("one of too many " + i);
        }
        assertThatThrownBy(() -> keys.add("the last straw")).isInstanceOf(IllegalArgumentException.class);
        assertThat(startWith(OLD).ring().secrets()).hasSize(Keyring.MAX_SECRETS);
    }

    @Test
    void whatIsDoneTwiceIsDoneOnce() throws Exception {
        KeyBook keys = startWith(OLD);
        keys.add(NEW);
        keys.add(NEW);
        keys.add(OLD);
        keys.use(fingerprint(NEW));
        keys.use(fingerprint(NEW));
        keys.remove(fingerprint(OLD));
        keys.remove(fingerprint(OLD));

        assertThat(keys.ring()).isEqualTo(Keyring.of(NEW));
        keys.add(OLD);
        assertThat(keys.ring()).as("removed, then added again").isEqualTo(new Keyring(List.of(NEW, OLD)));
    }

    @Test
    void aClusterWithoutSecretsCannotBeginToSealWhileItRuns() throws Exception {
        KeyBook keys = startWith();

        assertThat(keys.list()).isEmpty();
        assertThatThrownBy(() -> keys.add(NEW))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("CLUSTER_SECRET");
    }

    @Test
    void noTextOfItTellsASecret() throws Exception {
        KeyBook keys = startWith(OLD);
        keys.add(NEW);

        assertThat(keys.ring().toString()
                        + keys.list()
                        + store.read(KeyRecord::read).join())
                .doesNotContain(OLD, NEW)
                .contains(fingerprint(OLD));
    }
}
