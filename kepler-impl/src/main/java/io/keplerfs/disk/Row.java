package io.keplerfs.disk;

import io.keplerfs.spi.Ballot;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.nio.ByteBuffer;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.UUID;

/** The current row of a result, columns counted from 1; what cannot be what it should is an SQLException naming the column. */
record Row(ResultSet results) {
    private static final int UUID_BYTES = 16;
    private static final byte[] NONE = new byte[0];

    long number(int column) throws SQLException {
        return results.getLong(column);
    }

    int small(int column) throws SQLException {
        return results.getInt(column);
    }

    String text(int column) throws SQLException {
        String text = results.getString(column);
        if (text == null) {
            throw damaged(column, "is NULL");
        }
        return text;
    }

    byte[] bytes(int column) throws SQLException {
        byte[] bytes = results.getBytes(column);
        return bytes == null ? NONE : bytes;
    }

    ChunkId chunk(int column) throws SQLException {
        return ChunkId.ofHash(sized(column, ChunkId.BYTES));
    }

    NodeId node(int column) throws SQLException {
        return new NodeId(uuid(column));
    }

    VersionId version(int column) throws SQLException {
        return new VersionId(uuid(column));
    }

    /** From two columns, the time and behind it the node. */
    Ballot ballot(int column) throws SQLException {
        return new Ballot(number(column), node(column + 1));
    }

    <E extends Enum<E>> E constant(int column, Class<E> type) throws SQLException {
        String name = text(column);
        try {
            return Enum.valueOf(type, name);
        } catch (IllegalArgumentException unknown) {
            throw damaged(column, "is '" + name + "', no " + type.getSimpleName());
        }
    }

    private UUID uuid(int column) throws SQLException {
        ByteBuffer bytes = ByteBuffer.wrap(sized(column, UUID_BYTES));
        return new UUID(bytes.getLong(), bytes.getLong());
    }

    private byte[] sized(int column, int length) throws SQLException {
        byte[] bytes = bytes(column);
        if (bytes.length != length) {
            throw damaged(column, "has " + bytes.length + " bytes, not " + length);
        }
        return bytes;
    }

    private SQLException damaged(int column, String how) throws SQLException {
        return new SQLException(
                "meta.db is damaged: column " + results.getMetaData().getColumnName(column) + " " + how);
    }
}
