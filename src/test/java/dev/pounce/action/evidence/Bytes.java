package dev.pounce.action.evidence;

import java.util.Random;

/** Contents for tests. */
final class Bytes {

    private Bytes() {}

    /** That no compression or repetition hides a mistake in. */
    static byte[] any(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
