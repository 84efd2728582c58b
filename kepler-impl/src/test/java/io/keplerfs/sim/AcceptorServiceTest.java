package io.keplerfs.sim;

import static io.keplerfs.sim.SimCluster.bytes;
import static io.keplerfs.sim.SimCluster.id;
import static io.keplerfs.sim.SimCluster.version;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.register.AcceptorService;
import io.keplerfs.register.StageGate;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.sim.SimNetwork.Weather;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class AcceptorServiceTest {
    private static final int PROMISED = 1;
    private static final int STALE = 4;
    private static final int BEHIND = 5;
    private static final int UNFIT = 6;

    private final SimLoop loop = new SimLoop(1);
    private final SimNetwork network = new SimNetwork(loop, Weather.FINE);
    private final SimProcess owner = new SimProcess(loop, 0);
    private final SimStore store = new SimStore(loop, id(1), 1_000_000, Set.of(), row -> {});
    private final Rpc ownerRpc = network.attach(id(1), owner);
    private final Rpc caller = network.attach(id(2), new SimProcess(loop, 0));
    private final List<String> ahead = new ArrayList<>();

    AcceptorServiceTest() {
        StageGate gate = new StageGate() {
            @Override
            public long stage(Store.Snapshot transaction) {
                return transaction
                        .setting("stage")
                        .map(value -> (long) value[0])
                        .orElse(0L);
            }

            @Override
            public void peerIsAhead(NodeId peer, long stage) {
                ahead.add(peer + " " + stage);
            }
        };
        new AcceptorService(ownerRpc, store, gate, owner::wallMillis).start();
        enter(6);
    }

    private CompletableFuture<Boolean> enter(int stage) {
        return store.write(transaction -> {
            transaction.putSetting("stage", new byte[] {(byte) stage});
            return true;
        });
    }

    private WireReader answer(byte[] request) {
        Message message = Message.of(java.nio.ByteBuffer.wrap(request));
        CompletableFuture<Message> answer = caller.call(id(1), Lane.CONTROL, message, Duration.ofSeconds(5));
        loop.runUntil(answer::isDone, Duration.ofSeconds(10));
        return new WireReader(answer.join().head());
    }

    private byte[] prepare(long stage, String bucket, long millis) {
        return new WireWriter()
                .u8(Kind.PREPARE.code())
                .int64(stage)
                .register(new RegisterKey(bucket, 0, "k"))
                .ballot(new Ballot(millis << 16, id(2)))
                .version(version(1))
                .toBytes();
    }

    @Test
    void aRequestOfAnotherStageIsNotActedOn() {
        WireReader old = answer(prepare(5, "photos", owner.wallMillis()));
        assertThat(old.u8()).isEqualTo(STALE);
        assertThat(old.int64()).isEqualTo(6);
        assertThat(ahead).isEmpty();

        WireReader early = answer(prepare(7, "photos", owner.wallMillis()));
        assertThat(early.u8()).isEqualTo(BEHIND);
        assertThat(early.int64()).isEqualTo(6);
        assertThat(ahead).containsExactly(id(2) + " 7");

        assertThat(store.onDisk(new RegisterKey("photos", 0, "k")).promised()).isEqualTo(Ballot.ZERO);
        assertThat(answer(prepare(6, "photos", owner.wallMillis())).u8()).isEqualTo(PROMISED);
    }

    @Test
    void aRegisterThatDecidesViewsKnowsNoStage() {
        assertThat(answer(prepare(0, "$view", owner.wallMillis())).u8()).isEqualTo(PROMISED);
    }

    @Test
    void anAcceptBehindTheEntryOfANewStageIsRefusedEvenBeforeTheEntryIsDurable() {
        loop.runUntil(() -> false, Duration.ofMillis(10));
        byte[] accept = new WireWriter()
                .u8(Kind.ACCEPT.code())
                .int64(6)
                .register(new RegisterKey("photos", 0, "k"))
                .ballot(new Ballot(owner.wallMillis() << 16, id(2)))
                .bytes(bytes(""))
                .ballot(Ballot.ZERO)
                .toBytes();
        Message message = Message.of(java.nio.ByteBuffer.wrap(accept));
        CompletableFuture<Boolean> entered = enter(7);
        CompletableFuture<Message> answer = ownerRpc.call(id(1), Lane.CONTROL, message, Duration.ofSeconds(5));
        assertThat(entered).isNotDone();
        loop.runUntil(answer::isDone, Duration.ofSeconds(10));

        assertThat(new WireReader(answer.join().head()).u8()).isEqualTo(STALE);
    }

    @Test
    void aBallotOfABrokenClockIsRefused() {
        WireReader answer = answer(prepare(6, "photos", owner.wallMillis() + 7_300_000));

        assertThat(answer.u8()).isEqualTo(UNFIT);
        assertThat(answer.text()).contains("121 minutes ahead of the clock");
    }

    @Test
    void aMalformedRequestIsAnsweredNotSwallowed() {
        WireReader answer = answer(new byte[] {(byte) Kind.ACCEPT.code(), 1, 2, 3});

        assertThat(answer.u8()).isEqualTo(UNFIT);
        assertThat(answer.text()).contains("malformed ACCEPT");
    }
}
