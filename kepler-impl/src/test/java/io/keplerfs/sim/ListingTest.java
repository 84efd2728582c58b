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
import io.keplerfs.rpc.Kind;
import io.keplerfs.sim.SimNetwork.Courier;
import io.keplerfs.spi.RegisterKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
