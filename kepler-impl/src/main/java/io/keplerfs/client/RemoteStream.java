package io.keplerfs.client;

import io.keplerfs.CorruptFileException;
import io.keplerfs.FileInfo;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.KeplerException;
import io.keplerfs.UnavailableException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * A range of one version. If the connection breaks, the rest is asked for elsewhere, on condition that it is still the same
 * version, so the bytes are never a mix. Asks at the first read, holds a connection until its end or {@link #close}. One thread.
 */
final class RemoteStream extends InputStream {
    /** Gateways that begin an answer and break it off before its first byte, in a row. */
    private static final int MAX_FRUITLESS = 3;

    private final FileInfo file;
    private final Ranges ranges;
    private final GatewayClient client;
    private final long end;
    private long position;
    private int fruitless;
    private boolean closed;
    private @Nullable Response response;

    /** Where the bytes {@code first} to {@code last} of exactly this version are asked for. */
    @FunctionalInterface
    interface Ranges {
        Ask of(long first, long last) throws InvalidRequestException;
    }

    /** The bytes {@code offset} to {@code offset + length - 1}. */
    RemoteStream(FileInfo file, Ranges ranges, GatewayClient client, long offset, long length) {
        this.file = file;
        this.ranges = ranges;
        this.client = client;
        this.position = offset;
        this.end = offset + length;
    }

    /** The whole file, from an answer that has begun. */
    RemoteStream(FileInfo file, Ranges ranges, GatewayClient client, Response begun) {
        this(file, ranges, client, 0, file.sizeBytes());
        this.response = begun;
        if (end == 0) {
            release();
        }
    }

    @Override
    public int read() throws IOException {
        byte[] single = new byte[1];
        return read(single, 0, 1) < 0 ? -1 : single[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (closed) {
            throw new IOException("the stream of " + file.bucket() + "/" + file.key() + " is closed");
        }
        if (length == 0) {
            return 0;
        }
        while (position < end) {
            Response current = response == null ? ask() : response;
            try {
                return readSome(current, target, offset, (int) Math.min(length, end - position));
            } catch (IOException broken) {
                brokeOff(current, broken);
            }
        }
        return -1;
    }

    private int readSome(Response current, byte[] target, int offset, int length) throws IOException {
        int count = current.body().source().read(target, offset, length);
        if (count < 0) {
            throw new EOFException("the answer ended " + (end - position) + " bytes early");
        }
        position += count;
        fruitless = 0;
        if (position == end) {
            release();
        }
        return count;
    }

    private Response ask() throws KeplerException {
        try {
            Ask ask = ranges.of(position, end - 1);
            Response begun = client.open(ask, answer -> {
                FileHeaders.checkRange(file, position, end - 1, answer);
                return answer;
            });
            response = begun;
            return begun;
        } catch (UnavailableException | CorruptFileException outcome) {
            throw outcome;
        } catch (IOException gone) {
            throw new UnavailableException(
                    "version " + file.version() + " of " + file.bucket() + "/" + file.key()
                            + " is no longer served, its bytes from " + position
                            + " on are lost to this stream; open the file again: " + gone.getMessage(),
                    gone);
        }
    }

    /** Returns if the rest is to be asked for elsewhere. */
    private void brokeOff(Response current, IOException failure) throws UnavailableException {
        release();
        boolean interrupted = Thread.currentThread().isInterrupted();
        if (interrupted || client.isClosed()) { // the gateway is not to blame
            throw lost(interrupted ? "the calling thread was interrupted" : "the client was closed", failure);
        }
        client.brokeOff(Attempt.of(current.request()), String.valueOf(failure.getMessage()));
        fruitless++;
        if (fruitless >= MAX_FRUITLESS) {
            throw lost("the connection broke " + fruitless + " times in a row: " + failure.getMessage(), failure);
        }
    }

    private UnavailableException lost(String why, IOException failure) {
        return new UnavailableException(
                "read " + file.bucket() + "/" + file.key() + " at byte " + position + " of " + end + ": " + why,
                failure);
    }

    /** Gives the connection back, or closes it if bytes are left in it. */
    private void release() {
        if (response != null) {
            response.close();
            response = null;
        }
    }

    @Override
    public void close() {
        closed = true;
        release();
    }
}
