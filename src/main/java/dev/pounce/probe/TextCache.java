package dev.pounce.probe;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Gives back the same string for the same bytes, most of the time: names of programs, cgroups and files
 * repeat, and comparing bytes is cheaper than decoding them, and leaves nothing for the collector. A slot per
 * hash and no chain: a collision costs one decoding. Bounded by {@value #SLOTS} strings of at most
 * {@value #LONGEST} bytes. Not thread-safe.
 */
final class TextCache {

    private static final int SLOTS = 4096;
    private static final int LONGEST = 256;
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] @Nullable [] keys = new byte[SLOTS][];
    private final @Nullable String[] values = new String[SLOTS];

    String get(byte[] bytes, int from, int length) {
        if (length == 0) {
            return "";
        }
        if (length > LONGEST) {
            return new String(bytes, from, length, StandardCharsets.UTF_8);
        }
        int slot = slotOf(bytes, from, length);
        byte[] key = keys[slot];
        String value = values[slot];
        if (key != null && value != null && Arrays.equals(key, 0, key.length, bytes, from, from + length)) {
            return value;
        }
        String decoded = new String(bytes, from, length, StandardCharsets.UTF_8);
        keys[slot] = Arrays.copyOfRange(bytes, from, from + length);
        values[slot] = decoded;
        return decoded;
    }

    private static int slotOf(byte[] bytes, int from, int length) {
        long hash = length;
        int at = from;
        int end = from + length;
        for (; at + 8 <= end; at += 8) {
            hash = (hash ^ (long) LONGS.get(bytes, at)) * 0x9e3779b97f4a7c15L;
            hash ^= hash >>> 29;
        }
        for (; at < end; at++) {
            hash = (hash ^ bytes[at]) * 0x9e3779b97f4a7c15L;
        }
        return (int) ((hash ^ (hash >>> 32)) & (SLOTS - 1));
    }
}
