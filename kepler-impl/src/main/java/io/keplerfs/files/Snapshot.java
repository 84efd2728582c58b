package io.keplerfs.files;

import io.keplerfs.FileInfo;
import io.keplerfs.FileSnapshot;
import io.keplerfs.GetOptions;
import io.keplerfs.spi.Pin;
import java.io.ByteArrayInputStream;
import java.io.InputStream;

/** One version of a file as this node found it. */
final class Snapshot implements FileSnapshot {
    private final Node node;
    private final FileInfo info;
    private final Manifest manifest;
    private final GetOptions options;

    Snapshot(Node node, FileInfo info, Manifest manifest, GetOptions options) {
        this.node = node;
        this.info = info;
        this.manifest = manifest;
        this.options = options;
    }

    @Override
    public FileInfo info() {
        return info;
    }

    @Override
    public InputStream stream(long offset, long length) {
        if (offset < 0 || length < 0 || offset > info.sizeBytes() - length) {
            throw new IllegalArgumentException("bytes " + offset + " to " + (offset + length)
                    + " do not lie within the " + info.sizeBytes() + " bytes of " + info.bucket() + "/" + info.key());
        }
        if (manifest.content() instanceof Manifest.Inline inline) {
            return new ByteArrayInputStream(inline.bytes(), (int) offset, (int) length);
        }
        Pin pin = new Pin(manifest.upload(), info.bucket(), info.key());
        ChunkIndex index = new ChunkIndex(node, manifest, pin, options);
        return new ServedStream(new ChunkStream(node, index, pin, options, offset, offset + length), node.calls());
    }
}
