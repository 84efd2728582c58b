package io.keplerfs.files;

import io.keplerfs.FileInfo;
import io.keplerfs.ListOptions;
import io.keplerfs.ListPage;
import io.keplerfs.spi.RegisterKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Turns a sequence of files in key order into one page: folds keys at the delimiter, stops at the limit, and says where the next
 * page begins. Fed by one call at a time.
 */
final class Folding {
    /** The highest code point: {@code prefix + LAST} is above (nearly) every key with that prefix. */
    private static final String LAST = new String(Character.toChars(Character.MAX_CODE_POINT));

    private final ListOptions options;
    private final List<FileInfo> files = new ArrayList<>();
    private final List<String> prefixes = new ArrayList<>();
    private @Nullable String lastName;
    private boolean overflowed;

    Folding(ListOptions options) {
        this.options = options;
    }

    /** Where the search begins: not inside a prefix that an earlier page has named. */
    Optional<String> start() {
        return options.after().map(after -> isFolded(after) ? after + LAST : after);
    }

    private boolean isFolded(String name) {
        return options.delimiter().filter(name::endsWith).isPresent()
                && name.length() > options.prefix().length();
    }

    boolean isFull() {
        return overflowed;
    }

    /** The next file in order; ignored when the page is full. */
    void add(FileInfo file) {
        Optional<String> folded = commonPrefix(file.key());
        String name = folded.orElse(file.key());
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
            files.add(file);
        }
    }

    private Optional<String> commonPrefix(String key) {
        return options.delimiter().flatMap(delimiter -> {
            int at = key.indexOf(delimiter, options.prefix().length());
            return at < 0 ? Optional.empty() : Optional.of(key.substring(0, at + delimiter.length()));
        });
    }

    /** Where to go on looking after a key: past everything that would fold into the prefix just named. */
    String resumeAfter(String key) {
        return commonPrefix(key).map(prefix -> prefix + LAST).orElse(key);
    }

    ListPage page() {
        return new ListPage(files, prefixes, overflowed ? Optional.ofNullable(lastName) : Optional.empty());
    }
}
