package io.keplerfs.register;

import io.keplerfs.register.ListResult.Entry;
import io.keplerfs.register.RegisterAnswer.Row;
import io.keplerfs.register.RegisterAnswer.Rows;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One page of a bucket's keys. A step asks owners so that every shard hears a majority of each of its owner sets, every node
 * once for all its shards; merges what they hold by the newest ballot; and believes the result up to the smallest last key of
 * any answer that was cut short. Steps follow until the page is full or the bucket ends. Owned by the loop.
 */
final class Listing {
    /** Each node is asked for a little more than its share of the page, because keys are spread by chance. */
    private static final double SPREAD = 1.25;

    private static final int LEAST_ROWS = 32;

    /** @param deadline on the loop's nanosecond clock */
    record Task(String bucket, int shardCount, String prefix, int limit, boolean withPayload, long deadline) {}

    private final Exchange exchange;
    private final Task task;
    private final List<Entry> entries = new ArrayList<>();
    private final Set<NodeId> failed = new HashSet<>();
    private final CompletableFuture<ListResult> result = new CompletableFuture<>();
    private String after;
    private int attempts;
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
        result.complete(new ListResult.Unavailable("listing of " + task.bucket() + "/" + task.prefix() + "*: " + why));
    }

    /** The answers of one step. */
    private final class Step {
        private final long stage;
        private final Map<NodeId, List<Integer>> plan;
        private final Map<String, Row> newest = new HashMap<>();
        private int waiting;
        private boolean complete = true;
        private @Nullable String believedUpTo;

        Step(long stage, Map<NodeId, List<Integer>> plan) {
            this.stage = stage;
            this.plan = plan;
            this.waiting = plan.size();
        }

        void ask() {
            plan.forEach((node, shards) -> {
                RegisterRequest.Page page = new RegisterRequest.Page(
                        stage, task.bucket(), shards, task.prefix(), after, share(shards.size()), task.withPayload());
                exchange.ask(node, page.encode(), task.deadline(), (answer, failure) -> {
                    if (answer instanceof Rows rows
                            && !(rows.more() && rows.rows().isEmpty())) {
                        merge(rows);
                    } else {
                        complete = false;
                        failed.add(node);
                        problem = "node " + node + " answered " + (answer == null ? failure : answer);
                    }
                    if (--waiting == 0) {
                        end();
                    }
                });
            });
        }

        private int share(int shards) {
            int missing = task.limit() - entries.size();
            double share = missing * SPREAD * shards / task.shardCount();
            return (int) Math.min(ShardPages.MAX_ROWS, LEAST_ROWS + share);
        }

        private void merge(Rows rows) {
            for (Row row : rows.rows()) {
                newest.merge(row.key(), row, (a, b) -> a.accepted().compareTo(b.accepted()) >= 0 ? a : b);
            }
            if (rows.more()) {
                String last = rows.rows().get(rows.rows().size() - 1).key();
                if (believedUpTo == null || RegisterKey.compareKeys(last, believedUpTo) < 0) {
                    believedUpTo = last;
                }
            }
        }

        private void end() {
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
                take();
            } catch (RuntimeException malformed) {
                result.completeExceptionally(malformed);
            }
        }

        private void take() {
            String bound = believedUpTo;
            List<Row> believed = newest.values().stream()
                    .filter(row -> bound == null || RegisterKey.compareKeys(row.key(), bound) <= 0)
                    .sorted((a, b) -> RegisterKey.compareKeys(a.key(), b.key()))
                    .toList();
            for (Row row : believed) {
                RegisterValue value = RegisterValue.decode(row.value());
                if (value.absent()) {
                    continue;
                }
                if (entries.size() == task.limit()) {
                    result.complete(new ListResult.Page(entries, true));
                    return;
                }
                entries.add(new Entry(row.key(), row.accepted(), value));
            }
            if (bound == null || entries.size() == task.limit()) {
                result.complete(new ListResult.Page(entries, bound != null));
            } else {
                after = bound;
                step();
            }
        }
    }
}
