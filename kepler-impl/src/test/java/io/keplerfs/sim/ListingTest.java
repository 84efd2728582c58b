package io.keplerfs.sim;

import static io.keplerfs.sim.SimCluster.TIMEOUT;
import static io.keplerfs.sim.SimCluster.bytes;
import static io.keplerfs.sim.SimCluster.id;
import static io.keplerfs.sim.SimCluster.version;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.register.Change;
import io.keplerfs.register.ListResult;
import io.keplerfs.register.ListResult.Entry;
import io.keplerfs.register.Outcome;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.rpc.Kind;
import io.keplerfs.sim.SimNetwork.Courier;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Fold;
import io.keplerfs.spi.RegisterKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ListingTest {
    private static final int SHARDS = 4;

    private final SimCluster cluster = new SimCluster();
    private int writes;

    private void write(String key, Change change) {
        RegisterKey register = new RegisterKey("photos", Math.floorMod(key.hashCode(), SHARDS), key);
        Outcome outcome =
                cluster.await(cluster.at(4).change(register, version(++writes), false, change, false, TIMEOUT));
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
    }

    private void put(String key) {
        write(key, Change.toAnything(bytes("of " + key)));
    }

    private ListResult.Page page(String prefix, String after, int limit) {
        return (ListResult.Page)
                cluster.await(cluster.at(5).list("photos", SHARDS, prefix, after, "", limit, true, TIMEOUT));
    }

    private static List<String> keys(ListResult.Page page) {
        return page.entries().stream().map(Entry::key).toList();
    }

    @Test
    void keysOfAllShardsComeInByteOrderWithTheirPayloads() {
        List.of("b", "a", "c/1", "ä", "😀", "\uffee").forEach(this::put);

        ListResult.Page page = page("", "", 100);
        assertThat(keys(page)).containsExactly("a", "b", "c/1", "ä", "\uffee", "😀");
        assertThat(page.more()).isFalse();
        assertThat(page.entries().get(2).value().payload()).isEqualTo(bytes("of c/1"));
    }

    @Test
    void onlyKeysOfThePrefixAboveTheCursorAreListed() {
        List.of("a", "b1", "b2", "b3", "c").forEach(this::put);

        assertThat(keys(page("b", "b1", 100))).containsExactly("b2", "b3");
        assertThat(keys(page("x", "", 100))).isEmpty();
    }

    @Test
    void pagesFollowEachOtherWithoutGapsOrRepetition() {
        List<String> all = new ArrayList<>();
        for (int i = 100; i < 400; i++) {
            put("k" + i);
            all.add("k" + i);
        }

        List<String> listed = new ArrayList<>();
        ListResult.Page page = page("", "", 70);
        while (true) {
            listed.addAll(keys(page));
            if (!page.more()) {
                break;
            }
            assertThat(page.entries()).hasSize(70);
            page = page("", listed.get(listed.size() - 1), 70);
        }
        assertThat(listed).isEqualTo(all);
    }

    @Test
    void aDeletedKeyIsNotListedAlthoughAnOwnerHasMissedTheDelete() {
        put("a");
        put("b");
        cluster.pass(Duration.ofMillis(20));
        cluster.network.courier((from, to, kind) -> kind == Kind.ACCEPT && to.equals(id(1)) ? Courier.LOST : 0);
        write("a", Change.toTombstone(new byte[0]));
        for (int reader = 1; reader <= 5; reader++) {
            ListResult result = cluster.await(cluster.at(reader).list("photos", SHARDS, "", "", "", 10, true, TIMEOUT));
            assertThat(keys((ListResult.Page) result)).containsExactly("b");
        }
    }

    /** Names as a listing with the delimiter "/" shows them, page after page, from each node. */
    private void assertFolded(String prefix, int limit, String... names) {
        for (int reader = 1; reader <= 5; reader++) {
            List<String> shown = new ArrayList<>();
            String after = "";
            ListResult.Page page;
            do {
                page = (ListResult.Page) cluster.await(
                        cluster.at(reader).list("photos", SHARDS, prefix, after, "/", limit, true, TIMEOUT));
                assertThat(page.entries()).hasSizeLessThanOrEqualTo(limit);
                for (Entry entry : page.entries()) {
                    String name = new Fold(prefix, "/").of(entry.key()).orElse(entry.key());
                    if (shown.isEmpty() || !shown.get(shown.size() - 1).equals(name)) {
                        shown.add(name);
                    }
                    after = new Fold(prefix, "/").beyond(entry.key());
                }
            } while (page.more());
            assertThat(shown).as("seen by node %d", reader).containsExactly(names);
        }
    }

    /** All that is sent to this owner is lost while the work runs, so it does not hear of what is written. */
    private void without(int owner, Runnable work) {
        cluster.pass(Duration.ofMillis(20));
        cluster.network.courier((from, to, kind) -> kind == Kind.ACCEPT && to.equals(id(owner)) ? Courier.LOST : 0);
        work.run();
        cluster.pass(Duration.ofMillis(20));
        cluster.network.courier((from, to, kind) -> 0);
    }

    @Test
    void folderAndFilesAreShownOnceHoweverManyShardsTheirKeysAreIn() {
        for (int i = 0; i < 60; i++) {
            put("d%d/%d".formatted(i % 6, i));
            put("f" + i % 4);
        }

        assertFolded("", 100, "d0/", "d1/", "d2/", "d3/", "d4/", "d5/", "f0", "f1", "f2", "f3");
        assertFolded("", 3, "d0/", "d1/", "d2/", "d3/", "d4/", "d5/", "f0", "f1", "f2", "f3");
        assertFolded("d", 1, "d0/", "d1/", "d2/", "d3/", "d4/", "d5/");
        assertFolded(
                "d0/", 100, "d0/0", "d0/12", "d0/18", "d0/24", "d0/30", "d0/36", "d0/42", "d0/48", "d0/54", "d0/6");
    }

    @Test
    void aFolderWhoseFilesAreAllDeletedIsNotShownAlthoughAnOwnerHasMissedEveryDelete() {
        for (int i = 0; i < 40; i++) {
            put("gone/%02d".formatted(i));
            put("kept/%02d".formatted(i));
        }
        put("z");
        for (int owner = 1; owner <= 3; owner++) {
            int absent = owner;
            // Deleted again for each owner in turn: at first two have the files, in the end one has them.
            List<String> files = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                files.add("gone/%02d".formatted(i));
            }
            files.forEach(this::put);
            without(absent, () -> files.forEach(file -> write(file, Change.toTombstone(new byte[0]))));
            assertFolded("", 100, "kept/", "z");
            assertFolded("", 1, "kept/", "z");
        }
    }

    @Test
    void aFolderIsShownIfOnlyItsLastFileIsLeftAndAnOwnerHasMissedTheDeletesOfTheOthers() {
        for (int i = 0; i < 40; i++) {
            put("a/%02d".formatted(i));
        }
        put("b/1");
        without(1, () -> {
            for (int i = 0; i < 39; i++) {
                write("a/%02d".formatted(i), Change.toTombstone(new byte[0]));
            }
        });

        assertFolded("", 100, "a/", "b/");
        assertFolded("", 1, "a/", "b/");
    }

    @Test
    void aFolderIsShownAlthoughAnOwnerHasMissedEveryPutIntoIt() {
        put("a/1");
        put("c/1");
        without(2, () -> {
            for (int i = 0; i < 10; i++) {
                put("b/" + i);
                put("f" + i);
            }
        });

        assertFolded("", 100, "a/", "b/", "c/", "f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9");
        assertFolded("", 1, "a/", "b/", "c/", "f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9");
    }

    @Test
    void aFolderIsShownAlthoughAnOwnerHasMissedThatItsFilesWerePutAgain() {
        for (int owner = 1; owner <= 3; owner++) {
            put("a/1");
            put("b/1");
            write("a/1", Change.toTombstone(new byte[0]));
            write("b/1", Change.toTombstone(new byte[0]));
            // Its tombstones are older than what the others tell of.
            without(owner, () -> {
                put("a/1");
                put("b/1");
            });

            assertFolded("", 100, "a/", "b/");
            assertFolded("", 1, "a/", "b/");
        }
    }

    @Test
    void whateverOwnersMissAFolderIsShownIfAndOnlyIfAFileIsInIt() {
        for (int seed = 1; seed <= 4; seed++) {
            Random random = new Random(seed);
            TreeSet<String> files = new TreeSet<>();
            for (int round = 0; round < 6; round++) {
                for (int owner = 1; owner <= 3; owner++) {
                    without(owner, () -> {
                        for (int i = 0; i < 8; i++) {
                            putOrDelete(
                                    "s%d/%d/%d".formatted(random.nextInt(2), random.nextInt(4), random.nextInt(3)),
                                    random,
                                    files);
                            putOrDelete("s%d/f%d".formatted(random.nextInt(2), random.nextInt(3)), random, files);
                        }
                    });
                }
                for (String prefix : List.of("", "s0/", "s1/")) {
                    Fold fold = new Fold(prefix, "/");
                    String[] names = files.stream()
                            .filter(file -> file.startsWith(prefix))
                            .map(file -> fold.of(file).orElse(file))
                            .distinct()
                            .toArray(String[]::new);
                    assertFolded(prefix, 1 + random.nextInt(4), names);
                }
            }
            files.forEach(file -> write(file, Change.toTombstone(new byte[0])));
        }
    }

    private void putOrDelete(String file, Random random, Set<String> files) {
        if (random.nextInt(3) == 0) {
            put(file);
            files.add(file);
        } else {
            write(file, Change.toTombstone(new byte[0]));
            files.remove(file);
        }
    }

    @Test
    void ofAFolderNothingButOneKeyIsTold() {
        put("a/1");
        put("b");

        ListResult result = cluster.await(cluster.at(5).list("photos", SHARDS, "", "", "/", 10, true, TIMEOUT));
        Entry folder = ((ListResult.Page) result).entries().get(0);
        assertThat(folder).isEqualTo(new Entry("a/1", Ballot.ZERO, RegisterValue.NONE));
        Entry file = ((ListResult.Page) result).entries().get(1);
        assertThat(file.value().payload()).isEqualTo(bytes("of b"));
        assertThat(file.accepted().isZero()).isFalse();
    }

    @Test
    void anOwnerThatMissedDeletesAndOneThatMissedPutsTogetherShowWhatIsThere() {
        for (int i = 0; i < 10; i++) {
            put("gone/" + i);
            put("left/" + i);
        }
        without(1, () -> {
            for (int i = 0; i < 10; i++) {
                write("gone/" + i, Change.toTombstone(new byte[0]));
            }
        });
        without(2, () -> {
            for (int i = 0; i < 10; i++) {
                put("new/" + i);
                put("gone/back" + i);
            }
        });
        without(3, () -> {
            for (int i = 0; i < 10; i++) {
                write("gone/back" + i, Change.toTombstone(new byte[0]));
            }
        });

        assertFolded("", 100, "left/", "new/");
        assertFolded("", 1, "left/", "new/");
    }

    @Test
    void aKeyOfTheHighestCodePointDoesNotHoldUpAFoldedListing() {
        put("a/\uDBFF\uDFFFx");
        put("a/\uDBFF\uDFFFy");
        put("b");

        assertFolded("", 1, "a/", "b");
    }

    @Test
    void aPageFullOfTombstonesIsNotTheEnd() {
        for (int i = 100; i < 300; i++) {
            write("k" + i, Change.toTombstone(new byte[0]));
        }
        put("z");

        assertThat(keys(page("", "", 5))).containsExactly("z");
    }

    @Test
    void aFileWithAFencingTokenIsListedAndItsTombstoneIsNot() {
        write("a", current -> new Change.Write(bytes("of a"), false, 7));
        write("b", current -> new Change.Write(bytes("of b"), false, 7));
        write("b", Change.toTombstone(new byte[0]));
        write("c", current -> new Change.Write(bytes("of c"), true, 7));
        put("a");

        assertThat(keys(page("", "", 10))).containsExactly("a");
    }

    @Test
    void aFileWhoseFenceMovedWithItToNewOwnersIsListed() {
        RegisterKey register = SimCluster.KEY;
        Change fenced = current -> new Change.Write(bytes("of it"), false, 7);
        assertThat(cluster.await(cluster.at(4).change(register, version(1), false, fenced, false, TIMEOUT)))
                .isInstanceOf(Outcome.Done.class);
        cluster.pass(Duration.ofMillis(20));
        for (int node = 1; node <= 5; node++) {
            cluster.node(node).ownership().enter(SimOwnership.BOTH);
        }
        cluster.pass(Duration.ofMillis(20));
        cluster.node(4).ownership().pull();
        cluster.pass(Duration.ofMillis(20));

        assertThat(cluster.node(4).store().onDisk(register).live()).isTrue();
    }

    @Test
    void withoutPayloadOnlyNamesAndTimesTravel() {
        put("a");
        ListResult result = cluster.await(cluster.at(5).list("photos", SHARDS, "", "", "", 10, false, TIMEOUT));

        Entry entry = ((ListResult.Page) result).entries().get(0);
        assertThat(entry.value().payload()).isEmpty();
        assertThat(entry.value().id()).isEqualTo(version(1));
        assertThat(entry.value().time()).isEqualTo(entry.accepted().time());
    }

    @Test
    void largeRowsAreCutIntoSeveralAnswers() {
        for (int i = 10; i < 20; i++) {
            write("k" + i, Change.toAnything(new byte[1 << 20]));
        }

        assertThat(keys(page("", "", 100))).hasSize(10);
    }

    @Test
    void anotherOwnerAnswersForOneThatIsSilent() {
        put("a");
        cluster.network.courier((from, to, kind) -> kind == Kind.LIST && to.equals(id(2)) ? Courier.LOST : 0);

        assertThat(keys(page("", "", 10))).containsExactly("a");
    }

    @Test
    void anOutageIsNotAnEmptyListing() {
        put("a");
        cluster.node(1).crash();
        cluster.node(3).crash();

        ListResult result =
                cluster.await(cluster.at(5).list("photos", SHARDS, "", "", "", 10, true, Duration.ofMillis(300)));
        assertThat(result).isInstanceOf(ListResult.Unavailable.class);
        assertThat(((ListResult.Unavailable) result).reason()).contains("photos", "no majority", "shard 0");
    }
}
