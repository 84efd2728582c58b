package io.keplerfs.sim.whole;

import io.keplerfs.FileInfo;
import io.keplerfs.GetOptions;
import io.keplerfs.PutOptions;
import io.keplerfs.repair.LifeTimes;
import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.whole.KeyHistory.Call;
import io.keplerfs.sim.whole.KeyHistory.Kind;
import io.keplerfs.sim.whole.KeyHistory.Result;
import io.keplerfs.values.ChunkId;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.View;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/**
 * One seed: a cluster of three to five whole nodes, callers that put, overwrite, delete, read and list a few files, and everything
 * that can fail. Then everything is mended, and must be in order.
 */
final class WholeSimulation {
    static final int REPLICATION = 3;
    static final String BUCKET = "files";
    private static final int MOST_NODES = 6;
    private static final Duration LOOK_EVERY = Duration.ofSeconds(5);
    private static final int KEYS = 4;
    private static final Duration EVICT_AFTER = Duration.ofSeconds(15);
    private static final Duration SETTLED_WITHIN = Duration.ofMinutes(40);
    /** Two rounds of anti-entropy: a row may be too young for the first. */
    private static final Duration AGREED_WITHIN = Duration.ofMinutes(25);

    /** References that could not be judged step aside for ten minutes, and a whole look at the files takes nine. */
    private static final Duration CLEAN_WITHIN = Duration.ofMinutes(60);
    /** An hour of real nodes is seconds here, a day two minutes. */
    static final LifeTimes AGES = new LifeTimes(
            Duration.ofSeconds(2),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofSeconds(10),
            // What was dropped is remembered for twice as long, and must be when a task comes that had waited for five
            // minutes.
            Duration.ofMinutes(4),
            Duration.ofMinutes(8),
            Duration.ofSeconds(15),
            Duration.ofSeconds(1),
            Duration.ofMinutes(3));

    static final int LAST_BYTES = 2000;
    /** So many files are read from every node, and of the others those that show a chunk for the first time. */
    private static final int READ_EVERYWHERE = 20;
    /** Callers say how long they wait at most, nodes pause, and connections notice late that they are cut. */
    private static final Duration LONGEST_CALL = Duration.ofMinutes(3);
    /** All clocks go forward by this at the end, as if so much time had passed. */
    private static final Duration SKIPPED = Duration.ofHours(48);
    /** Tombstones are looked at once an hour, by one node after the other; a node that was not asked in vain has removed them. */
    private static final Duration SWEPT_WITHIN = Duration.ofHours(4);

    static final Duration CONFLICTS_KEPT = Duration.ofMinutes(3);

    private final SimLoop loop;
    private final Trace trace;
    private final SplittableRandom random;
    private final Trouble trouble;
    private final Wires wires;
    private final Oracle oracle;
    private final Flaw flaw;
    private final Contents contents = new Contents();
    private final Duration length;
    private final List<WholeNode> nodes = new ArrayList<>();
    private final List<WholeClient> clients = new ArrayList<>();
    private final List<KeyHistory> histories = new ArrayList<>();
    private final KeyHistory[] keys = new KeyHistory[KEYS];
    private final KeyHistory[] fenced = new KeyHistory[2];
    private final KeyHistory[] rivals = new KeyHistory[2];
    private final Map<String, WholeNode> fastHomes = new HashMap<>();
    private final Map<String, FileInfo> seen = new HashMap<>();
    private final List<byte[]> written = new ArrayList<>(List.of(new byte[0]));
    private final Map<String, Long> outcomes = new TreeMap<>();
    private final Set<String> violations = new java.util.LinkedHashSet<>();
    private final Checks checks;
    private long token;
    private int keysMade;
    private boolean over;

    WholeSimulation(long seed, Duration length, Flaw flaw) {
        this.length = length;
        this.flaw = flaw;
        loop = new SimLoop(seed);
        trace = new Trace(loop);
        random = loop.fork();
        trouble = new Trouble(this);
        wires = new Wires(loop, trace, trouble, flaw);
        oracle = new Oracle(loop, wires);
        checks = new Checks(this);
        int size = 3 + random.nextInt(3);
        for (int i = 0; i < size; i++) {
            addNode();
        }
        for (int i = 0; i < keys.length; i++) {
            keys[i] = newKey("key-");
        }
        for (int i = 0; i < fenced.length; i++) {
            fenced[i] = newKey("lock-");
        }
        for (int i = 0; i < rivals.length; i++) {
            rivals[i] = newKey(KeyHistory.RIVAL);
        }
    }

    private WholeNode addNode() {
        WholeNode node = new WholeNode(
                new WholeNode.World(loop, trace, wires, oracle, trouble, flaw, EVICT_AFTER, nodes),
                nodes.size(),
                nodes.isEmpty());
        nodes.add(node);
        return node;
    }

    private KeyHistory newKey(String prefix) {
        return newHistory(prefix + keysMade++);
    }

    private KeyHistory newHistory(String key) {
        KeyHistory history = new KeyHistory(key);
        histories.add(history);
        return history;
    }

    /** What went wrong; empty if nothing did. */
    List<String> run() {
        nodes.forEach(WholeNode::start);
        if (!loop.runUntil(() -> isSettled() && createBucket(), Duration.ofMinutes(2))) {
            violations.add("no cluster in the beginning: " + described());
            return List.copyOf(violations);
        }
        double pace = List.of(60.0, 200.0, 600.0).get(random.nextInt(3));
        for (int i = 0; i < 5; i++) {
            clients.add(new WholeClient(this, "c" + i, pace));
        }
        trouble.begin();
        sample();
        loop.runUntil(() -> violations.size() > 0, length);
        trouble.end();
        mend();
        over = true;
        if (violations.isEmpty()) {
            theEnd();
        }
        return List.copyOf(violations);
    }

    private CompletableFuture<?> creating = CompletableFuture.failedFuture(new IllegalStateException());

    private boolean createBucket() {
        if (creating.isDone() && !creating.isCompletedExceptionally()) {
            return true;
        }
        if (creating.isDone()) {
            creating = nodes.get(0).cluster().createBucketAsync(BUCKET);
        }
        return false;
    }

    private void sample() {
        loop.after(Duration.ofMillis(500), () -> {
            checks.always();
            if (!over) {
                nodes.stream().filter(node -> !node.destroyed).forEach(trouble::restartIfFailed);
                sample();
            }
        });
    }

    private void mend() {
        trace.note("mend");
        wires.heal();
        oracle.mistakes = 0;
        for (WholeNode node : members()) {
            node.mood.mend();
            trouble.restartIfFailed(node);
            node.start();
        }
        trouble.setClocksRight();
        // What was planned to get worse gets better, too.
        loop.after(Duration.ofSeconds(26), wires::heal);
        trouble.takeBack();
    }

    private void theEnd() {
        loop.runUntil(() -> false, Duration.ofSeconds(60));
        members().forEach(node -> node.mood.mend());
        members().forEach(trouble::restartIfFailed);
        loop.runUntil(() -> clients.stream().noneMatch(WholeClient::isWaiting), LONGEST_CALL);
        clients.stream().filter(WholeClient::isWaiting).forEach(client -> violation("never answered: " + client));
        if (!inTime(() -> isSettled() && isQuiet(), SETTLED_WITHIN)) {
            violation("not in order long after everything was mended: " + described());
        }
        boolean nothingLost = nodes.stream().noneMatch(node -> node.destroyed);
        if (nothingLost && !trouble.counts().containsKey("quarantined chunks")) {
            // Before the reads below repair what they find.
            checks.everyLiveChunkHasItsCopies(false);
        }
        readEverything();
        if (violations.isEmpty() && !inTime(() -> isSettled() && isQuiet(), SETTLED_WITHIN)) {
            violation("not in order after everything had been read: " + described());
        }
        if (violations.isEmpty() && !inTime(() -> checks.garbage().isEmpty(), CLEAN_WITHIN)) {
            violation("garbage long after everything was quiet: " + checks.garbage());
        }
        if (violations.isEmpty()
                && Checks.ANTI_ENTROPY
                && !inTime(() -> checks.disagreements().isEmpty(), AGREED_WITHIN)) {
            violation("owners differ long after everything was quiet: " + checks.disagreements());
        }
        checks.atTheEnd();
        if (violations.isEmpty()) {
            twoDaysLater();
        }
    }

    /** Ages of chunks are minutes here and have passed; those of tombstones are judged by clocks, which are set. */
    private void twoDaysLater() {
        trace.note("two days later");
        nodes.forEach(node -> node.jump(SKIPPED));
        if (!inTime(() -> checks.tombstones().isEmpty(), SWEPT_WITHIN, Duration.ofMinutes(10))) {
            violation("tombstones two days after everything was quiet: " + checks.tombstones());
        }
        if (!inTime(() -> isSettled() && isQuiet() && checks.garbage().isEmpty(), CLEAN_WITHIN)) {
            violation("not in order two days after everything was quiet: " + described() + ", " + checks.garbage());
        }
    }

    private boolean inTime(BooleanSupplier condition, Duration limit) {
        return inTime(condition, limit, LOOK_EVERY);
    }

    /** Looks once in a while: such conditions look at every row of every node. */
    private boolean inTime(BooleanSupplier condition, Duration limit, Duration every) {
        long end = loop.nowNanos() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (loop.nowNanos() >= end) {
                return false;
            }
            loop.runUntil(() -> false, every);
        }
        return true;
    }

    /** Every chunk from every node, which asks itself first, so every damaged copy is found. */
    private void readEverything() {
        Set<ChunkId> readEverywhere = new HashSet<>();
        for (KeyHistory history : histories) {
            List<WholeNode> readers = members();
            if (!isReadWell(history, readers.get(0))) {
                return;
            }
            if (isLostWithItsNode(history)) {
                continue;
            }
            boolean news = readEverywhere.addAll(Contents.chunksOf(contentOf(Math.max(0, lastSeenOf(history)))));
            if (!news && histories.indexOf(history) >= READ_EVERYWHERE) {
                continue;
            }
            for (WholeNode node : readers.subList(1, readers.size())) {
                if (!isReadWell(history, node)) {
                    return;
                }
            }
        }
        CompletableFuture<FileInfo> put = members()
                .get(members().size() - 1)
                .cluster()
                .bucket(BUCKET)
                .putAsync("last", new byte[LAST_BYTES], PutOptions.defaults());
        loop.runUntil(put::isDone, Duration.ofMinutes(2));
        if (!put.isDone() || put.isCompletedExceptionally()) {
            violation("no progress after everything was mended");
        }
    }

    private static int lastSeenOf(KeyHistory history) {
        return history.calls.get(history.calls.size() - 1).seen;
    }

    private boolean isReadWell(KeyHistory history, WholeNode node) {
        if (!node.isServing()) {
            violation("a node is not up after everything was mended: " + node.name());
            return false;
        }
        Call call = history.begin(Kind.GET, 0, 0, 0, "end@" + node.name(), new byte[0], loop.nowNanos());
        boolean[] done = {false};
        WholeClient reader = new WholeClient(this, "end", 1);
        reader.read(node, history.key, GetOptions.defaults().withVerifySha256(), call, () -> done[0] = true);
        loop.runUntil(() -> done[0], Duration.ofMinutes(2));
        if (!isLostWithItsNode(history) && (call.result != Result.DONE || !call.readable)) {
            violation("not readable after everything was mended: " + call + " of " + history.key);
            return false;
        }
        return true;
    }

    /** A fast write is promised on its node's disk only. */
    boolean isLostWithItsNode(KeyHistory history) {
        WholeNode home = fastHomes.get(history.key);
        return home != null && home.destroyed;
    }

    boolean isSettled() {
        Set<Ownership> known = new HashSet<>();
        for (WholeNode node : members()) {
            Ownership own = node.ownership();
            if (own == null) {
                return false;
            }
            known.add(own);
        }
        if (known.size() != 1 || known.iterator().next().next().isPresent()) {
            return false;
        }
        View view = known.iterator().next().current();
        boolean lostEvicted = nodes.stream().filter(node -> node.destroyed).noneMatch(node -> view.has(node.id()));
        return lostEvicted
                && members().stream()
                        .allMatch(node -> view.member(node.id())
                                .filter(member -> !member.draining())
                                .isPresent());
    }

    private boolean isQuiet() {
        return members().stream()
                .allMatch(node -> node.onDisk(tables -> tables.queued() == 0
                        && tables.uploads().isEmpty()
                        && tables.intents((String) null).isEmpty()));
    }

    String described() {
        return Situation.of(nodes);
    }

    /** Nodes whose disk is there. */
    List<WholeNode> members() {
        return nodes.stream().filter(node -> !node.destroyed).toList();
    }

    Optional<WholeNode> someNode(SplittableRandom chance) {
        List<WholeNode> up = nodes.stream().filter(WholeNode::isServing).toList();
        return up.isEmpty() ? Optional.empty() : Optional.of(up.get(chance.nextInt(up.size())));
    }

    void crash(WholeNode node) {
        node.crash();
        clients.forEach(client -> client.nodeDied(node));
    }

    boolean join() {
        if (members().size() >= MOST_NODES || !isSettled()) {
            return false;
        }
        addNode().start();
        return true;
    }

    void destroy(WholeNode node) {
        crash(node);
        node.destroyed = true;
        addNode().start();
    }

    void scrap(WholeNode node) {
        crash(node);
        node.destroyed = true;
    }

    KeyHistory key(SplittableRandom chance) {
        return rolling(keys, chance.nextInt(keys.length), "key-");
    }

    KeyHistory fencedKey(SplittableRandom chance) {
        return rolling(fenced, chance.nextInt(fenced.length), "lock-");
    }

    private KeyHistory rolling(KeyHistory[] table, int at, String prefix) {
        if (table[at].isFull()) {
            table[at] = newKey(prefix);
        }
        return table[at];
    }

    KeyHistory rivalKey(SplittableRandom chance) {
        return rolling(rivals, chance.nextInt(rivals.length), KeyHistory.RIVAL);
    }

    KeyHistory fastKey(String key) {
        return newHistory(key);
    }

    void writesFastAt(KeyHistory history, WholeNode home) {
        fastHomes.put(history.key, home);
    }

    int nextOp(byte[] content) {
        written.add(content);
        return written.size() - 1;
    }

    long nextToken() {
        return ++token;
    }

    byte[] contentOf(int op) {
        return written.get(op);
    }

    static int opOf(FileInfo info) {
        return Integer.parseInt(info.metadata().get("op"));
    }

    void sees(FileInfo info) {
        seen.put(info.key(), info);
    }

    Optional<FileInfo> lastSeen(String key) {
        return Optional.ofNullable(seen.get(key));
    }

    void checkReceipt(FileInfo info, Call call, WholeNode by, boolean fast) {
        if (opOf(info) != call.op) {
            violation("the receipt is of another write: " + info + " for " + call);
        }
        if (!fast) {
            checks.acknowledged(call);
        }
        trouble.acknowledged(by);
    }

    void checkListing(List<String> listed, long began) {
        checks.listing(listed, began);
    }

    void violation(String what) {
        if (violations.add(what)) {
            trace.note("VIOLATION " + what);
        }
    }

    void count(String outcome) {
        outcomes.merge(outcome, 1L, Long::sum);
    }

    Map<String, Long> outcomes() {
        return outcomes;
    }

    boolean isOver() {
        return over;
    }

    List<KeyHistory> histories() {
        return histories;
    }

    List<WholeNode> nodes() {
        return nodes;
    }

    Contents contents() {
        return contents;
    }

    SimLoop loop() {
        return loop;
    }

    Trace trace() {
        return trace;
    }

    Trouble trouble() {
        return trouble;
    }

    Wires wires() {
        return wires;
    }

    Oracle oracle() {
        return oracle;
    }

    long epochs() {
        return checks.epochs();
    }
}
