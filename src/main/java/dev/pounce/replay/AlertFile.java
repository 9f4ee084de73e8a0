package dev.pounce.replay;

import dev.pounce.audit.JournalScan;
import dev.pounce.audit.LineReader;
import dev.pounce.detection.Detection;
import dev.pounce.intake.FalcoAlerts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Detections in a file, in Falco's JSON: one object, or one on each line, oldest first. A detection is known by the number
 * of its line; one without a time counts as of the time before it.
 *
 * <p>What it speaks of is {@link TakenAtItsWord taken at its word}.
 */
public final class AlertFile implements Recording {

    private static final int MOST_DAMAGES = 20;

    /** Of a file with a single alert over several lines. */
    private static final long LARGEST_ALERT = 16 << 20;

    private final Path file;
    private final FalcoAlerts alerts = new FalcoAlerts(this::nextId, this::lastTime);
    private long line;
    private Instant last = Instant.EPOCH;

    public AlertFile(Path file) {
        this.file = file;
    }

    private String nextId() {
        return String.format(Locale.ROOT, "line-%09d", line);
    }

    private Instant lastTime() {
        return last;
    }

    @Override
    public String name() {
        return file.toString();
    }

    @Override
    public boolean holdsPlans() {
        return false;
    }

    /** Whether it is a single detection rather than one on each line, be it one line. */
    public boolean isSingle() {
        try (LineReader lines = new LineReader(file)) {
            int objects = 0;
            while (lines.next() && objects < 2) {
                if (!isBlank(lines)) {
                    objects++;
                    if (!isWhole(lines)) {
                        return true;
                    }
                }
            }
            return objects == 1;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @throws UncheckedIOException when the file cannot be read */
    @Override
    public JournalScan.Outcome forEach(
            Optional<Instant> since, Optional<Instant> until, Consumer<JournalScan.Moment> listener) {
        List<JournalScan.Damage> damages = new ArrayList<>();
        long damaged = 0;
        line = 0;
        last = Instant.EPOCH;
        try {
            if (isSingle()) {
                line = 1;
                if (Files.size(file) > LARGEST_ALERT) {
                    throw new IOException(file + " is no JSON lines, and too large for a single alert");
                }
                damaged = read(Files.readAllBytes(file), since, until, listener, damages);
            } else {
                try (LineReader lines = new LineReader(file)) {
                    while (lines.next()) {
                        line = lines.number();
                        if (!isBlank(lines)) {
                            byte[] alert = Arrays.copyOfRange(lines.buffer(), lines.from(), lines.to());
                            damaged += read(alert, since, until, listener, damages);
                        }
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new JournalScan.Outcome(damaged, damages);
    }

    /** How many were unreadable: none or one. */
    private int read(
            byte[] alert,
            Optional<Instant> since,
            Optional<Instant> until,
            Consumer<JournalScan.Moment> listener,
            List<JournalScan.Damage> damages) {
        switch (alerts.read(alert)) {
            case FalcoAlerts.Read.Good good -> {
                Detection detection = TakenAtItsWord.of(good.alert().detection());
                last = detection.time();
                boolean wanted = since.map(from -> !last.isBefore(from)).orElse(true)
                        && until.map(to -> !last.isAfter(to)).orElse(true);
                if (wanted) {
                    listener.accept(new JournalScan.Moment.Seen(last, detection));
                }
                return 0;
            }
            case FalcoAlerts.Read.Bad bad -> {
                if (damages.size() < MOST_DAMAGES) {
                    damages.add(new JournalScan.Damage(
                            file.toString(),
                            line,
                            "found " + bad.why().found() + ", expected "
                                    + bad.why().expected()));
                }
                return 1;
            }
        }
    }

    private static boolean isBlank(LineReader lines) {
        return new String(lines.buffer(), lines.from(), lines.to() - lines.from(), StandardCharsets.ISO_8859_1)
                .isBlank();
    }

    /** Whether as many braces are closed in the line as are opened; texts do not count. */
    private static boolean isWhole(LineReader lines) {
        int depth = 0;
        boolean inText = false;
        for (int i = lines.from(); i < lines.to(); i++) {
            switch (lines.buffer()[i]) {
                case '\\' -> i += inText ? 1 : 0;
                case '"' -> inText = !inText;
                case '{' -> depth += inText ? 0 : 1;
                case '}' -> depth -= inText ? 0 : 1;
                default -> {}
            }
        }
        return depth <= 0;
    }
}
