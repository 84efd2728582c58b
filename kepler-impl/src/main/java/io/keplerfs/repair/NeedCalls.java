package io.keplerfs.repair;

import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport.Responder;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * Asks a node whether it knows certain references and holds their chunks, and answers the same question. Unlike
 * {@link Holdings} it asks for one reference of each chunk: a chunk that a million files share costs no more. Any thread.
 *
 * <pre>
 * request   u8 kind | list of (chunk, uuid upload)
 * answer    long epoch | list of (u8 copy, u8 reference), in the order of the request
 * copy      0 none that can be read, 1 LIVE, 2 TRASH
 * reference 0 none, 1 live, 2 DROPPED
 * </pre>
 */
final class NeedCalls {
    /** Questions of one request: 10 kB. */
    static final int MOST = 200;

    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final Rpc rpc;
    private final Store store;
    private final LongSupplier epoch;

    /** A chunk and the upload that needs it. */
    record Question(ChunkId chunk, VersionId upload) {
        private void write(WireWriter out) {
            out.chunk(chunk).version(upload);
        }

        private static Question read(WireReader in) {
            return new Question(in.chunk(), in.version());
        }
    }

    /** The bytes of a chunk on one node. */
    enum Copy {
        NONE,
        LIVE,
        TRASH
    }

    /** A reference on one node. */
    enum Known {
        NONE,
        LIVE,
        DROPPED
    }

    /** In the order of their numbers, from 0. */
    private static final List<Copy> COPIES = List.of(Copy.NONE, Copy.LIVE, Copy.TRASH);

    /** In the order of their numbers, from 0. */
    private static final List<Known> REFERENCES = List.of(Known.NONE, Known.LIVE, Known.DROPPED);

    /** What a node said to one question. */
    record Answer(Copy copy, Known known) {
        /** Whether nothing is missing there. */
        boolean isWhole() {
            return copy == Copy.LIVE && known == Known.LIVE;
        }

        private void write(WireWriter out) {
            out.u8(COPIES.indexOf(copy)).u8(REFERENCES.indexOf(known));
        }

        private static Answer read(WireReader in) {
            return new Answer(constant(COPIES, in.u8()), constant(REFERENCES, in.u8()));
        }

        private static <E> E constant(List<E> constants, int number) {
            if (number >= constants.size()) {
                throw new MalformedMessageException("no state has the number " + number);
            }
            return constants.get(number);
        }
    }

    /**
     * @param epoch of the view up to which the node has read the references of the owners before it, 0 for none
     * @param answers in the order of the questions
     */
    record Answers(long epoch, List<Answer> answers) {}

    /** @param epoch up to which view this node has read references */
    NeedCalls(Rpc rpc, Store store, LongSupplier epoch) {
        this.rpc = rpc;
        this.store = store;
        this.epoch = epoch;
        rpc.serve(Kind.CHUNK_NEEDS, this::answer);
    }

    /** @param questions at most {@link #MOST} */
    CompletableFuture<Answers> ask(NodeId node, List<Question> questions) {
        WireWriter request =
                new WireWriter().u8(Kind.CHUNK_NEEDS.code()).list(questions, (out, each) -> each.write(out));
        return rpc.call(node, Lane.CONTROL, Message.of(request.toBuffer()), TIMEOUT)
                .thenApply(answer -> read(new WireReader(answer.head()), questions.size()));
    }

    private static Answers read(WireReader in, int asked) {
        Answers answers = new Answers(in.int64(), in.list(Answer::read));
        in.end();
        if (answers.answers().size() != asked) {
            throw new MalformedMessageException(answers.answers().size() + " answers to " + asked + " questions");
        }
        return answers;
    }

    private void answer(NodeId from, WireReader head, ByteBuffer body, Responder responder) {
        List<Question> questions = head.list(Question::read);
        if (questions.size() > MOST) {
            responder.fail("asked " + questions.size() + " questions, the most is " + MOST);
            return;
        }
        // Before the look: what is read until then may only make the answer more cautious.
        long known = epoch.getAsLong();
        store.read(tables -> questions.stream().map(each -> look(tables, each)).toList())
                .whenComplete((answers, failure) -> {
                    if (failure != null) {
                        responder.fail("cannot tell what is here: " + failure.getMessage());
                    } else {
                        WireWriter out =
                                new WireWriter().int64(known).list(answers, (writer, each) -> each.write(writer));
                        responder.respond(Message.of(out.toBuffer()));
                    }
                });
    }

    private static Answer look(Store.Snapshot tables, Question question) {
        Copy copy = tables.chunk(question.chunk())
                .map(row -> switch (row.state()) {
                    case LIVE -> Copy.LIVE;
                    case TRASH -> Copy.TRASH;
                    case QUARANTINE -> Copy.NONE;
                })
                .orElse(Copy.NONE);
        Known known = tables.reference(question.chunk(), question.upload())
                .map(reference -> reference.isLive() ? Known.LIVE : Known.DROPPED)
                .orElse(Known.NONE);
        return new Answer(copy, known);
    }
}
