package io.keplerfs;

import java.util.List;
import java.util.Optional;

/**
 * One page of a listing.
 *
 * @param files in byte order of the UTF-8 of their keys
 * @param commonPrefixes in the same order; empty without a delimiter
 * @param next pass it as {@link ListOptions#after()} for the following page; empty on the last page
 */
public record ListPage(List<FileInfo> files, List<String> commonPrefixes, Optional<String> next) {
    public ListPage {
        files = List.copyOf(files);
        commonPrefixes = List.copyOf(commonPrefixes);
    }
}
