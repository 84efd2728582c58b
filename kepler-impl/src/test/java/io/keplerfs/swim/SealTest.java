package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.spi.Keyring;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SealTest {
    private static final byte[] LETTER = "node-7 is alive".getBytes(StandardCharsets.UTF_8);
    private static final Optional<UUID> CLUSTER = Optional.of(new UUID(7, 7));
    private static final String SECRET = "correct horse battery";
    private static final String NEXT = "staple that horse";

    private final SecureRandom random = new SecureRandom();
    private final Seal sender = seal(SECRET);
    private final Seal receiver = seal(SECRET);
    private final Seal none = seal();

    private Seal seal(String... secrets) {
        return new Seal(new Keyring(List.of(secrets)), random);
    }

    @Test
    void whoKnowsTheSecretReadsIt() throws Exception {
        byte[] closed = sender.close(CLUSTER, LETTER);

        Seal.Opened opened = receiver.open(closed);

        assertThat(opened.letter()).isEqualTo(LETTER);
        assertThat(opened.cluster()).isEqualTo(CLUSTER);
        assertThat(closed).hasSize(LETTER.length + Seal.OVERHEAD_BYTES);
        assertThat(new String(closed, StandardCharsets.ISO_8859_1)).doesNotContain("node-7");
    }

    @Test
    void withoutSecretsAllIsOpen() throws Exception {
        byte[] closed = none.close(Optional.empty(), LETTER);

        assertThat(seal().open(closed).letter()).isEqualTo(LETTER);
        assertThat(seal().open(closed).cluster()).isEmpty();
        assertThat(closed).hasSize(LETTER.length + Seal.OPEN_OVERHEAD_BYTES);
    }

    @Test
    void anotherSecretOrNoneIsRefused() {
        byte[] closed = sender.close(CLUSTER, LETTER);

        refused(Refusal.BROKEN_SEAL, seal(NEXT), closed);
        refused(Refusal.BROKEN_SEAL, none, closed);
        refused(Refusal.BROKEN_SEAL, receiver, none.close(CLUSTER, LETTER));
    }

    @Test
    void everyChangedBitIsRefusedAndSpoilsNothing() throws Exception {
        byte[] closed = sender.close(CLUSTER, LETTER);
        for (int bit = 0; bit < closed.length * 8; bit++) {
            byte[] forged = closed.clone();
            forged[bit / 8] ^= (byte) (1 << bit % 8);

            refused(bit < 16 ? Refusal.MALFORMED : Refusal.BROKEN_SEAL, receiver, forged);
        }
        assertThat(receiver.open(closed).letter()).isEqualTo(LETTER);
    }

    @Test
    void everyShorterPieceIsRefused() {
        byte[] closed = sender.close(CLUSTER, LETTER);
        for (int length = 0; length < closed.length; length++) {
            byte[] piece = Arrays.copyOf(closed, length);

            refused(length < Seal.OPEN_OVERHEAD_BYTES ? Refusal.MALFORMED : Refusal.BROKEN_SEAL, receiver, piece);
        }
    }

    @Test
    void eachIsOpenedOnceByEachReceiver() throws Exception {
        byte[] closed = sender.close(CLUSTER, LETTER);
        receiver.open(closed);

        refused(Refusal.REPLAYED, receiver, closed);
        assertThat(seal(SECRET).open(closed).letter()).isEqualTo(LETTER);
    }

    @Test
    void whatComesTooLateIsRefusedAndWhatComesInAnotherOrderIsNot() throws Exception {
        byte[] first = sender.close(CLUSTER, LETTER);
        byte[] second = sender.close(CLUSTER, LETTER);
        for (int i = 0; i < ReplayWindow.WIDTH - 2; i++) {
            sender.close(CLUSTER, LETTER);
        }
        byte[] last = sender.close(CLUSTER, LETTER);

        receiver.open(last);

        refused(Refusal.REPLAYED, receiver, first);
        assertThat(receiver.open(second).letter()).isEqualTo(LETTER);
    }

    @Test
    void aRecordedRunStaysRefusedAfterItsSenderHasStartedAgain() throws Exception {
        byte[] recorded = sender.close(CLUSTER, LETTER);
        receiver.open(recorded);
        Seal again = seal(SECRET);

        assertThat(receiver.open(again.close(CLUSTER, LETTER)).letter()).isEqualTo(LETTER);

        refused(Refusal.REPLAYED, receiver, recorded);
    }

    @Test
    void noTwoEnvelopesShareKeyAndNonce() {
        Set<String> runsAndCounters = new HashSet<>();
        for (Seal seal : List.of(sender, receiver, seal(SECRET))) {
            for (int i = 0; i < 100; i++) {
                byte[] closed = seal.close(CLUSTER, LETTER);
                runsAndCounters.add(Arrays.toString(Arrays.copyOfRange(closed, 22, 46)));
            }
        }
        assertThat(runsAndCounters).hasSize(300);
    }

    @Test
    void aSecretIsChangedStepByStepWithoutARefusal() throws Exception {
        List<Seal> nodes = List.of(sender, receiver, seal(SECRET));
        for (Keyring step : List.of(
                new Keyring(List.of(SECRET, NEXT)), new Keyring(List.of(NEXT, SECRET)), new Keyring(List.of(NEXT)))) {
            for (Seal node : nodes) {
                node.use(step);
                for (Seal from : nodes) {
                    for (Seal to : nodes) {
                        assertThat(to.open(from.close(CLUSTER, LETTER)).letter())
                                .isEqualTo(LETTER);
                    }
                }
            }
        }
        refused(Refusal.BROKEN_SEAL, receiver, seal(SECRET).close(CLUSTER, LETTER));
    }

    @Test
    void aSenderThatChangesItsSecretCannotBeReplayedEither() throws Exception {
        receiver.use(new Keyring(List.of(SECRET, NEXT)));
        byte[] before = sender.close(CLUSTER, LETTER);
        receiver.open(before);
        sender.use(new Keyring(List.of(NEXT, SECRET)));
        receiver.open(sender.close(CLUSTER, LETTER));

        refused(Refusal.REPLAYED, receiver, before);
    }

    @Test
    void theRunsThatAreRememberedAreBounded() throws Exception {
        Seal small = new Seal(Keyring.of(SECRET), random, 3);
        byte[] first = sender.close(CLUSTER, LETTER);
        small.open(first);
        for (int i = 0; i < 3; i++) {
            small.open(seal(SECRET).close(CLUSTER, LETTER));
        }

        assertThat(small.open(first).letter()).as("forgotten, so new again").isEqualTo(LETTER);
    }

    private static void refused(Refusal reason, Seal by, byte[] envelope) {
        assertThatThrownBy(() -> by.open(envelope))
                .isInstanceOfSatisfying(
                        RefusedException.class,
                        refused -> assertThat(refused.reason()).isEqualTo(reason));
    }
}
