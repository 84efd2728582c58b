package io.keplerfs.spi.contract;

import static io.keplerfs.spi.contract.StoreUnderTest.ballot;
import static io.keplerfs.spi.contract.StoreUnderTest.key;
import static io.keplerfs.spi.contract.StoreUnderTest.keysOf;
import static io.keplerfs.spi.contract.StoreUnderTest.promisedOnly;
import static io.keplerfs.spi.contract.StoreUnderTest.valued;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Fold;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRange;
import io.keplerfs.spi.RegisterRow;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The registers: what is put is found, and every listing is in the order of UTF-8 bytes. */
interface RegisterTableContract extends StoreUnderTest {
    /** In the order of their UTF-8 bytes; Java's own order of strings puts the emoji before U+E000. */
    List<String> IN_BYTE_ORDER = List.of(
            "",
            "\u0000",
            "a",
            "a\u0000b",
            "a%",
            "a%b",
            "a/b",
            "aB",
            "a_",
            "a_b",
            "ab",
            "aé",
            "b",
            "é",
            "\uE000",
            "\uFFFF",
            "\uD83D\uDE00",
            "\uD83D\uDE00/x",
            "\uDBFF\uDFFF");

    @Test
    default void anUntouchedRegisterIsEmpty() {
        assertThat(this.<RegisterRow>read(snapshot -> snapshot.register(key("nobody"))))
                .isEqualTo(RegisterRow.untouched(key("nobody")))
                .usingRecursiveComparison()
                .isEqualTo(RegisterRow.untouched(key("nobody")));
        assertThat(this.<Boolean>read(snapshot -> snapshot.hasNoRegisters())).isTrue();
    }

    @Test
    default void aRegisterComesBackAsItWasPut() {
        RegisterRow row =
                new RegisterRow(key("cat"), ballot(Long.MAX_VALUE), ballot(-1), new byte[] {0, -1, 5}, new byte[] {9});

        write(transaction -> transaction.putRegister(row));

        assertThat(this.<RegisterRow>read(snapshot -> snapshot.register(key("cat"))))
                .usingRecursiveComparison()
                .isEqualTo(row);
        assertThat(this.<Boolean>read(snapshot -> snapshot.hasNoRegisters())).isFalse();
    }

    @Test
    default void aRegisterIsReplacedAsAWhole() {
        write(transaction -> transaction.putRegister(valued("cat")));
        RegisterRow later = new RegisterRow(key("cat"), ballot(9), ballot(9), new byte[] {4}, new byte[0]);

        write(transaction -> transaction.putRegister(later));

        assertThat(this.<RegisterRow>read(snapshot -> snapshot.register(key("cat"))))
                .usingRecursiveComparison()
                .isEqualTo(later);
        assertThat(this.<List<RegisterRow>>read(snapshot -> snapshot.registersAfter(null, 10)))
                .hasSize(1);
    }

    @Test
    default void aRegisterThatWasSetAsideIsAsIfNobodyHadTouchedIt() {
        RegisterRow row = new RegisterRow(key("cat"), ballot(7), ballot(7), new byte[] {4}, new byte[0]);
        write(transaction -> transaction.putRegister(row));

        write(transaction -> {
            transaction.setAsideRegister(key("cat"));
            transaction.setAsideRegister(key("dog"));
        });

        assertThat(keysOf(read(snapshot -> snapshot.registersAfter(null, 100)))).isEmpty();
        assertThat(this.<RegisterRow>read(snapshot -> snapshot.register(key("cat")))
                        .accepted()
                        .isZero())
                .isTrue();
        // And it may be set aside again.
        write(transaction -> transaction.putRegister(row));
        write(transaction -> transaction.setAsideRegister(key("cat")));
    }

    @Test
    default void aRemovedRegisterIsAsIfNobodyHadTouchedIt() {
        write(transaction -> transaction.putRegister(valued("cat")));

        write(transaction -> {
            transaction.removeRegister(key("cat"));
            transaction.removeRegister(key("nobody"));
        });

        assertThat(this.<RegisterRow>read(snapshot -> snapshot.register(key("cat"))))
                .usingRecursiveComparison()
                .isEqualTo(RegisterRow.untouched(key("cat")));
        assertThat(this.<Boolean>read(snapshot -> snapshot.hasNoRegisters())).isTrue();
    }

    @Test
    default void whatIsNotLiveIsAmongTheTombstonesAndNotInLists() {
        RegisterRow deleted = new RegisterRow(key("b"), ballot(9), ballot(9), new byte[] {4}, new byte[0], false);
        write(transaction -> {
            transaction.putRegister(valued("a"));
            transaction.putRegister(deleted);
            transaction.putRegister(valued("c"));
            transaction.putRegister(new RegisterRow(key("d"), ballot(3), Ballot.ZERO, new byte[0], new byte[0]));
        });

        assertThat(this.<List<RegisterRow>>read(snapshot -> snapshot.tombstonesAfter(null, 10)))
                .extracting(row -> row.key().key())
                .containsExactly("b", "d");
        assertThat(this.<List<RegisterRow>>read(snapshot -> snapshot.tombstonesAfter(key("b"), 10)))
                .extracting(row -> row.key().key())
                .containsExactly("d");
        assertThat(this.<List<RegisterRow>>read(snapshot -> snapshot.tombstonesAfter(null, 1)))
                .hasSize(1);
        assertThat(this.<List<RegisterRow>>read(
                        snapshot -> snapshot.registers(key("a").bucket(), key("a").shard(), "", null, 10)))
                .extracting(row -> row.key().key())
                .containsExactly("a", "c");
        assertThat(this.<RegisterRow>read(snapshot -> snapshot.register(key("b")))
                        .live())
                .isFalse();
    }

    @Test
    default void listsAreInTheOrderOfUtf8Bytes() {
        putShuffled(IN_BYTE_ORDER);

        assertThat(list("", null, 100)).isEqualTo(IN_BYTE_ORDER);
        assertThat(keysOf(read(snapshot -> snapshot.registersAfter(null, 100)))).isEqualTo(IN_BYTE_ORDER);
    }

    @Test
    default void everyKeyIsAPageBoundaryThatLosesAndRepeatsNothing() {
        putShuffled(IN_BYTE_ORDER);

        for (int i = 0; i < IN_BYTE_ORDER.size(); i++) {
            String after = IN_BYTE_ORDER.get(i);
            List<String> rest = IN_BYTE_ORDER.subList(i + 1, IN_BYTE_ORDER.size());
            assertThat(list("", after, 100)).as("after %s", after).isEqualTo(rest);
            assertThat(keysOf(read(snapshot -> snapshot.registersAfter(key(after), 100))))
                    .as("after %s", after)
                    .isEqualTo(rest);
        }
    }

    @Test
    default void aPrefixIsTakenLiterallyWhateverItsCharacters() {
        putShuffled(IN_BYTE_ORDER);

        for (String prefix : List.of("a", "a%", "a_", "a\u0000", "\u0000", "é", "\uD83D\uDE00", "\uFFFF", "zz")) {
            assertThat(list(prefix, null, 100))
                    .as("prefix %s", prefix)
                    .isEqualTo(IN_BYTE_ORDER.stream()
                            .filter(key -> key.startsWith(prefix))
                            .toList());
        }
    }

    @Test
    default void aPrefixIncludesTheHighestCharacters() {
        List<String> keys = List.of("p", "p\u007F", "p\uFFFF", "p\uDBFF\uDFFF", "p\uDBFF\uDFFF\uDBFF\uDFFF");
        putShuffled(keys);
        write(transaction -> transaction.putRegister(valued("q")));

        assertThat(list("p", null, 100)).isEqualTo(keys);
        assertThat(list("p", "p\uFFFF", 100)).isEqualTo(keys.subList(3, 5));
    }

    @Test
    default void prefixAndCursorTogetherGiveWhatLiesInBoth() {
        putShuffled(IN_BYTE_ORDER);

        assertThat(list("a", "A", 100)).startsWith("a", "a\u0000b");
        assertThat(list("a_", "a", 100)).containsExactly("a_", "a_b");
        assertThat(list("a_", "a_", 100)).containsExactly("a_b");
        assertThat(list("a_", "ab", 100)).isEmpty();
        assertThat(list("a", "b", 100)).isEmpty();
    }

    @Test
    default void theLimitCountsOnlyWhatIsReturned() {
        write(transaction -> {
            transaction.putRegister(promisedOnly("a"));
            transaction.putRegister(promisedOnly("b"));
            transaction.putRegister(valued("c"));
            transaction.putRegister(promisedOnly("d"));
            transaction.putRegister(valued("e"));
            transaction.putRegister(valued("f"));
        });

        assertThat(list("", null, 2)).containsExactly("c", "e");
        assertThat(list("", "e", 2)).containsExactly("f");
        assertThat(list("", null, 0)).isEmpty();
    }

    @Test
    default void aRegisterWithoutAValueIsInNoListButInTheWalkOverAll() {
        write(transaction -> transaction.putRegister(promisedOnly("promised")));

        assertThat(list("", null, 10)).isEmpty();
        assertThat(keysOf(read(snapshot -> snapshot.registersAfter(null, 10)))).containsExactly("promised");
        assertThat(this.<Boolean>read(snapshot -> snapshot.hasNoRegisters())).isFalse();
    }

    @Test
    default void aListStaysWithinItsBucketAndShard() {
        write(transaction -> {
            transaction.putRegister(valued(new RegisterKey("photos", 0, "mine")));
            transaction.putRegister(valued(new RegisterKey("photos", 1, "shard")));
            transaction.putRegister(valued(new RegisterKey("photo", 0, "bucket")));
            transaction.putRegister(valued(new RegisterKey("photos2", 0, "bucket")));
        });

        assertThat(list("", null, 10)).containsExactly("mine");
    }

    @Test
    default void theWalkOverAllIsByBucketThenShardThenKey() {
        List<RegisterKey> sorted = List.of(
                new RegisterKey("$views", 0, "z"),
                new RegisterKey("a", 0, "b"),
                new RegisterKey("a", 2, "a"),
                new RegisterKey("a", 10, "a"),
                new RegisterKey("a", 10, "\uE000"),
                new RegisterKey("a", 10, "\uD83D\uDE00"),
                new RegisterKey("ab", 0, "a"));
        List<RegisterKey> shuffled = new ArrayList<>(sorted);
        Collections.shuffle(shuffled, new Random(5));
        write(transaction -> shuffled.forEach(key -> transaction.putRegister(valued(key))));

        List<RegisterKey> walked = new ArrayList<>();
        RegisterKey cursor = null;
        for (List<RegisterRow> page = after(cursor); !page.isEmpty(); page = after(cursor)) {
            page.forEach(row -> walked.add(row.key()));
            cursor = walked.get(walked.size() - 1);
        }

        assertThat(walked).isEqualTo(sorted);
    }

    @Test
    default void aRangeOverSeveralShardsShowsTheFirstOfEveryFoldedKeyInOrderAndOnlyItsName() {
        Random random = new Random(11);
        TreeSet<RegisterRow> live = new TreeSet<>(
                (a, b) -> RegisterKey.compareKeys(a.key().key(), b.key().key()));
        write(transaction -> {
            for (int i = 0; i < 300; i++) {
                StringBuilder text = new StringBuilder();
                random.ints(1 + random.nextInt(6), 0, 7)
                        .forEach(c -> text.appendCodePoint(
                                "ab//é\u0000\uDBFF\uDFFF".codePoints().toArray()[c]));
                String key = text.toString();
                int shard = Math.floorMod(key.hashCode(), 3);
                boolean deleted = random.nextInt(3) == 0;
                RegisterKey name = new RegisterKey("photos", shard, key);
                RegisterRow row = new RegisterRow(name, ballot(9), ballot(9), new byte[] {4}, new byte[0], !deleted);
                transaction.putRegister(row);
                live.remove(row);
                if (!deleted) {
                    live.add(row);
                }
            }
            transaction.putRegister(valued(new RegisterKey("photo", 0, "a/b")));
        });

        for (int round = 0; round < 300; round++) {
            Fold fold = new Fold(
                    List.of("", "a", "b/", "é").get(random.nextInt(4)),
                    List.of("", "/", "é", "//", "\u0000").get(random.nextInt(5)));
            String after = List.of("", "a", "a/", "b/\u0000", "é").get(random.nextInt(5));
            Set<Integer> shards = List.of(Set.of(0, 1, 2), Set.of(1), Set.of(0, 2), Set.<Integer>of())
                    .get(random.nextInt(4));
            RegisterRange range = RegisterRange.above("photos", shards, fold, after, 1 + random.nextInt(12));

            Set<String> shown = new HashSet<>();
            List<RegisterRow> expected = live.stream()
                    .filter(row -> shards.contains(row.key().shard()))
                    .filter(row -> row.key().key().startsWith(fold.prefix()))
                    .filter(row -> RegisterKey.compareKeys(row.key().key(), after) > 0)
                    .filter(row -> fold.of(row.key().key()).map(shown::add).orElse(true))
                    .map(row -> fold.of(row.key().key()).isPresent() ? RegisterRow.folded(row.key()) : row)
                    .limit(range.limit())
                    .toList();
            assertThat(this.<List<RegisterRow>>read(snapshot -> snapshot.registers(range)))
                    .as("%s", range)
                    .usingRecursiveFieldByFieldElementComparator()
                    .isEqualTo(expected);
        }
    }

    private List<RegisterRow> after(RegisterKey cursor) {
        return read(snapshot -> snapshot.registersAfter(cursor, 2));
    }

    private List<String> list(String prefix, String after, int limit) {
        return keysOf(read(snapshot -> snapshot.registers("photos", 0, prefix, after, limit)));
    }

    private void putShuffled(List<String> keys) {
        List<String> shuffled = new ArrayList<>(keys);
        Collections.shuffle(shuffled, new Random(3));
        write(transaction -> shuffled.forEach(key -> transaction.putRegister(valued(key))));
    }
}
