package dev.pounce.probe;

import org.jspecify.annotations.Nullable;

/**
 * The command lines that were asked for last, for many rules ask for that of the same process, and one of 4 KB takes a
 * microsecond to make. Kept here and not with each process, because there may be a process for every pid. A
 * slot for {@value #SLOTS} pids and no chain. Not thread-safe.
 */
final class CommandLines {

    private static final int SLOTS = 64;

    private record Line(Program program, String name, String text) {}

    private final @Nullable Line[] lines = new Line[SLOTS];

    @SuppressWarnings("ReferenceEquality") // the same program is the point: an equal one costs one line more
    String of(int pid, String name, Program program) {
        int slot = pid & (SLOTS - 1);
        Line known = lines[slot];
        if (known != null && known.program == program && known.name.equals(name)) {
            return known.text;
        }
        String arguments = program.argumentText();
        String made = arguments.isEmpty() ? name : name + " " + arguments;
        lines[slot] = new Line(program, name, made);
        return made;
    }
}
