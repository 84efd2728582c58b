package io.keplerfs.spi;

import io.keplerfs.values.VersionId;

/**
 * A {@code fast} write that is durable here and not yet delivered to its register.
 *
 * @param key the register
 * @param id the write
 * @param ballot its place in the order of writes, by this node's hybrid clock
 * @param value the encoded value to deliver
 */
public record IntentRow(RegisterKey key, VersionId id, Ballot ballot, byte[] value) {}
