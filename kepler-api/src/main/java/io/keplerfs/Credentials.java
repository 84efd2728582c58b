package io.keplerfs;

/**
 * What a remote client shows to the HTTP gateway.
 *
 * @param bearerToken sent as {@code Authorization: Bearer}; empty for none
 */
public record Credentials(String bearerToken) {
    /** No credentials: for gateways that ask for none. */
    public static final Credentials NONE = new Credentials("");

    /** Never prints the token. */
    @Override
    public String toString() {
        return bearerToken.isEmpty() ? "Credentials[none]" : "Credentials[bearer]";
    }
}
