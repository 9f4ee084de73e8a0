package dev.pounce.action.process;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Reads {@code /proc}. Every answer is a snapshot that may be out of date when it arrives; empty means that
 * it could not be read, most often because the process is gone, and the caller who must know asks its pidfd.
 */
final class ProcFiles {

    /** 52 numbers of which the first 22 are wanted, and a name of at most 64 bytes. */
    private static final int STAT_BYTES = 1024;

    /** The wanted line is the fourth, and ends by byte 80. */
    private static final int FDINFO_BYTES = 256;

    private static final byte[] INO = {'i', 'n', 'o', ':', '\t'};

    private ProcFiles() {}

    static Optional<ProcStat> stat(int pid) {
        return read("/proc/" + pid + "/stat");
    }

    /**
     * The inode of an open pidfd of ours, the number that {@code fstat} shows: in {@code ino:} of its fdinfo
     * (proc_pid_fdinfo(5)). Before Linux 6.9 all pidfds share one, which means nothing.
     */
    static OptionalLong inodeOf(int pidfd) {
        try (FileInputStream file = new FileInputStream("/proc/self/fdinfo/" + pidfd)) {
            byte[] lines = new byte[FDINFO_BYTES];
            return inode(lines, file.read(lines));
        } catch (IOException unreadable) {
            return OptionalLong.empty();
        }
    }

    /** The number behind the line's name, which must have ended. */
    static OptionalLong inode(byte[] fdinfo, int length) {
        for (int at = 0; at + INO.length < length; at++) {
            if ((at == 0 || fdinfo[at - 1] == '\n') && Arrays.equals(fdinfo, at, at + INO.length, INO, 0, INO.length)) {
                long number = 0;
                int digit = at + INO.length;
                while (digit < length && fdinfo[digit] >= '0' && fdinfo[digit] <= '9') {
                    number = number * 10 + (fdinfo[digit++] - '0');
                }
                boolean whole = digit > at + INO.length && digit < length && fdinfo[digit] == '\n';
                return whole ? OptionalLong.of(number) : OptionalLong.empty();
            }
        }
        return OptionalLong.empty();
    }

    /** One entry per thread that could be read; empty when the process is gone. */
    static List<ProcStat> threads(int pid) {
        List<ProcStat> threads = new ArrayList<>();
        for (int tid : numbersIn("/proc/" + pid + "/task")) {
            read("/proc/" + pid + "/task/" + tid + "/stat").ifPresent(threads::add);
        }
        return threads;
    }

    /** Every process that could be read, kernel threads left out. */
    static List<ProcStat> processes() {
        List<ProcStat> processes = new ArrayList<>();
        for (int pid : numbersIn("/proc")) {
            stat(pid).filter(stat -> !stat.isKernelThread()).ifPresent(processes::add);
        }
        return processes;
    }

    private static Optional<ProcStat> read(String path) {
        // A stream and no Path: this stands between a detection and its signal
        try (FileInputStream file = new FileInputStream(path)) {
            byte[] line = new byte[STAT_BYTES];
            int length = file.read(line);
            return length <= 0 ? Optional.empty() : Optional.of(ProcStat.parse(line, length));
        } catch (IOException | IllegalArgumentException gone) {
            return Optional.empty();
        }
    }

    private static int[] numbersIn(String directory) {
        String[] names = new File(directory).list();
        if (names == null) {
            return new int[0];
        }
        int[] numbers = new int[names.length];
        int count = 0;
        for (String name : names) {
            if (name.charAt(0) >= '0' && name.charAt(0) <= '9') {
                numbers[count++] = Integer.parseInt(name);
            }
        }
        return Arrays.copyOf(numbers, count);
    }
}
