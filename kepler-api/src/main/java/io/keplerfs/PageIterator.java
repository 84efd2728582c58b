package io.keplerfs;

import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** Walks a listing page by page; owned by one thread. */
final class PageIterator implements Iterator<FileInfo> {
    private final Bucket bucket;
    private @Nullable ListOptions nextPage;
    private Iterator<FileInfo> page = Collections.emptyIterator();

    PageIterator(Bucket bucket, ListOptions first) {
        this.bucket = bucket;
        this.nextPage = first;
    }

    @Override
    public boolean hasNext() {
        while (!page.hasNext() && nextPage != null) {
            fetch(nextPage);
        }
        return page.hasNext();
    }

    @Override
    public FileInfo next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return page.next();
    }

    private void fetch(ListOptions options) {
        try {
            ListPage fetched = bucket.list(options);
            page = fetched.files().iterator();
            nextPage = fetched.next().map(options::withAfter).orElse(null);
        } catch (KeplerException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
