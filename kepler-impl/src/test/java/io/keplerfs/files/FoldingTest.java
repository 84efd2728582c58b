package io.keplerfs.files;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.FileInfo;
import io.keplerfs.ListOptions;
import io.keplerfs.ListPage;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.VersionId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class FoldingTest {
    private static FileInfo file(String key) {
        return new FileInfo(
                "b", key, 0, new VersionId(new UUID(0, 1)), "x/y", Map.of(), Instant.EPOCH, Optional.empty());
    }

    /** One page over these keys, the way the lister feeds it. */
    private static ListPage page(TreeSet<String> keys, ListOptions options) {
        Folding folding = new Folding(options);
        String after = folding.start().orElse("");
        while (!folding.isFull()) {
            String from = after;
            Optional<String> next = keys.stream()
                    .filter(key -> key.startsWith(options.prefix()) && RegisterKey.compareKeys(key, from) > 0)
                    .findFirst();
            if (next.isEmpty()) {
                break;
            }
            folding.add(next.get(), () -> file(next.get()));
            after = folding.resumeAfter(next.get());
        }
        return folding.page();
    }

    @Test
    void pagesOfAnySizeTogetherNameEverythingOnceAndInOrder() {
        Random random = new Random(7);
        for (int round = 0; round < 200; round++) {
            TreeSet<String> keys = new TreeSet<>(RegisterKey::compareKeys);
            for (int i = 0; i < 40; i++) {
                StringBuilder key = new StringBuilder();
                for (int c = random.nextInt(6); c >= 0; c--) {
                    key.append("ab//é".charAt(random.nextInt(5)));
                }
                keys.add(key.toString());
            }
            String prefix = random.nextBoolean() ? "" : "a";
            ListOptions options = ListOptions.prefix(prefix).withDelimiter("/").withLimit(1 + random.nextInt(5));

            List<String> seen = new ArrayList<>();
            ListPage page = page(keys, options);
            while (true) {
                List<String> names = new ArrayList<>(page.commonPrefixes());
                page.files().forEach(file -> names.add(file.key()));
                assertThat(names.size()).isLessThanOrEqualTo(options.limit());
                seen.addAll(names);
                if (page.next().isEmpty()) {
                    break;
                }
                page = page(keys, options.withAfter(page.next().get()));
            }

            TreeSet<String> expected = new TreeSet<>();
            for (String key : keys) {
                if (key.startsWith(prefix)) {
                    int at = key.indexOf('/', prefix.length());
                    expected.add(at < 0 ? key : key.substring(0, at + 1));
                }
            }
            assertThat(seen).as("round " + round + " of seed 7").containsExactlyInAnyOrderElementsOf(expected);
        }
    }

    @Test
    void theLastPageHasNoNext() {
        TreeSet<String> keys = new TreeSet<>(List.of("a", "b"));

        assertThat(page(keys, ListOptions.prefix("").withLimit(2)).next()).isEmpty();
        assertThat(page(keys, ListOptions.prefix("").withLimit(1)).next()).hasValue("a");
    }
}
