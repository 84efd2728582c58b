package io.keplerfs;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a lock file says, in its metadata (the file itself is empty), so that any client of the store can take part:
 *
 * <pre>
 * lease-token       number of the last holder, rising from holder to holder
 * lease-ttl-millis  how long the holder is left alone after the file's last change
 * lease-owner       the last holder, in words
 * lease-holder      unique id of the holder; missing when nobody holds it
 * </pre>
 */
record LeaseRecord(long token, Duration ttl, String owner, Optional<String> holder) {
    private static final String TOKEN = "lease-token";
    private static final String TTL = "lease-ttl-millis";
    private static final String OWNER = "lease-owner";
    private static final String HOLDER = "lease-holder";

    static LeaseRecord of(FileInfo file) throws InvalidRequestException {
        Map<String, String> pairs = file.metadata();
        try {
            return new LeaseRecord(
                    Long.parseLong(pairs.getOrDefault(TOKEN, "")),
                    Duration.ofMillis(Long.parseLong(pairs.getOrDefault(TTL, ""))),
                    pairs.getOrDefault(OWNER, ""),
                    Optional.ofNullable(pairs.get(HOLDER)));
        } catch (NumberFormatException notALock) {
            throw new InvalidRequestException(
                    file.bucket() + "/" + file.key() + " is no lock file: its metadata have no " + TOKEN + " and " + TTL
                            + "; use another key",
                    notALock);
        }
    }

    Map<String, String> toMetadata() {
        Map<String, String> pairs = new LinkedHashMap<>();
        pairs.put(TOKEN, Long.toString(token));
        pairs.put(TTL, Long.toString(ttl.toMillis()));
        pairs.put(OWNER, owner);
        holder.ifPresent(id -> pairs.put(HOLDER, id));
        return pairs;
    }

    boolean isHeldBy(String id) {
        return holder.equals(Optional.of(id));
    }

    LeaseRecord released() {
        return new LeaseRecord(token, ttl, owner, Optional.empty());
    }
}
