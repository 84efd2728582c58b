package io.keplerfs.register;

import io.keplerfs.rpc.Kind;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.VersionId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.util.List;

/**
 * What a proposer asks of an owner.
 *
 * <pre>
 * kind        u8, {@link Kind}
 * stage       long, the ownership the proposer works in; without meaning for registers that decide views
 * PREPARE     register key, ballot, uuid write
 * ACCEPT      register key, ballot, bytes value, ballot next
 * QUERY       register key, bool with value
 * LIST        text bucket, list of uint shard, text prefix, text after, text delimiter, uint limit, bool with payload,
 *             list of text key
 * </pre>
 */
sealed interface RegisterRequest {
    Kind kind();

    long stage();

    String bucket();

    void writeRest(WireWriter out);

    default Message encode() {
        WireWriter out = new WireWriter().u8(kind().code()).int64(stage());
        writeRest(out);
        return Message.of(out.toBuffer());
    }

    /** Reads what follows the kind byte. */
    static RegisterRequest read(Kind kind, WireReader in) {
        long stage = in.int64();
        RegisterRequest request = switch (kind) {
            case PREPARE -> new Prepare(stage, in.register(), in.ballot(), in.version());
            case ACCEPT -> new Accept(stage, in.register(), in.ballot(), in.bytes(), in.ballot());
            case QUERY -> new Query(stage, in.register(), in.bool());
            case LIST ->
                new Page(
                        stage,
                        in.text(),
                        in.list(WireReader::uint),
                        in.text(),
                        in.text(),
                        in.text(),
                        in.uint(),
                        in.bool(),
                        in.list(WireReader::text));
            default -> throw new IllegalArgumentException("no register request: " + kind);
        };
        in.end();
        return request;
    }

    /** Promise the ballot, and tell the accepted value and whether the write is known. */
    record Prepare(long stage, RegisterKey key, Ballot ballot, VersionId write) implements RegisterRequest {
        @Override
        public Kind kind() {
            return Kind.PREPARE;
        }

        @Override
        public String bucket() {
            return key.bucket();
        }

        @Override
        public void writeRest(WireWriter out) {
            out.register(key).ballot(ballot).version(write);
        }
    }

    /**
     * Accept the value.
     *
     * @param value {@link RegisterValue#encode}
     * @param next a ballot to be promised along with it, above {@code ballot}; zero for none
     */
    record Accept(long stage, RegisterKey key, Ballot ballot, byte[] value, Ballot next) implements RegisterRequest {
        public Accept {
            if (!next.isZero() && next.compareTo(ballot) <= 0) {
                throw new MalformedMessageException(
                        "an accept of ballot " + ballot + " asks for the promise of " + next);
            }
        }

        /** The highest ballot in it. */
        Ballot highest() {
            return next.isZero() ? ballot : next;
        }

        @Override
        public Kind kind() {
            return Kind.ACCEPT;
        }

        @Override
        public String bucket() {
            return key.bucket();
        }

        @Override
        public void writeRest(WireWriter out) {
            out.register(key).ballot(ballot).bytes(value).ballot(next);
        }
    }

    /** Tell what is accepted. */
    record Query(long stage, RegisterKey key, boolean withValue) implements RegisterRequest {
        @Override
        public Kind kind() {
            return Kind.QUERY;
        }

        @Override
        public String bucket() {
            return key.bucket();
        }

        @Override
        public void writeRest(WireWriter out) {
            out.register(key).bool(withValue);
        }
    }

    /**
     * Tell the live registers of these shards in the order of their keys; or what there is of certain keys, tombstones included.
     *
     * @param after only keys above it, empty from the start
     * @param delimiter of the keys that have it behind the prefix and are equal up to there, the first alone, and of it nothing but
     *     its name; empty for none
     * @param limit at most so many rows
     * @param keys if not empty, these keys of the shards at the same places, and nothing else
     */
    record Page(
            long stage,
            String bucket,
            List<Integer> shards,
            String prefix,
            String after,
            String delimiter,
            int limit,
            boolean withPayload,
            List<String> keys)
            implements RegisterRequest {
        public Page {
            if (!keys.isEmpty() && keys.size() != shards.size()) {
                throw new MalformedMessageException(keys.size() + " keys of " + shards.size() + " shards");
            }
        }

        @Override
        public Kind kind() {
            return Kind.LIST;
        }

        @Override
        public void writeRest(WireWriter out) {
            out.text(bucket)
                    .list(shards, WireWriter::uint)
                    .text(prefix)
                    .text(after)
                    .text(delimiter)
                    .uint(limit)
                    .bool(withPayload)
                    .list(keys, WireWriter::text);
        }
    }
}
