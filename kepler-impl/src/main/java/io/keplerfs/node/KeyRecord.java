package io.keplerfs.node;

import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.Store;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a node remembers of its cluster secrets; the configured ones by fingerprint alone. The later word counts: what the
 * configuration says anew overrules what was said at run time before, and the other way round.
 *
 * @param added secrets added at run time that are not configured
 * @param configured fingerprints of the configuration this record was last compared with, in its order
 * @param primary fingerprint chosen at run time; empty: the first configured one
 * @param removed fingerprints of configured ones that were removed at run time
 */
record KeyRecord(List<String> added, List<String> configured, String primary, List<String> removed) {
    private static final String SETTING = "cluster-keys";
    private static final KeyRecord NOTHING = new KeyRecord(List.of(), List.of(), "", List.of());

    KeyRecord {
        added = List.copyOf(added);
        configured = List.copyOf(configured);
        removed = List.copyOf(removed);
    }

    static KeyRecord read(Store.Snapshot tables) {
        return tables.setting(SETTING).map(KeyRecord::decode).orElse(NOTHING);
    }

    void write(Store.Transaction tables) {
        WireWriter out = new WireWriter();
        out.list(added, WireWriter::text).list(configured, WireWriter::text);
        out.text(primary).list(removed, WireWriter::text);
        tables.putSetting(SETTING, out.toBytes());
    }

    private static KeyRecord decode(byte[] bytes) {
        WireReader in = new WireReader(bytes);
        KeyRecord record = new KeyRecord(
                in.list(WireReader::text), in.list(WireReader::text), in.text(), in.list(WireReader::text));
        in.end();
        return record;
    }

    /** As it stands at a start with these configured secrets. */
    KeyRecord startedWith(List<String> secrets) {
        List<String> now = secrets.stream().map(Keyring::fingerprint).toList();
        boolean newFirst =
                !now.isEmpty() && (configured.isEmpty() || !configured.get(0).equals(now.get(0)));
        return new KeyRecord(
                added.stream().filter(secret -> !secrets.contains(secret)).toList(),
                now,
                newFirst ? "" : primary,
                removed.stream()
                        .filter(gone -> now.contains(gone) && configured.contains(gone))
                        .toList());
    }

    /** All secrets this node accepts, by fingerprint, the primary first. */
    Map<String, String> known(List<String> secrets) {
        List<String> all = new ArrayList<>(secrets);
        all.addAll(added);
        Map<String, String> known = new LinkedHashMap<>();
        all.stream()
                .filter(secret -> Keyring.fingerprint(secret).equals(primary))
                .forEach(secret -> known.put(primary, secret));
        all.stream()
                .filter(secret -> !removed.contains(Keyring.fingerprint(secret)))
                .forEach(secret -> known.putIfAbsent(Keyring.fingerprint(secret), secret));
        return known;
    }

    KeyRecord with(String secret) {
        String fingerprint = Keyring.fingerprint(secret);
        if (configured.contains(fingerprint)) {
            return new KeyRecord(added, configured, primary, without(removed, fingerprint));
        }
        List<String> more = new ArrayList<>(added);
        more.add(secret);
        return new KeyRecord(more, configured, primary, removed);
    }

    KeyRecord using(String fingerprint) {
        return new KeyRecord(added, configured, fingerprint, removed);
    }

    KeyRecord without(String fingerprint) {
        List<String> gone = new ArrayList<>(removed);
        if (configured.contains(fingerprint)) {
            gone.add(fingerprint);
        }
        List<String> left = added.stream()
                .filter(secret -> !Keyring.fingerprint(secret).equals(fingerprint))
                .toList();
        return new KeyRecord(left, configured, primary, gone);
    }

    private static List<String> without(List<String> fingerprints, String one) {
        return fingerprints.stream().filter(other -> !other.equals(one)).toList();
    }

    /** No secrets. */
    @Override
    public String toString() {
        return "KeyRecord[" + added.size() + " added, configured " + configured + ", primary '" + primary
                + "', removed " + removed + "]";
    }
}
