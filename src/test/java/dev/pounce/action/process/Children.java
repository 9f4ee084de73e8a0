package dev.pounce.action.process;

import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Real processes for a test, all gone when it ends. */
final class Children implements AutoCloseable {

    static final NodeRef NODE = new NodeRef("here");

    private final List<Process> started = new ArrayList<>();

    Process sleeping() {
        return start("sleep", "600");
    }

    /** Runs a shell script that prints a line when it is ready; waits for that line. */
    Process script(String script) {
        Process process = start("setsid", "sh", "-c", script);
        readLine(process);
        return process;
    }

    static String readLine(Process process) {
        try {
            BufferedReader reader = process.inputReader();
            String line = reader.readLine();
            if (line == null) {
                throw new IllegalStateException("the script ended before it said anything");
            }
            return line;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Process start(String... command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            started.add(process);
            return process;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ProcessRef refOf(Process process) {
        return refOf(Math.toIntExact(process.pid()));
    }

    static ProcessRef refOf(int pid) {
        ProcStat stat = ProcFiles.stat(pid).orElseThrow();
        // Anywhere within the tick, as the probe's nanoseconds are
        return new ProcessRef(NODE, pid, stat.startTicks() * ProcStat.NANOS_PER_TICK + 1_234_567);
    }

    /** With what the probe reports since Linux 6.9. */
    static ProcessRef identified(Process process) {
        ProcessRef ref = refOf(process);
        int pidfd = Signals.openPidfd(ref.pid());
        long inode = ProcFiles.inodeOf(pidfd).orElseThrow();
        Signals.close(pidfd);
        return new ProcessRef(ref.node(), ref.pid(), ref.startTimeNanos(), inode);
    }

    static boolean hasDied(Process process) {
        try {
            return process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        for (Process process : started) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
