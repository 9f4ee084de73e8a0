package dev.pounce.probe;

import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;

/**
 * The arguments of a program, kept as the bytes that came, and split and decoded when somebody asks: a thousand
 * arguments of three bytes are 4 KB here, and more than ten times that as strings. Malformed UTF-8 becomes U+FFFD.
 *
 * <p>Immutable. {@link #get} counts from the beginning; iterate rather than index.
 */
public final class Arguments extends AbstractList<String> {

    static final Arguments NONE = new Arguments(new byte[0], 0, 0);

    /** With a NUL between two, none at the end. */
    private final byte[] bytes;

    private final int from;
    private final int count;
    private int contentHash; // 0: not asked for yet

    private Arguments(byte[] bytes, int from, int count) {
        this.bytes = bytes;
        this.from = from;
        this.count = count;
    }

    /** Of the form of the wire and of /proc: each is NUL-terminated; the last one is not when it was cut. */
    static Arguments of(byte[] wire, int from, int length) {
        if (length == 0) {
            return NONE;
        }
        int end = wire[from + length - 1] == 0 ? from + length - 1 : from + length;
        int count = 1;
        for (int i = from; i < end; i++) {
            if (wire[i] == 0) {
                count++;
            }
        }
        return new Arguments(Arrays.copyOfRange(wire, from, end), 0, count);
    }

    /** @param arguments without NULs, as every argument is */
    static Arguments of(List<String> arguments) {
        if (arguments instanceof Arguments compact) {
            return compact;
        }
        return arguments.isEmpty()
                ? NONE
                : new Arguments(String.join("\0", arguments).getBytes(StandardCharsets.UTF_8), 0, arguments.size());
    }

    /** All but the first {@code n}. */
    Arguments after(int n) {
        int at = from;
        for (int i = 0; i < n; i++) {
            at = endOf(at) + 1;
        }
        return n >= count ? NONE : new Arguments(bytes, at, count - n);
    }

    /** With blanks between. */
    String text() {
        byte[] text = Arrays.copyOfRange(bytes, from, bytes.length);
        for (int i = 0; i < text.length; i++) {
            if (text[i] == 0) {
                text[i] = ' ';
            }
        }
        return new String(text, StandardCharsets.UTF_8);
    }

    /** What it keeps of the heap, about. */
    int weight() {
        return 48 + bytes.length;
    }

    /** Cheaper than {@link #hashCode}, which has to be that of a list of strings. */
    int contentHash() {
        int hash = contentHash;
        if (hash == 0) {
            hash = count;
            for (int i = from; i < bytes.length; i++) {
                hash = (hash ^ bytes[i]) * 0x01000193; // FNV-1a
            }
            hash = (hash ^ (hash >>> 15)) | 1;
            contentHash = hash;
        }
        return hash;
    }

    @Override
    public String get(int index) {
        Objects.checkIndex(index, count);
        int at = from;
        for (int i = 0; i < index; i++) {
            at = endOf(at) + 1;
        }
        return decoded(at, endOf(at));
    }

    @Override
    public int size() {
        return count;
    }

    @Override
    public Iterator<String> iterator() {
        return new Iterator<>() {
            private int left = count;
            private int at = from;

            @Override
            public boolean hasNext() {
                return left > 0;
            }

            @Override
            public String next() {
                if (left == 0) {
                    throw new NoSuchElementException();
                }
                left--;
                int end = endOf(at);
                String argument = decoded(at, end);
                at = end + 1;
                return argument;
            }
        };
    }

    @Override
    public List<String> subList(int fromIndex, int toIndex) {
        Objects.checkFromToIndex(fromIndex, toIndex, count);
        return toIndex == count ? after(fromIndex) : super.subList(fromIndex, toIndex);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Arguments that
                ? count == that.count
                        && Arrays.equals(bytes, from, bytes.length, that.bytes, that.from, that.bytes.length)
                : super.equals(other);
    }

    @Override
    public int hashCode() {
        return super.hashCode();
    }

    private int endOf(int at) {
        int end = at;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        return end;
    }

    private String decoded(int start, int end) {
        return new String(bytes, start, end - start, StandardCharsets.UTF_8);
    }
}
