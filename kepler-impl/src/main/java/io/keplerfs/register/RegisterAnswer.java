package io.keplerfs.register;

import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.util.List;

/**
 * What an owner answers. The first byte says which:
 *
 * <pre>
 * 1 promised   ballot accepted, bool voted, bytes value, bool knows the write, long forgotten up to, long fence
 * 2 accepted
 * 3 refused    ballot promised or accepted instead, ballot accepted
 * 4 stale      long stage of the owner, above the request's
 * 5 behind     long stage of the owner, below the request's
 * 6 unfit      text reason
 * 7 found      ballot accepted, bool voted, bool with value, then if so: bytes value
 * 8 rows       bool more, list of (uint shard, text key, ballot accepted, bytes value)
 * </pre>
 */
sealed interface RegisterAnswer {
    int code();

    void writeRest(WireWriter out);

    default Message encode() {
        WireWriter out = new WireWriter().u8(code());
        writeRest(out);
        return Message.of(out.toBuffer());
    }

    static RegisterAnswer read(WireReader in) {
        int code = in.u8();
        RegisterAnswer answer = switch (code) {
            case 1 -> new Promised(in.ballot(), in.bool(), in.bytes(), in.bool(), in.int64(), in.int64());
            case 2 -> new Accepted();
            case 3 -> new Refused(in.ballot(), in.ballot());
            case 4 -> new Stale(in.int64());
            case 5 -> new Behind(in.int64());
            case 6 -> new Unfit(in.text());
            case 7 -> readFound(in);
            case 8 -> new Rows(in.bool(), in.list(Row::read));
            default -> throw new MalformedMessageException("no register answer has the code " + code);
        };
        in.end();
        return answer;
    }

    private static Found readFound(WireReader in) {
        Ballot accepted = in.ballot();
        boolean voted = in.bool();
        boolean withValue = in.bool();
        return new Found(accepted, voted, withValue, withValue ? in.bytes() : Found.NO_VALUE);
    }

    /** An answer that changed nothing here and never will: the request was turned away. */
    sealed interface Denial extends RegisterAnswer {
        /** For the text of an error. */
        String why();
    }

    /**
     * Nothing below the ballot will be accepted any more.
     *
     * @param voted whether the accepted value counts towards a majority here, see {@link Memory#inherited}
     * @param knowsWrite whether this owner remembers the write it was asked about
     * @param forgottenUpTo it may have forgotten writes up to this time
     * @param fence see {@link Memory#fence}
     */
    record Promised(Ballot accepted, boolean voted, byte[] value, boolean knowsWrite, long forgottenUpTo, long fence)
            implements RegisterAnswer {
        @Override
        public int code() {
            return 1;
        }

        @Override
        public void writeRest(WireWriter out) {
            out.ballot(accepted)
                    .bool(voted)
                    .bytes(value)
                    .bool(knowsWrite)
                    .int64(forgottenUpTo)
                    .int64(fence);
        }
    }

    /** The value is on this owner's disk. */
    record Accepted() implements RegisterAnswer {
        @Override
        public int code() {
            return 2;
        }

        @Override
        public void writeRest(WireWriter out) {}
    }

    /**
     * The owner is engaged to something newer.
     *
     * @param instead what it has promised or accepted
     * @param accepted what it has accepted, perhaps the very ballot it was asked to accept
     */
    record Refused(Ballot instead, Ballot accepted) implements Denial {
        @Override
        public int code() {
            return 3;
        }

        @Override
        public void writeRest(WireWriter out) {
            out.ballot(instead).ballot(accepted);
        }

        @Override
        public String why() {
            return "is engaged to ballot " + instead;
        }
    }

    /** The proposer works in an ownership that this owner has left. */
    record Stale(long stage) implements Denial {
        @Override
        public int code() {
            return 4;
        }

        @Override
        public void writeRest(WireWriter out) {
            out.int64(stage);
        }

        @Override
        public String why() {
            return "has entered stage " + stage + " of the ownership";
        }
    }

    /** The proposer works in an ownership that this owner has not entered yet. */
    record Behind(long stage) implements Denial {
        @Override
        public int code() {
            return 5;
        }

        @Override
        public void writeRest(WireWriter out) {
            out.int64(stage);
        }

        @Override
        public String why() {
            return "is still in stage " + stage + " of the ownership";
        }
    }

    /** The request itself is wrong. */
    record Unfit(String why) implements Denial {
        @Override
        public int code() {
            return 6;
        }

        @Override
        public void writeRest(WireWriter out) {
            out.text(why);
        }
    }

    /**
     * What is accepted, the value itself only if asked for.
     *
     * @param voted as in {@link Promised}
     */
    record Found(Ballot accepted, boolean voted, boolean withValue, byte[] value) implements RegisterAnswer {
        static final byte[] NO_VALUE = new byte[0];

        @Override
        public int code() {
            return 7;
        }

        @Override
        public void writeRest(WireWriter out) {
            out.ballot(accepted).bool(voted).bool(withValue);
            if (withValue) {
                out.bytes(value);
            }
        }
    }

    /**
     * A page of keys in byte order.
     *
     * @param more whether keys above the last row were left out
     */
    record Rows(boolean more, List<Row> rows) implements RegisterAnswer {
        @Override
        public int code() {
            return 8;
        }

        @Override
        public void writeRest(WireWriter out) {
            out.bool(more).list(rows, (writer, row) -> row.write(writer));
        }
    }

    /**
     * One register of a page. Of one that stands for a folder nothing is told but that it is live: the ballot is zero, the value
     * empty.
     */
    record Row(int shard, String key, Ballot accepted, byte[] value) {
        /** Upper bound of what a row takes beside key and value. */
        static final int OVERHEAD_BYTES = 40;

        private static final byte[] NOTHING = new byte[0];

        static Row folded(RegisterKey key) {
            return new Row(key.shard(), key.key(), Ballot.ZERO, NOTHING);
        }

        static Row read(WireReader in) {
            return new Row(in.uint(), in.text(), in.ballot(), in.bytes());
        }

        void write(WireWriter out) {
            out.uint(shard).text(key).ballot(accepted).bytes(value);
        }
    }
}
