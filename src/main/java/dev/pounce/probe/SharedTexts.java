package dev.pounce.probe;

import java.util.HashMap;
import java.util.Map;

/**
 * Programs and names of directories and cgroups that processes have, each kept once however many have it, for as long
 * as one does; and how much of the heap they take. Not thread-safe.
 */
final class SharedTexts {

    /** A node of the map, what counts the holders, and the text's own object. */
    private static final int OVERHEAD = 160;

    private final Map<Object, Held> all = new HashMap<>();
    private long bytes;

    private static final class Held {
        private final Object value;
        private int holders;

        Held(Object value) {
            this.value = value;
        }
    }

    String hold(String text) {
        return text.isEmpty() ? text : (String) held(text, weight(text));
    }

    Program hold(Program program) {
        return program.equals(Program.UNKNOWN) ? Program.UNKNOWN : (Program) held(program, weight(program));
    }

    void release(String text) {
        if (!text.isEmpty()) {
            release(text, weight(text));
        }
    }

    void release(Program program) {
        if (!program.equals(Program.UNKNOWN)) {
            release(program, weight(program));
        }
    }

    /** An estimate that errs on the high side. */
    long bytes() {
        return bytes;
    }

    static int weight(Program program) {
        return OVERHEAD + 64 + 2 * program.path().length() + program.argv().weight();
    }

    private static int weight(String text) {
        return OVERHEAD + 2 * text.length();
    }

    private Object held(Object value, int weight) {
        Held held = all.get(value);
        if (held == null) {
            held = new Held(value);
            all.put(value, held);
            bytes += weight;
        }
        held.holders++;
        return held.value;
    }

    private void release(Object value, int weight) {
        Held held = all.get(value);
        if (held != null && --held.holders == 0) {
            all.remove(value);
            bytes -= weight;
        }
    }
}
