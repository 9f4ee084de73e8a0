package dev.pounce.audit;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/*
 * Two speeds.
 *
 * Writing. append() numbers the entry, writes its JSON into one reused buffer, hashes it onto the line before,
 * and hands it to the operating system, all under one lock: the order of the lock is the order of the journal.
 * A line that was handed over survives the death of this process, however sudden. It goes through
 * RandomAccessFile and not through a FileChannel, which closes itself when a thread is interrupted in it: one
 * interrupted caller would end the journal for all.
 *
 * Committing. One daemon thread fsyncs whatever has been written since the last time, then rewrites the head.
 * It begins when something was written and either maxDelay has passed or somebody asked durable(). What is
 * appended while the disk works waits for the next round, so the groups grow by themselves under load. The lock
 * is not held while the disk works. Whoever has nothing else to do calls commit() and does the same on his own
 * thread, which saves two changes of thread; a lock of its own keeps the two apart.
 *
 * A full segment is not synchronised by the one who filled it: it is handed to the committer, who closes it.
 *
 * Failing. A write that fails (a full disk) is undone by cutting the segment back to its last whole line; the
 * caller is told, and the next append tries anew. An fsync that fails, or a cut that fails, is final: after a
 * failed fsync the kernel may have dropped the pages and a second one would report success. From then on every
 * append throws, until the engine is restarted.
 *
 * Opening. The last segment is read through. What follows its last good line was never promised to anyone, if
 * the head agrees: it is cut off, and the first new entry says so. Entries that were appended together go
 * together: when the last of them is missing, the others are cut off with it. What is kept is synchronised, since
 * the engine before may have died before it was. If the head knows of entries that are gone or
 * changed, nothing is cut or mended: a new segment begins after the head's entry, its first entry says what was
 * found, and the verifier goes on reporting the gap.
 */

/**
 * Append-only segments of JSON lines, each chained to the one before by hash ({@link ChainedLine}), with group
 * commit. One process holds a state directory at a time. Thread-safe.
 */
public final class FileJournal implements Journal, AutoCloseable {

    /**
     * @param segmentBytes a new segment begins when the next line would exceed this
     * @param maxDelay the longest an entry waits for others before it is committed
     */
    public record Limits(long segmentBytes, Duration maxDelay) {
        public static final Limits DEFAULT = new Limits(64L << 20, Duration.ofMillis(20));
    }

    /** More segments than an engine fills while one commit is under way. */
    private static final int SYNCED_AT_OPENING = 4;

    private final Path directory;
    private final Clock clock;
    private final Limits limits;
    private final FileChannel lockChannel;
    private final RandomAccessFile headFile;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final ReentrantLock committing = new ReentrantLock(); // before the other
    private final Thread committer;

    // Guarded by lock
    private final JsonLine line = new JsonLine();
    private final MessageDigest sha256 = ChainedLine.sha256();
    private final byte[] digest = new byte[32];
    private byte[] lastHash;
    private long lastSeq;
    private RandomAccessFile segment;
    private long segmentLength;
    private final List<RandomAccessFile> full = new ArrayList<>();
    private boolean directoryChanged = true;
    private final List<Waiter> waiters = new ArrayList<>();
    private long durableSeq;
    private boolean committerIdle;
    private boolean closing;
    private @Nullable JournalUnavailable broken;
    private boolean commitFailed;

    private record Waiter(long seq, CompletableFuture<Void> stage) {}

    public static FileJournal open(Path state, Clock clock) {
        return open(state, clock, Limits.DEFAULT);
    }

    /**
     * Blocks while the last segment is read.
     *
     * @throws JournalUnavailable when the directory cannot be used, or another engine holds it
     */
    public static FileJournal open(Path state, Clock clock, Limits limits) {
        FileChannel lockChannel = lock(state);
        try {
            Path directory = Segments.directoryIn(state);
            Segments.createDirectory(directory);
            return new FileJournal(directory, clock, limits, lockChannel, JournalTail.readIn(directory));
        } catch (IOException e) {
            try {
                lockChannel.close();
            } catch (IOException alsoFailed) {
                e.addSuppressed(alsoFailed);
            }
            throw new JournalUnavailable("the journal in " + state + " could not be opened: " + e.getMessage(), e);
        }
    }

    private static FileChannel lock(Path state) {
        try {
            Segments.createDirectory(state);
            requireOurs(state);
            Path file = state.resolve("lock");
            Segments.createFile(file);
            FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
            try {
                FileLock held = channel.tryLock();
                if (held != null) {
                    return channel;
                }
            } catch (OverlappingFileLockException heldByThisProcess) {
                // Falls through: it makes no difference to the operator which process it is
            }
            channel.close();
        } catch (IOException e) {
            throw new JournalUnavailable("the state directory " + state + " cannot be used: " + e.getMessage(), e);
        }
        throw new JournalUnavailable("another engine is running on the state directory " + state
                + "; stop it first, or give this one a directory of its own");
    }

    /** Whoever may write there could put another journal, or another socket, in the place of ours. */
    private static void requireOurs(Path state) throws IOException {
        Set<PosixFilePermission> found = Files.getPosixFilePermissions(state);
        if (found.contains(PosixFilePermission.OTHERS_WRITE) || found.contains(PosixFilePermission.GROUP_WRITE)) {
            throw new IOException("others may write to it (" + PosixFilePermissions.toString(found)
                    + "), expected at most rwxr-xr-x: chmod go-w it, or name another");
        }
    }

    private FileJournal(Path directory, Clock clock, Limits limits, FileChannel lockChannel, JournalTail tail)
            throws IOException {
        this.directory = directory;
        this.clock = clock;
        this.limits = limits;
        this.lockChannel = lockChannel;
        Path head = Segments.head(directory);
        Segments.createFile(head);
        Segments.syncNewest(directory, SYNCED_AT_OPENING);
        headFile = new RandomAccessFile(head.toFile(), "rw");
        lastSeq = tail.lastSeq();
        lastHash = tail.lastHash().getBytes(StandardCharsets.US_ASCII);
        durableSeq = lastSeq;
        Path file = tail.appendTo().orElseGet(() -> Segments.named(directory, tail.lastSeq() + 1));
        Segments.createFile(file);
        segment = new RandomAccessFile(file.toFile(), "rw");
        segmentLength = tail.appendTo().isPresent() ? tail.keepBytes() : 0;
        segment.setLength(segmentLength);
        segment.seek(segmentLength);
        if (headFile.length() == 0) {
            // Before the first entry, so that a missing head is never innocent
            headFile.write(new Head(lastSeq, tail.lastHash()).bytes());
            headFile.getFD().sync();
        }
        committer = new Thread(this::commitUntilClosed, "pounce-journal-commit");
        committer.setDaemon(true);
        committer.start();
        tail.finding().ifPresent(this::append);
    }

    @Override
    public long append(List<JournalEntry> entries) {
        lock.lock();
        try {
            long seq = appendAhead(entries);
            if (committerIdle) {
                work.signal();
            }
            return seq;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long appendAhead(List<JournalEntry> entries) {
        lock.lock();
        try {
            requireUsable();
            if (entries.isEmpty()) {
                return lastSeq;
            }
            byte[] hashBefore = lastHash.clone();
            long seq = lastSeq;
            line.reset();
            long last = seq + entries.size();
            try {
                for (JournalEntry entry : entries) {
                    encode(++seq, entry, seq < last);
                }
                if (segmentLength > 0 && segmentLength + line.length() > limits.segmentBytes()) {
                    roll(lastSeq + 1);
                }
                segment.write(line.bytes(), 0, line.length());
            } catch (IOException e) {
                lastHash = hashBefore;
                cutBack();
                throw new JournalUnavailable("entry " + seq + " could not be written: " + e.getMessage(), e);
            } catch (RuntimeException | Error bug) {
                lastHash = hashBefore; // or all that follows would hang on a line that is nowhere
                sha256.reset();
                cutBack();
                throw bug;
            }
            segmentLength += line.length();
            lastSeq = seq;
            return seq;
        } finally {
            lock.unlock();
        }
    }

    /** Appends the entry's line to the buffer, and makes its hash the last. */
    private void encode(long seq, JournalEntry entry, boolean more) {
        int start = line.beginLine();
        line.beginObject().member("seq", seq).member("time", clock.instant()).member("type", entry.type());
        EntryJson.write(entry, line);
        if (more) {
            line.raw(ChainedLine.MORE);
        }
        line.raw(ChainedLine.PREV).raw(lastHash, lastHash.length).raw("\"");
        sha256.update(line.bytes(), start, line.length() - start);
        try {
            sha256.digest(digest, 0, digest.length);
        } catch (DigestException e) {
            throw new IllegalStateException("a SHA-256 has 32 bytes", e);
        }
        line.raw(ChainedLine.HASH).hex(digest);
        System.arraycopy(line.bytes(), line.length() - lastHash.length, lastHash, 0, lastHash.length);
        line.raw(ChainedLine.END).raw("\n");
    }

    private void roll(long firstSeq) throws IOException {
        Path file = Segments.named(directory, firstSeq);
        Segments.createFile(file);
        RandomAccessFile next = new RandomAccessFile(file.toFile(), "rw");
        full.add(segment);
        segment = next;
        segmentLength = 0;
        directoryChanged = true;
    }

    /** Half a line must not stay in front of the next one. */
    private void cutBack() {
        try {
            segment.setLength(segmentLength);
            segment.seek(segmentLength);
        } catch (IOException e) {
            broken = new JournalUnavailable("half an entry could not be removed: " + e.getMessage(), e);
        }
    }

    private void requireUsable() {
        if (broken != null) {
            throw new JournalUnavailable(
                    "nothing can be recorded since an earlier failure: " + broken.getMessage(), broken);
        }
        if (closing) {
            throw new JournalUnavailable("the journal has been closed");
        }
    }

    @Override
    public CompletionStage<Void> durable(long seq) {
        lock.lock();
        try {
            if (seq <= durableSeq) {
                return CompletableFuture.completedFuture(null);
            }
            if (commitFailed && broken != null) {
                return CompletableFuture.failedFuture(broken);
            }
            if (seq > lastSeq) {
                throw new IllegalArgumentException("entry " + seq + " does not exist, the last is " + lastSeq);
            }
            CompletableFuture<Void> stage = new CompletableFuture<>();
            waiters.add(new Waiter(seq, stage));
            work.signal();
            return stage;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Deletes whole segments, oldest first, as long as all their entries are older than {@code before}, and
     * records that: the verifier then knows why the journal does not begin at its beginning. The segment that
     * is being written stays. Blocks for milliseconds; to be called now and then, from a thread that has time.
     *
     * <p>The record is durable before the first file is deleted. A crash in between leaves a journal that begins
     * earlier than it claims, which is no break.
     *
     * @return how many were deleted
     */
    public int expire(Instant before) {
        try {
            List<Path> segments = Segments.in(directory);
            List<Path> expired = new ArrayList<>();
            Optional<Head> lastExpired = Optional.empty();
            for (int i = 0; i + 1 < segments.size(); i++) {
                // Its last entry is the youngest, and the next one's first is younger still
                Optional<Instant> youngest = JournalReader.firstTimeIn(segments.get(i + 1));
                Optional<Head> last = JournalTail.lastOf(segments.get(i));
                if (youngest.isEmpty() || !youngest.get().isBefore(before) || last.isEmpty()) {
                    break;
                }
                expired.add(segments.get(i));
                lastExpired = last;
            }
            if (lastExpired.isPresent()) {
                Head last = lastExpired.get();
                long seq = append(new JournalEntry.SegmentsExpired(last.seq(), last.hash()));
                durable(seq).toCompletableFuture().join();
                for (Path segment : expired) {
                    Files.delete(segment);
                }
                Segments.sync(directory);
            }
            return expired.size();
        } catch (CompletionException e) {
            throw new JournalUnavailable("that old segments are to be deleted could not be recorded", e);
        } catch (IOException e) {
            throw new JournalUnavailable("old segments could not be deleted: " + e.getMessage(), e);
        }
    }

    /** Why nothing can be recorded any more; empty while all is well, or may be well again at the next try. */
    public Optional<String> failure() {
        lock.lock();
        try {
            return Optional.ofNullable(broken).map(JournalUnavailable::getMessage);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void commit() {
        commitAll();
        lock.lock();
        try {
            if (commitFailed && broken != null) {
                throw new JournalUnavailable("the journal could not be made durable", broken);
            }
        } finally {
            lock.unlock();
        }
    }

    private void commitUntilClosed() {
        while (awaitWork()) {
            commitAll();
        }
        commitAll();
    }

    /** @return false when the journal is being closed */
    private boolean awaitWork() {
        lock.lock();
        try {
            committerIdle = true;
            while (!closing && (lastSeq == durableSeq || commitFailed)) {
                work.awaitUninterruptibly();
            }
            committerIdle = false;
            long nanos = limits.maxDelay().toNanos();
            while (!closing && waiters.isEmpty() && nanos > 0) {
                nanos = work.awaitNanos(nanos);
            }
            return !closing;
        } catch (InterruptedException nobodyDoesThat) {
            return !closing;
        } finally {
            lock.unlock();
        }
    }

    private void commitAll() {
        committing.lock();
        try {
            commitInTurn();
        } finally {
            committing.unlock();
        }
    }

    private void commitInTurn() {
        List<RandomAccessFile> finished;
        RandomAccessFile current;
        Head head;
        boolean syncDirectory;
        lock.lock();
        try {
            if (commitFailed || lastSeq == durableSeq) {
                return;
            }
            finished = List.copyOf(full);
            full.clear();
            current = segment;
            syncDirectory = directoryChanged;
            directoryChanged = false;
            head = new Head(lastSeq, new String(lastHash, StandardCharsets.US_ASCII));
        } finally {
            lock.unlock();
        }
        @Nullable JournalUnavailable failed = null;
        try {
            for (RandomAccessFile file : finished) {
                file.getChannel().force(false);
                file.close();
            }
            current.getChannel().force(false);
            if (syncDirectory) {
                Segments.sync(directory);
            }
            // After the entries, so that it never speaks of one that is not there
            headFile.seek(0);
            headFile.write(head.bytes());
        } catch (IOException e) {
            failed = new JournalUnavailable("the journal could not be made durable: " + e.getMessage(), e);
        }
        settle(head.seq(), failed);
    }

    private void settle(long committed, @Nullable JournalUnavailable failed) {
        List<Waiter> over = new ArrayList<>();
        lock.lock();
        try {
            if (failed == null) {
                durableSeq = committed;
            } else {
                broken = failed;
                commitFailed = true;
            }
            List<Waiter> waiting = new ArrayList<>();
            for (Waiter waiter : waiters) {
                (failed != null || waiter.seq() <= committed ? over : waiting).add(waiter);
            }
            waiters.clear();
            waiters.addAll(waiting);
        } finally {
            lock.unlock();
        }
        for (Waiter waiter : over) {
            if (failed == null) {
                waiter.stage().complete(null);
            } else {
                waiter.stage().completeExceptionally(failed);
            }
        }
    }

    /** Commits what was appended, and lets the next engine in. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (closing) {
                return;
            }
            closing = true;
            work.signal();
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        while (committer.isAlive()) {
            try {
                committer.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        try {
            headFile.getFD().sync();
            headFile.close();
            segment.close();
            lockChannel.close();
        } catch (IOException e) {
            throw new JournalUnavailable("the journal could not be closed: " + e.getMessage(), e);
        }
    }
}
