package io.keplerfs.spi;

/**
 * A register and the ballot of its value: what a digest knows of it.
 *
 * @param key which register
 * @param accepted ballot of its value
 */
public record AcceptedBallot(RegisterKey key, Ballot accepted) {
    public Digest digest() {
        return Digest.of(key, accepted);
    }
}
