package io.keplerfs.client;

import io.keplerfs.FileInfo;
import io.keplerfs.FileSnapshot;
import java.io.InputStream;

/**
 * One version of a remote file. Gateways serve the current version only: once it was overwritten or deleted, streams that still
 * have to ask for bytes throw UnavailableException.
 */
record RemoteSnapshot(FileInfo info, RemoteStream.Ranges ranges, GatewayClient client) implements FileSnapshot {
    @Override
    public InputStream stream(long offset, long length) {
        if (offset < 0 || length < 0 || offset > info.sizeBytes() - length) {
            throw new IllegalArgumentException("the range of " + length + " bytes from byte " + offset
                    + " does not lie within the " + info.sizeBytes() + " bytes of " + info.bucket() + "/" + info.key());
        }
        return new RemoteStream(info, ranges, client, offset, length);
    }
}
