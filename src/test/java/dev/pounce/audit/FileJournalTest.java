package dev.pounce.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class FileJournalTest {

    private static final Clock NOON = Clock.fixed(Entries.NOON, ZoneOffset.UTC);
    private static final FileJournal.Limits SMALL_SEGMENTS = new FileJournal.Limits(2_000, Duration.ofMillis(5));

    private final Path state;

    FileJournalTest(@TempDir Path state) {
        this.state = state;
    }

    private FileJournal open() {
        return FileJournal.open(state, NOON, SMALL_SEGMENTS);
    }

    private List<RecordedEntry> entries() {
        List<RecordedEntry> entries = new ArrayList<>();
        assertThat(new JournalReader(state).forEach(entries::add)).isZero();
        return entries;
    }

    private List<Path> segments() throws IOException {
        return Segments.in(Segments.directoryIn(state));
    }

    private Path lastSegment() throws IOException {
        return segments().getLast();
    }

    private void assertHolds(long entries) throws IOException {
        var verification = JournalVerifier.verify(state);
        assertThat(verification.breaks()).isEmpty();
        assertThat(verification.entries()).isEqualTo(entries);
    }

    @Test
    void everyKindOfEntryIsReadBackInItsPlace() throws IOException {
        // Given
        List<JournalEntry> written = Entries.ofEveryKind();

        // When
        try (FileJournal journal = open()) {
            written.forEach(journal::append);
        }

        // Then
        List<RecordedEntry> read = entries();
        assertThat(read.stream().map(RecordedEntry::type))
                .containsExactlyElementsOf(
                        written.stream().map(JournalEntry::type).toList());
        assertThat(read.stream().map(RecordedEntry::seq)).isSorted().first().isEqualTo(1L);
        assertThat(read).allSatisfy(entry -> assertThat(entry.time()).isEqualTo(Entries.NOON));
        assertThat(segments().size()).isGreaterThan(1);
        assertHolds(written.size());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void whateverIsWrittenOverManyRestartsVerifies(long seed) throws IOException {
        // Given
        Random random = new Random(seed);
        int count = 0;

        // When
        for (int restart = 0; restart < 5; restart++) {
            try (FileJournal journal = open()) {
                for (int i = random.nextInt(20); i > 0; i--) {
                    journal.append(Entries.random(random));
                    count++;
                }
            }
        }

        // Then
        assertHolds(count);
        assertThat(entries()).hasSize(count);
    }

    @Test
    void filesAreForTheEnginesEyesOnly() throws IOException {
        // When
        try (FileJournal journal = FileJournal.open(state.resolve("new"), NOON)) {
            journal.append(new JournalEntry.EngineStopped("x"));
        }

        // Then
        Path directory = Segments.directoryIn(state.resolve("new"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
                .isEqualTo("rwx------");
        for (Path file : List.of(Segments.named(directory, 1), Segments.head(directory))) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
        }
    }

    @Test
    void aSecondEngineOnTheSameDirectoryIsTurnedAway() {
        try (FileJournal first = open()) {
            assertThat(first.failure()).isEmpty();
            assertThatThrownBy(this::open)
                    .isInstanceOf(JournalUnavailable.class)
                    .hasMessageContaining("another engine is running on the state directory");
        }
        open().close();
    }

    @Test
    void whatIsDurableIsInTheHead() throws IOException {
        try (FileJournal journal = open()) {
            // Given
            long seq = journal.append(new JournalEntry.EngineStopped("x"));

            // When
            journal.durable(seq).toCompletableFuture().join();

            // Then
            assertThat(Head.read(Segments.head(Segments.directoryIn(state))))
                    .hasValueSatisfying(head -> assertThat(head.seq()).isEqualTo(seq));
            assertHolds(1);
        }
    }

    @Test
    void anEntryIsInTheFileWhenAppendReturns() throws IOException {
        // Given: a committer that would take a minute
        try (FileJournal journal =
                FileJournal.open(state, NOON, new FileJournal.Limits(1 << 20, Duration.ofMinutes(1)))) {
            // When
            journal.append(new JournalEntry.EngineStopped("handed over"));

            // Then
            assertThat(entries()).hasSize(1);
            assertThat(Files.readString(lastSegment())).contains("handed over");
        }
    }

    @Test
    void whatIsAppendedAheadOfAnActIsInTheFileAtOnceAndAnEmptyListAddsNothing() throws IOException {
        try (FileJournal journal = open()) {
            // When
            long ahead = journal.appendAhead(List.of(new JournalEntry.EngineStopped("ahead")));

            // Then
            assertThat(Files.readString(lastSegment())).contains("ahead");
            assertThat(journal.append(List.of())).isEqualTo(ahead);
            journal.durable(ahead).toCompletableFuture().join();
            assertHolds(1);
        }
    }

    @Test
    void manyWritersAtOnceKeepTheOrderAndTheChain() throws IOException {
        // Given
        int writers = 4;
        int each = 500;
        List<CompletableFuture<List<Long>>> running = new ArrayList<>();

        // When
        try (FileJournal journal =
                FileJournal.open(state, NOON, new FileJournal.Limits(100_000, Duration.ofMillis(1)))) {
            for (int w = 0; w < writers; w++) {
                String name = "writer-" + w;
                running.add(CompletableFuture.supplyAsync(() -> {
                    List<Long> seqs = new ArrayList<>();
                    for (int i = 0; i < each; i++) {
                        seqs.add(journal.append(new JournalEntry.LossNoticed(name, i)));
                        if (i % 100 == 0) {
                            journal.durable(seqs.getLast())
                                    .toCompletableFuture()
                                    .join();
                        }
                    }
                    return seqs;
                }));
            }
            running.forEach(CompletableFuture::join);
        }

        // Then
        assertHolds((long) writers * each);
        for (int w = 0; w < writers; w++) {
            String name = "writer-" + w;
            List<RecordedEntry> mine = entries().stream()
                    .filter(entry -> entry.text("kind").equals(name))
                    .toList();
            assertThat(mine.stream().map(RecordedEntry::seq))
                    .isEqualTo(running.get(w).join());
            assertThat(mine.stream().map(entry -> entry.json().path("count").asInt()))
                    .isSorted()
                    .hasSize(each);
        }
    }

    @Test
    void aTornLastLineIsCutOffAndToldOf() throws IOException {
        // Given: a line that a crash interrupted
        try (FileJournal journal = open()) {
            journal.append(new JournalEntry.EngineStopped("one"));
        }
        Files.writeString(lastSegment(), "{\"seq\":2,\"time\":\"20", StandardOpenOption.APPEND);
        assertThat(JournalVerifier.verify(state).breaks()).isEmpty();
        assertThat(JournalVerifier.verify(state).tornBytes()).isEqualTo(19);
        assertThat(entries()).hasSize(1);

        // When
        try (FileJournal journal = open()) {
            journal.append(new JournalEntry.EngineStopped("two"));
        }

        // Then
        assertThat(entries().stream().map(RecordedEntry::type))
                .containsExactly("engine-stopped", "torn-tail-cut", "engine-stopped");
        assertThat(entries().get(1).json().path("bytes").asInt()).isEqualTo(19);
        assertHolds(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void whatWasAppendedTogetherIsThereAltogetherOrNotAtAll(int linesThatArrived) throws IOException {
        // Given: a crash in the middle of a write
        try (FileJournal journal = open()) {
            journal.append(new JournalEntry.EngineStopped("one"));
        }
        long before = Files.size(lastSegment());
        Path other = state.resolve("other");
        try (FileJournal journal = FileJournal.open(other, NOON, SMALL_SEGMENTS)) {
            journal.append(new JournalEntry.EngineStopped("one"));
            journal.append(Entries.wholeStory("r").subList(0, 4));
        }
        List<String> lines =
                Files.readAllLines(Segments.in(Segments.directoryIn(other)).getFirst());
        if (lines.size() == 1) {
            lines = Files.readAllLines(Segments.in(Segments.directoryIn(other)).getLast());
        } else {
            lines = lines.subList(1, lines.size());
        }
        assertThat(lines.subList(0, 3)).allMatch(line -> line.contains(",\"more\":true,\"prev\":"));
        assertThat(lines.get(3)).doesNotContain("\"more\"");
        for (String line : lines.subList(0, linesThatArrived)) {
            Files.writeString(lastSegment(), line + "\n", StandardOpenOption.APPEND);
        }
        assertThat(entries()).hasSize(1 + linesThatArrived);
        long torn = Files.size(lastSegment()) - before;

        // When
        open().close();

        // Then
        assertThat(entries().stream().map(RecordedEntry::type)).containsExactly("engine-stopped", "torn-tail-cut");
        assertThat(entries().getLast().json().path("bytes").asLong()).isEqualTo(torn);
        assertHolds(2);
    }

    @Test
    void aTextThatLooksLikeTheMarkOfMoreIsNone() throws IOException {
        // Given
        try (FileJournal journal = open()) {
            journal.append(new JournalEntry.EngineStopped("x,\"more\":true"));
        }

        // When
        open().close();

        // Then
        assertHolds(1);
        assertThat(entries()).hasSize(1);
    }

    @Test
    void whoeverCommitsHimselfReturnsWhenTheHeadHasIt() throws IOException {
        // Given: a committer that would take a minute
        try (FileJournal journal =
                FileJournal.open(state, NOON, new FileJournal.Limits(1 << 20, Duration.ofMinutes(1)))) {
            long seq = journal.append(new JournalEntry.EngineStopped("x"));

            // When
            journal.commit();

            // Then
            assertThat(Head.read(Segments.head(Segments.directoryIn(state))))
                    .hasValueSatisfying(head -> assertThat(head.seq()).isEqualTo(seq));
            assertThat(journal.durable(seq).toCompletableFuture()).isCompleted();
        }
    }

    @Test
    void aTailThatWasCutOffBehindOurBackIsToldOfAndStaysABreak() throws IOException {
        // Given
        try (FileJournal journal = open()) {
            for (int i = 0; i < 3; i++) {
                journal.append(new JournalEntry.LossNoticed("open", i));
            }
        }
        List<String> lines = Files.readAllLines(lastSegment());
        Files.writeString(lastSegment(), lines.getFirst() + "\n");

        // When
        try (FileJournal journal = open()) {
            journal.append(new JournalEntry.EngineStopped("later"));
        }

        // Then
        assertThat(entries().stream().map(RecordedEntry::type))
                .containsExactly("loss", "damage-found", "engine-stopped");
        assertThat(entries().stream().map(RecordedEntry::seq)).containsExactly(1L, 4L, 5L);
        assertThat(JournalVerifier.verify(state).breaks()).singleElement().satisfies(found -> assertThat(found.what())
                .isEqualTo("begins with entry 4, expected 2; what lies between is missing"));
    }

    @Test
    void anEntryThatWasChangedWhileTheEngineWasDownIsToldOfAndNotRemoved() throws IOException {
        // Given
        try (FileJournal journal = open()) {
            for (int i = 0; i < 3; i++) {
                journal.append(new JournalEntry.LossNoticed("open", i));
            }
        }
        String forged = Files.readString(lastSegment()).replace("\"count\":1", "\"count\":7");
        Files.writeString(lastSegment(), forged);

        // When
        open().close();

        // Then
        assertThat(Files.readString(segments().getFirst())).isEqualTo(forged);
        assertThat(entries().getLast().type()).isEqualTo("damage-found");
        assertThat(JournalVerifier.verify(state).breaks()).singleElement().satisfies(found -> assertThat(found.render())
                .isEqualTo("00000000000000000001.jsonl:2: entry 2 was changed: its hash is another"));
    }

    @Test
    void aHeadThatDisappearedIsToldOf() throws IOException {
        // Given
        try (FileJournal journal = open()) {
            journal.append(new JournalEntry.EngineStopped("one"));
        }
        Files.delete(Segments.head(Segments.directoryIn(state)));

        // When
        open().close();

        // Then
        assertThat(entries().getLast().type()).isEqualTo("damage-found");
        assertThat(entries().getLast().text("what")).contains("the head is missing");
    }

    @Test
    void aJournalWithoutEntriesVerifies() throws IOException {
        // When
        open().close();

        // Then
        assertHolds(0);
    }

    @Test
    void anInterruptedCallerDoesNotEndTheJournal() throws IOException {
        try (FileJournal journal = open()) {
            // When
            Thread.currentThread().interrupt();
            journal.append(new JournalEntry.EngineStopped("interrupted"));
            boolean stillInterrupted = Thread.interrupted();
            journal.append(new JournalEntry.EngineStopped("after"));

            // Then
            assertThat(stillInterrupted).isTrue();
        }
        assertHolds(2);
    }

    @Test
    void afterAKillOfTheEngineEverythingThatWasAppendedIsThere() throws IOException, InterruptedException {
        // Given: another process that appends and says how far it is
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        AppendsUntilKilled.class.getName(),
                        state.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        long acknowledged = 0;
        while (acknowledged < 5_000) {
            acknowledged = Long.parseLong(child.inputReader().readLine());
        }

        // When
        child.destroyForcibly();
        assertThat(child.waitFor(10, TimeUnit.SECONDS)).isTrue();
        open().close();

        // Then
        var verification = JournalVerifier.verify(state);
        assertThat(verification.breaks()).isEmpty();
        assertThat(verification.lastSeq()).isGreaterThanOrEqualTo(acknowledged);
    }

    /** Run as a process of its own. */
    static final class AppendsUntilKilled {
        public static void main(String[] args) {
            FileJournal journal = FileJournal.open(
                    Path.of(args[0]), Clock.systemUTC(), new FileJournal.Limits(300_000, Duration.ofMillis(1)));
            while (true) {
                long seq = journal.append(new JournalEntry.LossNoticed("open", 1));
                if (seq % 1000 == 0) {
                    System.out.println(seq);
                }
            }
        }
    }

    @Test
    void aDiskThatIsFullIsSaidLoudlyAndLeavesNoHalfLine() throws IOException {
        // Given: nowhere to go on, as the next segment's name is taken by a directory
        try (FileJournal journal = FileJournal.open(state, NOON, new FileJournal.Limits(300, Duration.ofMillis(1)))) {
            journal.append(new JournalEntry.EngineStopped("one"));
            Path inTheWay = Segments.named(Segments.directoryIn(state), 2);
            Files.createDirectory(inTheWay);

            // When, Then
            assertThatThrownBy(() -> journal.append(new JournalEntry.EngineStopped("two".repeat(20))))
                    .isInstanceOf(JournalUnavailable.class)
                    .hasMessageContaining("entry 2 could not be written");

            // When there is room again
            Files.delete(inTheWay);
            assertThat(journal.append(new JournalEntry.EngineStopped("three"))).isEqualTo(2);
        }
        assertHolds(2);
    }

    @Test
    void aBugWhileEntriesAreWrittenLeavesTheChainWhole() throws IOException {
        // Given: the second of two entries cannot be put into words
        AtomicInteger asked = new AtomicInteger();
        InstantSource failing = () -> {
            if (asked.incrementAndGet() == 3) {
                throw new IllegalStateException("a bug");
            }
            return Entries.NOON;
        };
        JournalEntry entry = new JournalEntry.EngineStopped("x");
        try (FileJournal journal = FileJournal.open(state, failing.withZone(ZoneOffset.UTC), SMALL_SEGMENTS)) {
            journal.append(entry);

            // When
            assertThatThrownBy(() -> journal.append(List.of(entry, entry))).isInstanceOf(IllegalStateException.class);

            // Then
            assertThat(journal.append(entry)).isEqualTo(2);
        }
        assertHolds(2);
    }

    @Test
    void theDocumentedScriptAgrees() throws IOException {
        // Given
        try (FileJournal journal = open()) {
            Entries.ofEveryKind().forEach(journal::append);
        }

        // When: the five lines of ChainedLine's Javadoc, in Java
        var sha256 = ChainedLine.sha256();
        String prev = "0".repeat(64);
        for (Path segment : segments()) {
            for (String line : Files.readAllLines(segment)) {
                int cut = line.lastIndexOf(",\"hash\":");
                String body = line.substring(0, cut);

                // Then
                assertThat(body).endsWith(",\"prev\":\"" + prev + "\"");
                prev = java.util.HexFormat.of().formatHex(sha256.digest(body.getBytes(StandardCharsets.UTF_8)));
                assertThat(line.substring(cut)).isEqualTo(",\"hash\":\"" + prev + "\"}");
            }
        }
        assertThat(prev).isNotEqualTo("0".repeat(64));
    }

    @Test
    void whatExpiredOnPurposeIsNoBreakAndWhatWasDeletedOtherwiseIs() throws IOException {
        // Given: segments of an old day and of a new one
        try (FileJournal journal = open()) {
            Entries.ofEveryKind().subList(0, 12).forEach(journal::append);
        }
        int old = segments().size();
        Clock later = Clock.offset(NOON, Duration.ofDays(10));
        try (FileJournal journal = FileJournal.open(state, later, SMALL_SEGMENTS)) {
            Entries.ofEveryKind().subList(0, 12).forEach(journal::append);
            int before = segments().size();

            // When
            int expired = journal.expire(Entries.NOON.plus(Duration.ofDays(9)));

            // Then: all of the old day's but the one that the new day went on with, if it did
            assertThat(expired).isBetween(old - 1, old);
            assertThat(segments()).hasSizeBetween(before - expired, before - expired + 1);
            assertThat(journal.expire(Entries.NOON.plus(Duration.ofDays(9)))).isZero();
        }
        assertThat(JournalVerifier.verify(state).breaks()).isEmpty();

        // When someone else deletes one more
        Files.delete(segments().getFirst());

        // Then
        assertThat(JournalVerifier.verify(state).breaks()).isNotEmpty();
    }

    @Test
    void aWriteThatOnlyPartlyFitsIsTakenBackAndTheJournalGoesOnWhenThereIsRoom() throws Exception {
        // Given: a process that may write 8 KiB per file, so that some entry fits only in part
        Process child = new ProcessBuilder(
                        "sh",
                        "-c",
                        "ulimit -f 16; exec \"$@\"",
                        "sh",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:-UsePerfData",
                        "-cp",
                        System.getProperty("java.class.path"),
                        AppendsUntilFull.class.getName(),
                        state.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();

        // When
        String said = child.inputReader().readLine();
        assertThat(child.waitFor(20, TimeUnit.SECONDS)).isTrue();

        // Then: the process saw it, no half line is left, and with room the next number follows
        long good = Long.parseLong(said);
        assertThat(good).isGreaterThan(10);
        assertThat(JournalVerifier.verify(state).tornBytes()).isZero();
        assertHolds(good);
        try (FileJournal journal = open()) {
            assertThat(journal.append(new JournalEntry.EngineStopped("room again")))
                    .isEqualTo(good + 1);
        }
        assertHolds(good + 1);
    }

    /** Run as a process of its own; says how many entries it could append. */
    static final class AppendsUntilFull {
        public static void main(String[] args) {
            long good = 0;
            try (FileJournal journal = FileJournal.open(Path.of(args[0]), NOON)) {
                try {
                    while (good < 1_000) {
                        good = journal.append(new JournalEntry.LossNoticed("open", good));
                    }
                } catch (JournalUnavailable full) {
                    System.out.println(good);
                }
            }
        }
    }

    @Test
    void aStateDirectoryThatOthersMayWriteToIsRefusedWithWhatToDo() throws IOException {
        // Given
        Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwxrwxrwx"));

        // When, Then
        assertThatThrownBy(() -> FileJournal.open(state, Clock.systemUTC()))
                .isInstanceOf(JournalUnavailable.class)
                .hasMessageContaining("rwxrwxrwx")
                .hasMessageContaining("chmod go-w");
    }
}
