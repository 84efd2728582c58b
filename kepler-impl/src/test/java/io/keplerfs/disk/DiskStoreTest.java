package io.keplerfs.disk;

import io.keplerfs.spi.Store;
import io.keplerfs.spi.contract.StoreContract;
import io.keplerfs.values.ChunkId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;

/** The contract on a real directory. */
class DiskStoreTest extends StoreContract {
    @TempDir
    private Path directory;

    @Override
    protected Store create() throws IOException {
        return DiskStore.open(DiskFixture.options(directory));
    }

    @Override
    protected Optional<Store> reopen() throws IOException {
        return Optional.of(DiskStore.open(DiskFixture.options(directory)));
    }

    @Override
    public boolean damage(ChunkId id) throws IOException {
        Files.write(DiskFixture.fileOf(directory, id), new byte[] {1});
        return true;
    }
}
