package io.keplerfs.files;

import io.keplerfs.FileInfo;
import io.keplerfs.ListOptions;
import io.keplerfs.ListPage;
import io.keplerfs.spi.Fold;
import io.keplerfs.spi.RegisterKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Turns a sequence of files in key order into one page: folds keys at the delimiter, stops at the limit, and says where the next
 * page begins. Fed by one call at a time.
 */
final class Folding {
    private final ListOptions options;
    private final Fold fold;
    private final List<FileInfo> files = new ArrayList<>();
    private final List<String> prefixes = new ArrayList<>();
    private @Nullable String lastName;
    private boolean overflowed;

    Folding(ListOptions options) {
        this.options = options;
        this.fold = new Fold(options.prefix(), options.delimiter().orElse(""));
    }

    /** Where the search begins: not inside a prefix that an earlier page has named. */
    Optional<String> start() {
        return options.after().map(after -> isFolded(after) ? Fold.end(after) : after);
    }

    private boolean isFolded(String name) {
        return options.delimiter().filter(name::endsWith).isPresent()
                && name.length() > options.prefix().length();
    }

    boolean isFull() {
        return overflowed;
    }

    /**
     * The next key in order; ignored when the page is full.
     *
     * @param file asked for if the key is shown as it is
     */
    void add(String key, Supplier<FileInfo> file) {
        Optional<String> folded = fold.of(key);
        String name = folded.orElse(key);
        boolean seen = name.equals(lastName)
                || options.after()
                        .filter(after -> RegisterKey.compareKeys(name, after) <= 0)
                        .isPresent();
        if (overflowed || (folded.isPresent() && seen)) {
            return;
        }
        if (files.size() + prefixes.size() == options.limit()) {
            overflowed = true;
            return;
        }
        lastName = name;
        if (folded.isPresent()) {
            prefixes.add(name);
        } else {
            files.add(file.get());
        }
    }

    /** Where to go on looking after a key: past everything that would fold into the prefix just named. */
    String resumeAfter(String key) {
        return fold.beyond(key);
    }

    ListPage page() {
        return new ListPage(files, prefixes, overflowed ? Optional.ofNullable(lastName) : Optional.empty());
    }
}
