package io.keplerfs.repair;

import io.keplerfs.loop.Loop;
import io.keplerfs.repair.NeedCalls.Answer;
import io.keplerfs.repair.NeedCalls.Copy;
import io.keplerfs.repair.NeedCalls.Known;
import io.keplerfs.repair.NeedCalls.Question;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Pin;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.View;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares what some versions need with what the owners of their chunks know and hold, and owes them what is missing. It only
 * adds. Owned by the loop.
 *
 * <p>The version may be replaced at any time, also between the last look at its register and the arrival of what is owed. What
 * is added then is a reference in the state INTENT, which no owner believes for longer than {@link LifeTimes#upload}: the
 * {@link ReferenceAudit} of its owner asks the register, confirms it or drops it, everywhere. An owner that has dropped the upload
 * already refuses. So nothing stays for ever that was added too late.
 */
final class NeedCheck {
    private static final Logger log = LoggerFactory.getLogger(NeedCheck.class);

    private final Loop loop;
    private final Rpc rpc;
    private final NeedCalls calls;
    private final ChunkDelivery delivery;

    /** A chunk that a version needs. */
    record Need(Needs.Version version, ChunkRef chunk) {
        Question question() {
            return new Question(chunk.id(), version.pin().upload());
        }
    }

    NeedCheck(Loop loop, Rpc rpc, NeedCalls calls, ChunkDelivery delivery) {
        this.loop = loop;
        this.rpc = rpc;
        this.calls = calls;
        this.delivery = delivery;
    }

    /**
     * On the loop; done there.
     *
     * @param needs at most {@link NeedCalls#MOST}
     * @return how many chunks lacked anything; fails if what is missing could not be queued
     */
    CompletableFuture<Integer> check(List<Need> needs, Ownership ownership) {
        View view = ownership.current();
        Map<NodeId, Set<Question>> byOwner = new LinkedHashMap<>();
        for (Need need : needs) {
            for (NodeId owner : ownersOf(view, need.chunk().id())) {
                byOwner.computeIfAbsent(owner, node -> new LinkedHashSet<>()).add(need.question());
            }
        }
        return ask(byOwner, view.epoch()).thenCompose(said -> {
            Map<Needs.Version, List<Gap>> gaps = new LinkedHashMap<>();
            for (Need need : needs) {
                Gap gap = said.gap(
                        need.chunk(),
                        need.question(),
                        ownersOf(view, need.chunk().id()));
                if (gap.isAny()) {
                    gaps.computeIfAbsent(need.version(), version -> new ArrayList<>())
                            .add(gap);
                }
            }
            List<CompletableFuture<Integer>> mended = new ArrayList<>();
            gaps.forEach((version, missing) -> mended.add(mendIfNeeded(version, missing, ownership)));
            return sum(mended);
        });
    }

    private static CompletableFuture<Integer> sum(List<CompletableFuture<Integer>> parts) {
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
                .thenApply(
                        all -> parts.stream().mapToInt(CompletableFuture::join).sum());
    }

    private static List<NodeId> ownersOf(View view, ChunkId chunk) {
        return view.ring().owners(view.ring().partitionOf(chunk));
    }

    /** Who does not answer is not in the result, nor who has not read yet what the owners before it knew. */
    private CompletableFuture<Said> ask(Map<NodeId, ? extends Collection<Question>> questions, long epoch) {
        Said said = new Said();
        List<CompletableFuture<Void>> asked = new ArrayList<>();
        questions.forEach((node, ofNode) -> {
            if (!rpc.reachable(node)) {
                return;
            }
            CompletableFuture<Void> done = new CompletableFuture<>();
            asked.add(done);
            List<Question> list = List.copyOf(ofNode);
            loop.when(calls.ask(node, list), (answers, failure) -> {
                if (answers != null && answers.epoch() >= epoch) {
                    said.add(node, list, answers.answers());
                } else if (failure != null) {
                    log.debug("{} did not tell what it holds: {}", node, failure.toString());
                }
                done.complete(null);
            });
        });
        return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)).thenApply(all -> said);
    }

    /** When nobody can tell whether it is needed, adding is right all the same. */
    private CompletableFuture<Integer> mendIfNeeded(Needs.Version version, List<Gap> gaps, Ownership ownership) {
        CompletableFuture<Integer> mended = new CompletableFuture<>();
        loop.when(version.isNeeded(), (needed, unknown) -> {
            if (Boolean.FALSE.equals(needed)) {
                mended.complete(0);
                return;
            }
            loop.when(mend(version.pin(), gaps, ownership), (queued, failure) -> {
                if (failure != null) {
                    mended.completeExceptionally(failure);
                } else {
                    mended.complete(gaps.size());
                }
            });
        });
        return mended;
    }

    private CompletableFuture<Void> mend(Pin pin, List<Gap> gaps, Ownership ownership) {
        List<Gap> dropped =
                gaps.stream().filter(gap -> !gap.dropped().isEmpty()).toList();
        if (!dropped.isEmpty()) {
            log.warn(
                    "{} chunks of {}/{} count as dropped on their owners although the file needs them, the first is {} on {}: "
                            + "read the file and put it again soon, and report this",
                    dropped.size(),
                    pin.bucket(),
                    pin.key(),
                    dropped.get(0).chunk().id(),
                    dropped.get(0).dropped());
        }
        return withoutAnyCopy(pin, gaps, ownership).thenCompose(lost -> {
            reportLost(pin, lost);
            List<CompletableFuture<?>> queued = new ArrayList<>();
            int owed = 0;
            for (Gap gap : gaps) {
                if (!lost.contains(gap) && !gap.lacking().isEmpty()) {
                    owed++;
                    queued.add(delivery.owe(gap.chunk(), pin, gap.lacking(), "audit"));
                }
            }
            if (owed > 0) {
                log.info(
                        "audit: owners lacked {} chunks of {}/{} or their references; they are on their way",
                        owed,
                        pin.bucket(),
                        pin.key());
            }
            return CompletableFuture.allOf(queued.toArray(CompletableFuture[]::new));
        });
    }

    private static void reportLost(Pin pin, Set<Gap> lost) {
        if (!lost.isEmpty()) {
            Gap first = lost.iterator().next();
            log.warn(
                    "{} chunks of {}/{} (upload {}) are on no node, the first is {}; the file cannot be read whole. Put it again, "
                            + "or bring back a node that had it",
                    lost.size(),
                    pin.bucket(),
                    pin.key(),
                    pin.upload(),
                    first.chunk().id());
        }
    }

    /** Of the chunks that no owner has, those that nobody else has either; one that is silent may have them. */
    private CompletableFuture<Set<Gap>> withoutAnyCopy(Pin pin, List<Gap> gaps, Ownership ownership) {
        List<Gap> missing = gaps.stream().filter(Gap::noOwnerHasIt).toList();
        if (missing.isEmpty()) {
            return CompletableFuture.completedFuture(Set.of());
        }
        List<Question> questions = missing.stream()
                .map(gap -> new Question(gap.chunk().id(), pin.upload()))
                .toList();
        Map<NodeId, List<Question>> everybody = new HashMap<>();
        ownership.everybody().forEach(node -> everybody.put(node, questions));
        return ask(everybody, 0).thenApply(said -> {
            Set<Gap> lost = new LinkedHashSet<>();
            for (int i = 0; i < missing.size(); i++) {
                if (said.nobodyHas(questions.get(i), ownership.everybody())) {
                    lost.add(missing.get(i));
                }
            }
            return lost;
        });
    }

    /**
     * What is missing of one chunk.
     *
     * @param lacking owners without a live reference, or without the bytes
     * @param dropped owners where the reference was dropped, so that it cannot be added any more
     * @param noOwnerHasIt whether all owners have answered, and none has the bytes
     */
    private record Gap(ChunkRef chunk, Set<NodeId> lacking, Set<NodeId> dropped, boolean noOwnerHasIt) {
        boolean isAny() {
            return !lacking.isEmpty() || !dropped.isEmpty();
        }
    }

    /** Answers, by node. */
    private static final class Said {
        private final Map<NodeId, Map<Question, Answer>> byNode = new HashMap<>();

        void add(NodeId node, List<Question> questions, List<Answer> answers) {
            Map<Question, Answer> told = byNode.computeIfAbsent(node, unseen -> new HashMap<>());
            for (int i = 0; i < questions.size(); i++) {
                told.put(questions.get(i), answers.get(i));
            }
        }

        Gap gap(ChunkRef chunk, Question question, List<NodeId> owners) {
            Set<NodeId> lacking = new HashSet<>();
            Set<NodeId> dropped = new HashSet<>();
            for (NodeId owner : owners) {
                Answer answer = byNode.getOrDefault(owner, Map.of()).get(question);
                if (answer != null && answer.known() == Known.DROPPED) {
                    dropped.add(owner);
                } else if (answer != null && !answer.isWhole()) {
                    lacking.add(owner);
                }
            }
            return new Gap(chunk, lacking, dropped, nobodyHas(question, owners));
        }

        /** Whether all of these have answered, and none has the bytes. */
        boolean nobodyHas(Question question, Collection<NodeId> nodes) {
            return nodes.stream().allMatch(node -> {
                Answer answer = byNode.getOrDefault(node, Map.of()).get(question);
                return answer != null && answer.copy() == Copy.NONE;
            });
        }
    }
}
