package io.keplerfs.node;

import io.keplerfs.disk.Remains;
import io.keplerfs.disk.Remains.Located;
import io.keplerfs.files.SalvagedVersion;
import io.keplerfs.spi.RegisterKey;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Every place where the value of a register was found, the best first: the highest ballot, and of those what has a checksum. A
 * copy that turns out to be damaged is told of and dropped, and the next one stands in for it. Owned by its salvage.
 */
final class Copies {
    private final RegisterKey key;
    private final List<Copy> copies = new ArrayList<>(2);
    private String trouble = "";

    /** How the bytes of a place are read. */
    @FunctionalInterface
    interface Reader {
        byte[] value(Located where) throws IOException;
    }

    private record Copy(Remains source, Located where, Reader reader) {
        boolean isBetterThan(Copy other) {
            int newer = where.ballot().compareTo(other.where.ballot());
            return newer > 0 || (newer == 0 && where.file() != null && other.where.file() == null);
        }
    }

    Copies(RegisterKey key) {
        this.key = key;
    }

    RegisterKey key() {
        return key;
    }

    void add(Remains source, List<Located> places, Reader reader) {
        for (Located where : places) {
            Copy added = new Copy(source, where, reader);
            int at = copies.size();
            while (at > 0 && added.isBetterThan(copies.get(at - 1))) {
                at--;
            }
            copies.add(at, added);
        }
    }

    /** These, and when none of them can be read the others. */
    Copies before(@Nullable Copies others) {
        if (others != null) {
            copies.addAll(others.copies);
        }
        return this;
    }

    /** Of a file: the best that can be read now; empty if there is none, then {@link #trouble} says why. */
    Optional<SalvagedVersion> version() {
        return best(this::proven);
    }

    /** Of any register: whether the best that can be read stands for something that is not deleted; empty if there is none. */
    Optional<Boolean> isLive() {
        return best(SalvagedVersion::isLive);
    }

    private <T> Optional<T> best(Function<byte[], T> decode) {
        Iterator<Copy> left = copies.iterator();
        @Nullable Copy damaged = null;
        while (left.hasNext()) {
            Copy copy = left.next();
            try {
                T decoded = decode.apply(copy.reader.value(copy.where));
                tellIfOlder(copy, damaged);
                return Optional.of(decoded);
            } catch (IOException | RuntimeException rotten) {
                // Bytes that nothing vouches for can fail any check on their way to a version.
                trouble = String.valueOf(rotten.getMessage());
                copy.source.note("a copy of " + key.bucket() + "/" + key.key() + " is damaged: " + trouble);
                damaged = damaged == null ? copy : damaged;
                left.remove();
            }
        }
        return Optional.empty();
    }

    /** What is asked of it later, asked now. */
    private SalvagedVersion proven(byte[] value) {
        SalvagedVersion version = SalvagedVersion.of(key, value);
        if (!version.isDeleted()) {
            version.info();
            version.options();
        }
        return version;
    }

    private void tellIfOlder(Copy used, @Nullable Copy damaged) {
        if (damaged != null && damaged.where.ballot().compareTo(used.where.ballot()) > 0) {
            used.source.note("an OLDER version of " + key.bucket() + "/" + key.key()
                    + " is used from here: the newest one is damaged in every source");
        }
    }

    String trouble() {
        return trouble;
    }
}
