package io.keplerfs.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** A file that other accounts of the machine cannot read: it may hold cluster secrets. */
final class OwnerOnly {
    private static final Set<PosixFilePermission> RIGHTS = PosixFilePermissions.fromString("rw-------");

    private OwnerOnly() {}

    /** Creates the file, or takes it from others; where there are no such rights (Windows), the directory's apply. */
    static void claim(Path file) throws IOException {
        boolean posix = file.getFileSystem().supportedFileAttributeViews().contains("posix");
        if (!posix) {
            return;
        }
        if (!Files.exists(file)) {
            // From its first moment: created and restricted later, it could be opened in between.
            Files.createFile(file, PosixFilePermissions.asFileAttribute(RIGHTS));
        }
        PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        if (!view.readAttributes().permissions().equals(RIGHTS)) {
            view.setPermissions(RIGHTS);
        }
    }
}
