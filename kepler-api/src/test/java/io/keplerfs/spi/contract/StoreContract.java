package io.keplerfs.spi.contract;

import io.keplerfs.spi.Store;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/**
 * What every {@link Store} promises, as tests: an implementation is right when its subclass of this passes. The tests lie in the
 * interfaces, one for each group of promises.
 */
@Timeout(180)
public abstract class StoreContract
        implements RegisterTableContract, TransactionContract, ChunkContract, TableContract, DigestContract {
    private Store store;

    /** A new, empty store; called once before each test. */
    protected abstract Store create() throws Exception;

    /** Opens again what the last store left, after that was closed; empty if the implementation keeps nothing. */
    protected Optional<Store> reopen() throws Exception {
        return Optional.empty();
    }

    @Override
    public final Store store() {
        return store;
    }

    @Override
    public final Optional<Store> reopened() throws Exception {
        store.close();
        Optional<Store> again = reopen();
        again.ifPresent(opened -> store = opened);
        return again;
    }

    @BeforeEach
    final void createStore() throws Exception {
        store = create();
    }

    @AfterEach
    final void closeStore() {
        store.close();
    }
}
