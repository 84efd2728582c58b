package io.keplerfs.node;

import io.keplerfs.InvalidRequestException;
import io.keplerfs.MetadataBackup;
import io.keplerfs.UnavailableException;
import io.keplerfs.disk.DiskStore;
import io.keplerfs.loop.Failures;
import io.keplerfs.spi.Store;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Copies of one node's metadata. Any thread. */
record Backups(Store store) {
    private static final Logger log = LoggerFactory.getLogger(Backups.class);

    /** For callers elsewhere: fails as invalid if no such file may be made, else as unavailable, with the reason. */
    CompletableFuture<MetadataBackup> to(Path file) {
        if (!(store instanceof DiskStore disk)) {
            return CompletableFuture.failedFuture(
                    new UnavailableException("this node does not keep its metadata in a data directory"));
        }
        return disk.copyMetadata(file).handle((copy, failure) -> {
            if (copy == null) {
                String why = "no backup was made: " + reason(failure);
                throw new CompletionException(
                        Failures.unwrap(failure) instanceof IllegalArgumentException
                                ? new InvalidRequestException(why, failure)
                                : new UnavailableException(why, failure));
            }
            log.info("backup of the metadata: {}", copy);
            return new MetadataBackup(copy.file(), copy.sizeBytes(), copy.registers(), copy.chunks());
        });
    }

    private static String reason(@Nullable Throwable failure) {
        Throwable cause = Failures.unwrap(failure);
        return cause == null ? "for no reason given" : String.valueOf(cause.getMessage());
    }

    MetadataBackup now(Path file) throws IOException {
        try {
            return to(file).join();
        } catch (CompletionException failed) {
            Throwable cause = failed.getCause();
            throw new IOException(cause == null ? failed.getMessage() : cause.getMessage(), cause);
        }
    }
}
