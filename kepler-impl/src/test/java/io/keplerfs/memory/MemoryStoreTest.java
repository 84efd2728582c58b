package io.keplerfs.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.Store;
import io.keplerfs.spi.contract.StoreContract;
import io.keplerfs.values.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class MemoryStoreTest extends StoreContract {
    private static final NodeId NODE = new NodeId(new UUID(1, 2));

    @Override
    protected Store create() {
        return new MemoryStore(NODE, Runnable::run);
    }

    @Test
    void withADirectExecutorEveryCallIsDoneWhenItReturns() {
        assertThat(store().nodeId()).isEqualTo(NODE);
        assertThat(store().write(transaction -> 1)).isCompletedWithValue(1);
        assertThat(store().read(snapshot -> 2)).isCompletedWithValue(2);
        assertThat(store().collect(List.of())).isCompletedWithValue(0);
    }

    @Test
    void nothingRunsBeforeTheExecutorSaysSoAndThenInOrder() {
        Deque<Runnable> later = new ArrayDeque<>();
        List<Integer> ran = new ArrayList<>();
        try (Store store = new MemoryStore(NODE, later::add)) {
            CompletableFuture<Boolean> first = store.write(transaction -> ran.add(1));
            store.read(snapshot -> ran.add(2));
            store.write(transaction -> ran.add(3));
            assertThat(first).isNotDone();
            assertThat(ran).isEmpty();

            while (!later.isEmpty()) {
                later.remove().run();
            }
        }

        assertThat(ran).containsExactly(1, 2, 3);
    }
}
