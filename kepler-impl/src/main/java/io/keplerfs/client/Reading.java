package io.keplerfs.client;

import java.io.IOException;
import okhttp3.Response;

/**
 * Turns a successful answer into a value, within the attempt: an IOException it throws counts as a broken answer, and the
 * response is closed then.
 */
@FunctionalInterface
interface Reading<T> {
    T read(Response response) throws IOException;

    /** This reading, with the response closed after it. */
    default Reading<T> closing() {
        return response -> {
            try (response) {
                return read(response);
            }
        };
    }
}
