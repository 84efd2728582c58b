package io.keplerfs.http;

import io.keplerfs.ClusterKeys;
import io.keplerfs.spi.Keyring;
import java.util.ArrayList;
import java.util.List;

/** Secrets in a list, the primary first. */
final class FakeKeys implements ClusterKeys {
    final List<String> secrets = new ArrayList<>(List.of("the old secret"));

    @Override
    public synchronized List<Key> list() {
        return secrets.stream().map(this::key).toList();
    }

    private Key key(String secret) {
        return new Key(Keyring.fingerprint(secret), secrets.get(0).equals(secret), secret.contains("old"));
    }

    @Override
    public synchronized Key add(String secret) {
        if (secret.length() < Keyring.MIN_SECRET_CHARACTERS) {
            throw new IllegalArgumentException("too short");
        }
        secrets.add(secret);
        return key(secret);
    }

    @Override
    public synchronized void use(String fingerprint) {
        String secret = secrets.stream()
                .filter(known -> Keyring.fingerprint(known).equals(fingerprint))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no secret " + fingerprint));
        secrets.remove(secret);
        secrets.add(0, secret);
    }

    @Override
    public synchronized void remove(String fingerprint) {
        secrets.removeIf(known -> Keyring.fingerprint(known).equals(fingerprint));
    }
}
