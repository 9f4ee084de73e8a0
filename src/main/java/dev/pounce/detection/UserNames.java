package dev.pounce.detection;

import dev.pounce.probe.HangingReads;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Names of users and groups, from the {@code passwd} and {@code group} files of the host, or of the container that
 * a process lives in (through {@code /proc/PID/root}). No directory service is asked. Uid 0 without a name
 * is {@code root}, anyone else without one is Falco's {@code <NA>}.
 *
 * <p>A container's files are what an attacker wrote: only a regular file is read, up to a megabyte of it, by a thread
 * that may hang there (a file system in user space can make it) without harm: the event waits for it
 * five milliseconds the first time and not at all after that, and no more than
 * {@value #READERS} hang at once. Those threads are there from the beginning: none is started while an event waits.
 * Kept for a minute, for {@value #CONTAINERS} containers. Safe for any thread.
 */
public final class UserNames implements AutoCloseable {

    private static final String UNKNOWN = "<NA>";
    private static final String HOST = "";
    private static final int FILE_MAX = 1 << 20;
    private static final int NAME_MAX = 256;
    private static final int CONTAINERS = 512;
    private static final int READERS = 4;
    private static final Duration PATIENCE = Duration.ofMillis(5);
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long FAILED_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Path hostRoot;
    private final Path proc;
    private final LongSupplier nanoTime;
    private final HangingReads readers = HangingReads.ready("user-names", READERS);
    private final Map<String, Slot> slots = new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Slot> eldest) {
            return size() > CONTAINERS;
        }
    };

    /**
     * @param hostRoot the host's root directory
     * @param proc where the host's proc file system is mounted
     * @param nanoTime {@link System#nanoTime}
     */
    public UserNames(Path hostRoot, Path proc, LongSupplier nanoTime) {
        this.hostRoot = hostRoot;
        this.proc = proc;
        this.nanoTime = nanoTime;
    }

    private record Names(Map<Long, String> users, Map<Long, String> groups) {
        static final Names NONE = new Names(Map.of(), Map.of());

        boolean isEmpty() {
            return users.isEmpty() && groups.isEmpty();
        }
    }

    /** Guarded by {@link #slots}. */
    private static final class Slot {
        private Names names = Names.NONE;
        private long readAt;
        private boolean wasRead;
        private boolean reading;
    }

    /** @param pid a process of the container, to get at its files by */
    public String user(long uid, Optional<String> containerId, int pid) {
        String name = names(containerId, pid).users.get(uid);
        return name != null ? name : uid == 0 ? "root" : UNKNOWN;
    }

    /** @param pid a process of the container, to get at its files by */
    public String group(long gid, Optional<String> containerId, int pid) {
        String name = names(containerId, pid).groups.get(gid);
        return name != null ? name : gid == 0 ? "root" : UNKNOWN;
    }

    /** Of the host, where people log in. */
    public String loginName(long uid) {
        return uid < 0 ? UNKNOWN : user(uid, Optional.empty(), 0);
    }

    private Names names(Optional<String> containerId, int pid) {
        String key = containerId.orElse(HOST);
        Slot slot;
        boolean first;
        synchronized (slots) {
            slot = slots.computeIfAbsent(key, unseen -> new Slot());
            long age = nanoTime.getAsLong() - slot.readAt;
            boolean fresh = slot.wasRead && age < (slot.names.isEmpty() ? FAILED_NANOS : FRESH_NANOS);
            if (fresh || slot.reading) {
                return slot.names;
            }
            slot.reading = true;
            first = !slot.wasRead;
        }
        Path root = containerId.isEmpty()
                ? hostRoot
                : proc.resolve(Integer.toString(pid)).resolve("root");
        Optional<Future<Names>> reading = readers.begin(() -> readInto(slot, root));
        if (reading.isEmpty()) {
            synchronized (slots) {
                slot.reading = false; // who comes next tries again
            }
            return slotNames(slot);
        }
        return first ? HangingReads.await(reading.get(), PATIENCE).orElse(Names.NONE) : slotNames(slot);
    }

    /** Lets the reading threads end. */
    @Override
    public void close() {
        readers.close();
    }

    private Names readInto(Slot slot, Path root) {
        Names names = Names.NONE;
        try {
            names = new Names(read(root.resolve("etc/passwd")), read(root.resolve("etc/group")));
        } finally {
            synchronized (slots) {
                if (!names.isEmpty() || !slot.wasRead) {
                    slot.names = names;
                }
                slot.readAt = nanoTime.getAsLong();
                slot.wasRead = true;
                slot.reading = false;
            }
        }
        return names;
    }

    private Names slotNames(Slot slot) {
        synchronized (slots) {
            return slot.names;
        }
    }

    /** The first name of an id counts, as it does for the C library. */
    private static Map<Long, String> read(Path file) {
        Map<Long, String> names = new HashMap<>();
        try {
            if (!Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .isRegularFile()) {
                return names;
            }
            String text;
            try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
                text = new String(in.readNBytes(FILE_MAX), StandardCharsets.UTF_8);
            }
            text.lines().forEach(line -> {
                String[] parts = line.split(":", 4);
                if (parts.length == 4 && isName(parts[0])) {
                    parse(parts[2]).ifPresent(id -> names.putIfAbsent(id, parts[0]));
                }
            });
        } catch (IOException unreadable) {
            return names;
        }
        return names;
    }

    private static boolean isName(String name) {
        return !name.isEmpty() && name.length() <= NAME_MAX && name.chars().noneMatch(Character::isISOControl);
    }

    private static Optional<Long> parse(String id) {
        try {
            return Optional.of(Long.parseLong(id));
        } catch (NumberFormatException notAnId) {
            return Optional.empty();
        }
    }
}
