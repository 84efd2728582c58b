package io.keplerfs.sim.whole;

import io.keplerfs.Bucket;
import io.keplerfs.Conflict;
import io.keplerfs.ConflictPage;
import io.keplerfs.Conflicts;
import io.keplerfs.DeleteOptions;
import io.keplerfs.Durability;
import io.keplerfs.FileInfo;
import io.keplerfs.FileSnapshot;
import io.keplerfs.GetOptions;
import io.keplerfs.IndeterminateException;
import io.keplerfs.ListOptions;
import io.keplerfs.ListPage;
import io.keplerfs.NotFoundException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.PutOptions;
import io.keplerfs.UnavailableException;
import io.keplerfs.files.Snapshot;
import io.keplerfs.loop.Failures;
import io.keplerfs.sim.whole.KeyHistory.Call;
import io.keplerfs.sim.whole.KeyHistory.Kind;
import io.keplerfs.sim.whole.KeyHistory.Result;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A caller: one operation after the other, each on some node that is up. */
final class WholeClient {
    private final WholeSimulation world;
    private final String name;
    private final SplittableRandom random;
    private final double paceMillis;
    /** Of its fast files: the key, the node, the last acknowledged write and those that came later or may have. */
    private int fastFiles;

    private @Nullable KeyHistory fast;
    private @Nullable WholeNode fastNode;
    private @Nullable Running running;

    /** The call that is under way. */
    private record Running(WholeNode node, String what, Runnable died) {}

    WholeClient(WholeSimulation world, String name, double paceMillis) {
        this.world = world;
        this.name = name;
        this.random = world.loop().fork();
        this.paceMillis = paceMillis;
        later();
    }

    private void later() {
        world.loop().after((long) (random.nextDouble(0.1, paceMillis) * 1e6), this::next);
    }

    boolean isWaiting() {
        return running != null;
    }

    @Override
    public String toString() {
        Running call = running;
        return name + (call == null ? "" : "@" + call.node().name() + " " + call.what());
    }

    /** Its node has died under it. */
    void nodeDied(WholeNode node) {
        Running call = running;
        if (call != null && call.node() == node) {
            running = null;
            call.died().run();
            later();
        }
    }

    private void next() {
        if (world.isOver()) {
            return;
        }
        Optional<WholeNode> node = world.someNode(random);
        if (node.isEmpty()) {
            later();
            return;
        }
        switch (random.nextInt(20)) {
            case 0 -> list(node.get());
            case 1, 2, 3 -> fast(node.get());
            case 4, 5 -> fenced(node.get(), world.fencedKey(random));
            case 6, 7, 8, 9 -> get(node.get(), world.key(random));
            case 10 -> delete(node.get(), world.key(random), 0);
            case 11 -> brokenOff(node.get(), world.key(random));
            case 12 -> rival(node.get());
            default -> put(node.get(), world.key(random));
        }
    }

    private <T> void run(
            WholeNode node, String what, CompletableFuture<T> call, Runnable died, BiConsumer<T, Throwable> ended) {
        Running mine = new Running(node, what, died);
        running = mine;
        call.whenComplete((result, failure) -> {
            if (running == mine) {
                running = null;
                ended.accept(result, Failures.unwrap(failure));
                later();
            }
        });
    }

    private Bucket bucket(WholeNode node) {
        return node.cluster().bucket(WholeSimulation.BUCKET);
    }

    private Call begin(WholeNode node, KeyHistory history, Kind kind, long token, int base, byte[] content) {
        String who = name + "@" + node.name();
        return history.begin(
                kind,
                kind == Kind.GET ? 0 : world.nextOp(content),
                token,
                base,
                who,
                content,
                world.loop().nowNanos());
    }

    private void end(Call call, Result result) {
        call.result = result;
        call.returned = world.loop().nowNanos();
        world.count(call.kind + " " + result);
        world.trace().note(call.hashOf(), call::toString);
    }

    private Duration timeout() {
        return Duration.ofMillis(random.nextInt(300, 20_000));
    }

    private void put(WholeNode node, KeyHistory history) {
        int choice = random.nextInt(6);
        Optional<FileInfo> seen = world.lastSeen(history.key);
        Kind kind = choice == 0 ? Kind.CREATE : choice < 3 && seen.isPresent() ? Kind.SWAP : Kind.PUT;
        int base = kind == Kind.SWAP ? WholeSimulation.opOf(seen.orElseThrow()) : 0;
        Call call = begin(node, history, kind, 0, base, world.contents().draw(random));
        PutOptions.Builder options = options(call);
        if (kind == Kind.CREATE) {
            options.onlyIfAbsent();
        } else if (kind == Kind.SWAP) {
            options.ifMatch(seen.orElseThrow().etag());
        }
        send(node, history, call, options);
    }

    private PutOptions.Builder options(Call call) {
        Durability durability = random.nextInt(8) == 0 ? Durability.ALL : Durability.QUORUM;
        return PutOptions.builder()
                .metadata("op", Integer.toString(call.op))
                .durability(durability)
                .timeout(timeout());
    }

    private void fenced(WholeNode node, KeyHistory history) {
        long token = world.nextToken();
        if (random.nextInt(4) == 0) {
            delete(node, history, token);
            return;
        }
        Call call =
                begin(node, history, Kind.FENCED_PUT, token, 0, world.contents().draw(random));
        // A writer that was paused between taking its token and writing.
        world.loop().after(random.nextInt(3) == 0 ? 2_000_000_000L : 0, () -> {
            if (node.isServing()) {
                send(node, history, call, options(call).fencingToken(token));
            } else {
                end(call, Result.NOTHING);
                later();
            }
        });
    }

    private void send(WholeNode node, KeyHistory history, Call call, PutOptions.Builder options) {
        CompletableFuture<FileInfo> put = random.nextBoolean()
                ? bucket(node).putAsync(history.key, call.content, options.build())
                : bucket(node).putAsync(history.key, new ByteArrayInputStream(call.content), options.build());
        boolean fast = options.build().durability() == Durability.FAST;
        run(node, call.toString(), put, () -> end(call, Result.MAYBE), (info, failure) -> {
            written(call, failure);
            if (failure == null && info != null) {
                world.sees(info);
                world.checkReceipt(info, call, node, fast);
            }
        });
    }

    private void written(Call call, @Nullable Throwable failure) {
        if (failure == null) {
            end(call, Result.DONE);
        } else if (failure instanceof PreconditionFailedException) {
            end(call, Result.REFUSED);
        } else if (failure instanceof UnavailableException) {
            end(call, Result.NOTHING);
        } else {
            end(call, Result.MAYBE);
            if (!(failure instanceof IndeterminateException)) {
                world.violation("an undocumented outcome: " + failure + " of " + call);
            }
        }
    }

    private void delete(WholeNode node, KeyHistory history, long token) {
        Call call = begin(node, history, Kind.DELETE, token, 0, new byte[0]);
        DeleteOptions options = DeleteOptions.defaults();
        CompletableFuture<Boolean> deleting =
                bucket(node).deleteAsync(history.key, token == 0 ? options : options.withFencingToken(token));
        run(
                node,
                call.toString(),
                deleting,
                () -> end(call, Result.MAYBE),
                (existed, failure) -> written(call, failure));
    }

    private void get(WholeNode node, KeyHistory history) {
        Call call = begin(node, history, Kind.GET, 0, 0, new byte[0]);
        read(node, history.key, GetOptions.defaults().withTimeout(timeout()), call, () -> {});
    }

    /** Also the reads at the end. */
    void read(WholeNode node, String key, GetOptions options, Call call, Runnable then) {
        CompletableFuture<FileSnapshot> found = bucket(node).snapshotAsync(key, options);
        CompletableFuture<byte[]> bytes = found.thenCompose(
                snapshot -> ((Snapshot) snapshot).read(0, (int) snapshot.info().sizeBytes()));
        run(node, call.toString(), bytes, () -> end(call, Result.MAYBE), (content, failure) -> {
            boolean known = found.isDone() && !found.isCompletedExceptionally();
            if (known) {
                call.seen = WholeSimulation.opOf(found.join().info());
                world.sees(found.join().info());
            } else if (failure instanceof NotFoundException) {
                call.seen = KeyHistory.ABSENT;
            }
            // Bytes that cannot be had do not take back which version is the newest.
            end(call, call.seen >= 0 ? Result.DONE : Result.NOTHING);
            if (failure == null && content != null && !Arrays.equals(content, world.contentOf(call.seen))) {
                world.violation("wrong bytes: " + key + " of " + content.length + " bytes read by " + call);
            } else if (failure != null && !isDocumentedForReads(failure)) {
                world.violation("a file cannot be read: " + failure + " by " + call + " of " + key);
            }
            call.readable = failure == null || call.seen == KeyHistory.ABSENT;
            then.run();
        });
    }

    private void brokenOff(WholeNode node, KeyHistory history) {
        Call call = begin(node, history, Kind.PUT, 0, 0, new byte[0]);
        InputStream hangsUp = new InputStream() {
            private int left = WholeNode.CHUNK * 5 / 2;

            @Override
            public int read() throws IOException {
                if (left-- <= 0) {
                    throw new IOException("the caller hung up");
                }
                return 7;
            }
        };
        CompletableFuture<FileInfo> put =
                bucket(node).putAsync(history.key, hangsUp, options(call).build());
        run(node, call.toString(), put, () -> end(call, Result.NOTHING), (info, failure) -> {
            if (failure == null) {
                world.violation("an upload that broke off was acknowledged: " + call);
            }
            end(call, Result.NOTHING);
        });
    }

    /** Fast files have one writer on one node each, so that the last acknowledged one is known. */
    private void fast(WholeNode node) {
        KeyHistory history = fast;
        WholeNode home = fastNode;
        if (history == null || home == null || history.isFull() || home.destroyed) {
            history = world.fastKey("fast-" + name + "-" + fastFiles++);
            home = node;
            fast = history;
            fastNode = home;
            world.writesFastAt(history, home);
        }
        if (!home.isServing()) {
            later();
            return;
        }
        WholeNode at = home;
        KeyHistory file = history;
        if (random.nextInt(3) == 0) {
            Call call = begin(at, file, Kind.GET, 0, 0, new byte[0]);
            read(at, file.key, GetOptions.local(), call, () -> {
                // A node need not be an owner: once its fast write is delivered, it may not know the file any more.
                boolean waits = at.onDisk(tables -> tables.intents(WholeSimulation.BUCKET)).stream()
                        .anyMatch(intent -> intent.key().key().equals(file.key));
                call.result = waits ? call.result : Result.NOTHING;
            });
            return;
        }
        Call call = begin(at, file, Kind.PUT, 0, 0, world.contents().draw(random));
        send(at, file, call, options(call).durability(Durability.FAST));
    }

    /** Written through many nodes without asking anybody: what loses is kept for a while, and is whole so long. */
    private void rival(WholeNode node) {
        if (random.nextInt(3) == 0) {
            readLoser(node, random.nextInt(1000));
            return;
        }
        KeyHistory history = world.rivalKey(random);
        Call call = begin(node, history, Kind.PUT, 0, 0, world.contents().draw(random));
        Durability durability = random.nextInt(3) == 0 ? Durability.QUORUM : Durability.FAST;
        send(node, history, call, options(call).durability(durability));
    }

    private void readLoser(WholeNode node, int which) {
        Conflicts conflicts = bucket(node).conflicts();
        CompletableFuture<ConflictPage> listed = conflicts.listAsync(ListOptions.prefix(""));
        CompletableFuture<Boolean> whole = listed.thenCompose(page -> page.conflicts()
                        .isEmpty()
                ? CompletableFuture.completedFuture(true)
                : isWhole(
                        conflicts, page.conflicts().get(which % page.conflicts().size())));
        run(node, "a loser", whole, () -> {}, (good, failure) -> {
            world.count(failure == null ? "LOSER DONE" : "LOSER NOTHING");
            if (failure == null ? !good : !isDocumentedForReads(failure)) {
                world.violation("the loser of a conflict cannot be read by " + name + "@" + node.name() + ": "
                        + (failure == null ? "wrong bytes" : failure));
            }
        });
    }

    private CompletableFuture<Boolean> isWhole(Conflicts conflicts, Conflict conflict) {
        FileInfo loser = conflict.loser();
        return conflicts
                .snapshotAsync(loser.key(), loser.version(), GetOptions.defaults())
                .thenCompose(snapshot -> {
                    world.count("LOSER FOUND");
                    return ((Snapshot) snapshot).read(0, (int) loser.sizeBytes());
                })
                .thenApply(bytes -> Arrays.equals(bytes, world.contentOf(WholeSimulation.opOf(loser))));
    }

    private static boolean isDocumentedForReads(Throwable failure) {
        return failure instanceof UnavailableException || failure instanceof NotFoundException;
    }

    private void list(WholeNode node) {
        long began = world.loop().nowNanos();
        run(node, "a listing", bucket(node).listAsync(ListOptions.prefix("")), () -> {}, (page, failure) -> {
            world.count(failure == null ? "LIST DONE" : "LIST NOTHING");
            if (failure == null && page != null && page.next().isEmpty()) {
                world.checkListing(listed(page), began);
            } else if (failure != null && !(failure instanceof UnavailableException)) {
                world.violation("an undocumented outcome of a listing: " + failure);
            }
        });
    }

    private static List<String> listed(ListPage page) {
        return page.files().stream().map(FileInfo::key).collect(Collectors.toList());
    }
}
