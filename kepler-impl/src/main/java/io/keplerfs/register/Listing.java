package io.keplerfs.register;

import io.keplerfs.register.ListResult.Entry;
import io.keplerfs.register.RegisterAnswer.Row;
import io.keplerfs.register.RegisterAnswer.Rows;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Fold;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One page of a bucket's keys. A step asks owners so that every shard hears a majority of each of its owner sets, every node
 * once for all its shards; merges what they hold by the newest ballot; and believes the result up to the smallest last key of
 * any answer that was cut short. Steps follow until the page is full or the bucket ends. Owned by the loop.
 *
 * <p>Owners tell of live registers only, so that deletes cost nothing. A key that one of those asked has not told of may be deleted
 * there, or be missing: those are asked for it by name, and the newest of all answers counts. Such keys are few, unless an owner
 * has been away.
 *
 * <p>Of a folder owners tell one live key, and not when it was written. If all those asked tell of the same key, it is live: the
 * newest of them is. Otherwise those that have told of it are asked for it by name like the others, so that ballots decide.
 */
final class Listing {
    /** Each node is asked for a little more than its share of the page, because keys are spread by chance. */
    private static final double SPREAD = 1.25;

    private static final int LEAST_ROWS = 32;

    /** @param deadline on the loop's nanosecond clock */
    record Task(String bucket, int shardCount, Fold fold, int limit, boolean withPayload, long deadline) {}

    private final Exchange exchange;
    private final Task task;
    private final List<Entry> entries = new ArrayList<>();
    private final Set<NodeId> failed = new HashSet<>();
    private final CompletableFuture<ListResult> result = new CompletableFuture<>();
    private String after;
    private int attempts;
    private boolean folds = true;
    private String problem = "";

    Listing(Exchange exchange, Task task, String after) {
        this.exchange = exchange;
        this.task = task;
        this.after = after;
    }

    CompletableFuture<ListResult> start() {
        step();
        return result;
    }

    private void step() {
        Map<NodeId, List<Integer>> plan = new LinkedHashMap<>();
        long stage = 0;
        for (int shard = 0; shard < task.shardCount(); shard++) {
            Configuration configuration = exchange.configuration(new RegisterKey(task.bucket(), shard, ""));
            stage = configuration.stage();
            if (!configuration.majority(exchange::reachable)) {
                // As for reads and writes: an outage is said at once, not after the timeout.
                fail("no majority of the owners of shard " + shard + " can be reached: " + configuration.ownerSets());
                return;
            }
            if (!choose(configuration, shard, plan)) {
                retry("no majority of the owners of shard " + shard + " answers " + configuration.ownerSets());
                return;
            }
        }
        new Step(stage, plan).ask();
    }

    /** Adds nodes to the plan until a majority of every owner set is asked; nodes that are asked anyway come first. */
    private boolean choose(Configuration configuration, int shard, Map<NodeId, List<Integer>> plan) {
        List<NodeId> candidates = new ArrayList<>(configuration.owners());
        candidates.removeIf(owner -> failed.contains(owner) || !exchange.reachable(owner));
        candidates.sort((a, b) -> Boolean.compare(isPreferred(b, plan), isPreferred(a, plan)));
        Set<NodeId> chosen = new HashSet<>();
        for (NodeId candidate : candidates) {
            if (!configuration.majority(chosen) && isNeeded(configuration, candidate, chosen)) {
                chosen.add(candidate);
                plan.computeIfAbsent(candidate, node -> new ArrayList<>()).add(shard);
            }
        }
        return configuration.majority(chosen);
    }

    private boolean isPreferred(NodeId node, Map<NodeId, List<Integer>> plan) {
        return node.equals(exchange.self()) || plan.containsKey(node);
    }

    private static boolean isNeeded(Configuration configuration, NodeId candidate, Set<NodeId> chosen) {
        return configuration.ownerSets().stream()
                .anyMatch(set -> set.contains(candidate)
                        && set.stream().filter(chosen::contains).count() < Configuration.majorityOf(set));
    }

    private void retry(String why) {
        failed.clear();
        problem = problem.isEmpty() ? why : problem;
        if (!exchange.pause(attempts++, task.deadline(), this::step)) {
            fail(problem);
        }
    }

    private void fail(String why) {
        result.complete(new ListResult.Unavailable(
                "listing of " + task.bucket() + "/" + task.fold().prefix() + "*: " + why));
    }

    /** The answers of one step. */
    private final class Step {
        private final long stage;
        private final Map<NodeId, List<Integer>> plan;
        private final Fold fold = folds ? task.fold() : new Fold(task.fold().prefix(), "");
        private final Map<Integer, List<NodeId>> asked = new HashMap<>();
        private final Map<String, Told> told = new TreeMap<>(RegisterKey::compareKeys);
        private int waiting;
        private boolean complete = true;
        private @Nullable String believedUpTo;

        Step(long stage, Map<NodeId, List<Integer>> plan) {
            this.stage = stage;
            this.plan = plan;
            plan.forEach((node, shards) -> shards.forEach(shard ->
                    asked.computeIfAbsent(shard, unknown -> new ArrayList<>()).add(node)));
        }

        void ask() {
            waiting = plan.size();
            plan.forEach((node, shards) -> {
                RegisterRequest.Page page = new RegisterRequest.Page(
                        stage,
                        task.bucket(),
                        shards,
                        fold.prefix(),
                        after,
                        fold.delimiter(),
                        share(shards.size()),
                        task.withPayload(),
                        List.of());
                send(node, page, this::merge, this::askForDoubtful);
            });
        }

        private void send(
                NodeId node, RegisterRequest.Page page, BiConsumer<NodeId, Rows> merge, Runnable whenAllHaveAnswered) {
            exchange.ask(node, page.encode(), task.deadline(), (answer, failure) -> {
                if (answer instanceof Rows rows && !(rows.more() && rows.rows().isEmpty())) {
                    merge.accept(node, rows);
                } else {
                    complete = false;
                    failed.add(node);
                    problem = "node " + node + " answered " + (answer == null ? failure : answer);
                }
                if (--waiting == 0) {
                    end(whenAllHaveAnswered);
                }
            });
        }

        private int share(int shards) {
            int missing = task.limit() - entries.size();
            double share = shards == task.shardCount() ? missing : missing * SPREAD * shards / task.shardCount();
            return (int) Math.min(ShardPages.MAX_ROWS, LEAST_ROWS + share);
        }

        private void merge(NodeId node, Rows rows) {
            for (Row row : rows.rows()) {
                told.computeIfAbsent(row.key(), key -> new Told(fold, row)).add(node, row);
            }
            if (rows.more()) {
                String last = rows.rows().get(rows.rows().size() - 1).key();
                if (believedUpTo == null || RegisterKey.compareKeys(last, believedUpTo) < 0) {
                    believedUpTo = last;
                }
            }
        }

        private void mergeCertain(Rows rows) {
            for (Row row : rows.rows()) {
                Told known = told.get(row.key());
                if (known != null) {
                    known.decide(row);
                }
            }
        }

        private void end(Runnable next) {
            if (!complete) {
                // A stale view or a lost node: others may answer, and this node may have learned where they are.
                if (exchange.isOver(task.deadline())) {
                    retry(problem);
                } else {
                    step();
                }
                return;
            }
            try {
                next.run();
            } catch (RuntimeException malformed) {
                result.completeExceptionally(malformed);
            }
        }

        private boolean isBelieved(String key) {
            return believedUpTo == null || RegisterKey.compareKeys(key, believedUpTo) <= 0;
        }

        /** Asks for the keys that somebody in the plan has not told of. */
        private void askForDoubtful() {
            Map<NodeId, List<Row>> doubts = new LinkedHashMap<>();
            for (Told known : told.values()) {
                if (!isBelieved(known.newest.key())) {
                    break;
                }
                for (NodeId node : known.doubtedAt(asked.getOrDefault(known.newest.shard(), List.of()))) {
                    doubts.computeIfAbsent(node, unknown -> new ArrayList<>()).add(known.newest);
                }
            }
            waiting = doubts.size();
            doubts.forEach((node, rows) -> {
                RegisterRequest.Page page = new RegisterRequest.Page(
                        stage,
                        task.bucket(),
                        rows.stream().map(Row::shard).toList(),
                        fold.prefix(),
                        "",
                        "",
                        rows.size(),
                        false,
                        rows.stream().map(Row::key).toList());
                send(node, page, (from, answer) -> mergeCertain(answer), this::take);
            });
            if (doubts.isEmpty()) {
                take();
            }
        }

        private void take() {
            String shown = "";
            Told dead = null;
            for (Told known : told.values()) {
                if (!isBelieved(known.newest.key()) || (dead != null && !dead.name.equals(known.name))) {
                    break;
                }
                boolean named = !known.name.isEmpty() && known.name.equals(shown);
                if (known.isLive() && !named) {
                    if (entries.size() == task.limit()) {
                        result.complete(new ListResult.Page(entries, true));
                        return;
                    }
                    entries.add(known.entry());
                    shown = known.name;
                    dead = null;
                } else if (!known.name.isEmpty() && !named && dead == null) {
                    // Of all that is folded here owners have told the first key alone, and that one is deleted.
                    dead = known;
                }
            }
            String bound = believedUpTo;
            goOn(dead != null ? dead.newest.key() : bound == null ? null : fold.beyond(bound), dead == null);
        }

        private void goOn(@Nullable String from, boolean folding) {
            if (from == null || entries.size() == task.limit()) {
                result.complete(new ListResult.Page(entries, from != null));
            } else {
                after = from;
                folds = folding;
                step();
            }
        }
    }

    /** What the answers of one step say of one key. */
    private static final class Told {
        /** What it is folded into, empty if it is shown as it is. */
        private final String name;

        private final List<NodeId> by = new ArrayList<>(2);
        private Row newest;
        private boolean doubted;

        Told(Fold fold, Row row) {
            name = fold.of(row.key()).orElse("");
            newest = row;
        }

        void add(NodeId node, Row row) {
            by.add(node);
            if (row.accepted().compareTo(newest.accepted()) > 0) {
                newest = row;
            }
        }

        /** Which of those asked have to say what exactly they have; called once. */
        List<NodeId> doubtedAt(List<NodeId> asked) {
            doubted = !by.containsAll(asked);
            if (doubted && !name.isEmpty()) {
                return asked;
            }
            return doubted ? asked.stream().filter(node -> !by.contains(node)).toList() : List.of();
        }

        /** What is shown as it is was told of with its payload, so only a delete is news. */
        void decide(Row row) {
            boolean newer = row.accepted().compareTo(newest.accepted()) > 0;
            if (newer && (!name.isEmpty() || !RegisterValue.isLive(row.value()))) {
                newest = row;
            }
        }

        boolean isLive() {
            boolean certain = !name.isEmpty() && !doubted;
            return certain || RegisterValue.isLive(newest.value());
        }

        Entry entry() {
            return name.isEmpty()
                    ? new Entry(newest.key(), newest.accepted(), RegisterValue.decode(newest.value()))
                    : new Entry(newest.key(), Ballot.ZERO, RegisterValue.NONE);
        }
    }
}
