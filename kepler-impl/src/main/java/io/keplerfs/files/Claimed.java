package io.keplerfs.files;

import io.keplerfs.register.RegisterValue;
import io.keplerfs.register.Settled;
import io.keplerfs.repair.Claims;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.Store;
import io.keplerfs.values.VersionId;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Who needs an upload: its register, this node's unfinished work, or a list of what is kept elsewhere. Any thread. */
final class Claimed implements Claims {
    /** Uploads that something else than their own register keeps, such as a conflict that is listed for a week. */
    @FunctionalInterface
    interface Elsewhere {
        Elsewhere NOWHERE = (key, upload) -> CompletableFuture.completedFuture(false);

        /** Fails when it cannot be told: then the references stay. */
        CompletableFuture<Boolean> keeps(RegisterKey key, VersionId upload);
    }

    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final Node node;
    private final BucketCatalog buckets;
    private final Elsewhere elsewhere;

    Claimed(Node node, BucketCatalog buckets, Elsewhere elsewhere) {
        this.node = node;
        this.buckets = buckets;
        this.elsewhere = elsewhere;
    }

    /** Whether the value is a file whose chunks that upload has stored. */
    static boolean names(RegisterValue value, VersionId upload) {
        return !value.absent() && Manifest.of(value).upload().equals(upload);
    }

    CompletableFuture<Boolean> elsewhere(RegisterKey key, VersionId upload) {
        return elsewhere.keeps(key, upload);
    }

    @Override
    public CompletableFuture<Verdict> judge(Pin pin) {
        return node.store()
                .read(tables -> neededHere(tables).contains(pin.upload()))
                .thenCompose(here -> here ? CompletableFuture.completedFuture(Verdict.UNDECIDED) : ask(pin))
                .exceptionally(unknown -> Verdict.UNDECIDED);
    }

    private CompletableFuture<Verdict> ask(Pin pin) {
        return buckets.requireEvenDeleted(pin.bucket(), TIMEOUT)
                .thenCompose(bucket -> settle(bucket.registerOf(pin.bucket(), pin.key()), pin.upload()));
    }

    private CompletableFuture<Verdict> settle(RegisterKey key, VersionId upload) {
        var window = UploadId.burying(
                upload, node.limits().longestUpload(), node.loop().wallMillis());
        return node.registers().settle(key, upload, window, TIMEOUT).thenCompose(settled -> {
            if (!(settled instanceof Settled.Sealed sealed)) {
                return CompletableFuture.completedFuture(Verdict.UNDECIDED);
            }
            return names(sealed.current(), upload)
                    ? CompletableFuture.completedFuture(Verdict.ALIVE)
                    : elsewhere.keeps(key, upload).thenApply(kept -> kept ? Verdict.ALIVE : Verdict.DEAD);
        });
    }

    @Override
    public Set<VersionId> neededHere(Store.Snapshot tables) {
        Set<VersionId> needed = new HashSet<>();
        tables.uploads().forEach(upload -> needed.add(upload.id()));
        tables.intents((String) null).forEach(intent -> {
            RegisterValue value = RegisterValue.decode(intent.value());
            if (!value.absent()) {
                needed.add(Manifest.of(value).upload());
            }
        });
        return needed;
    }
}
