package dev.pounce.audit;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.pounce.detection.Detection;
import dev.pounce.planning.Mode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Goes once through a journal and hands out, as values, what was seen and what was planned: fast enough for a day of a
 * million detections, and in no more memory than the longest line. Works under a running engine and on a copy. Nothing
 * is proven; {@link JournalVerifier} does that.
 */
public final class JournalScan {

    private static final Set<String> TYPES = Set.of("detection", "planned", "repeated", "engine-started");
    private static final byte[] TIME = ",\"time\":\"".getBytes(StandardCharsets.US_ASCII);

    /** So that a journal full of rubbish does not become a report full of rubbish. */
    private static final int MOST_DAMAGES = 20;

    private final Path directory;

    /** @param state the engine's state directory; it need not have a journal yet */
    public JournalScan(Path state) {
        directory = Segments.directoryIn(state);
    }

    /** What happened, in the order of the journal. */
    public sealed interface Moment {

        /** By the engine's clock. */
        Instant at();

        record Seen(Instant at, Detection detection) implements Moment {}

        /** Detections that were counted instead of written. */
        record Counted(Instant at, String rule, long count) implements Moment {}

        /**
         * @param detections the ids of those that led to it; the last one completed it
         * @param steps in their order
         */
        record Planned(
                Instant at, String response, List<String> triggers, List<String> detections, List<PlannedStep> steps)
                implements Moment {
            public Planned {
                triggers = List.copyOf(triggers);
                detections = List.copyOf(detections);
                steps = List.copyOf(steps);
            }
        }

        /** An engine began, and its sets went no further than this. */
        record Started(Instant at, Mode ceiling) implements Moment {}
    }

    /** A line that says nothing, or nothing that can be read. */
    public record Damage(String file, long line, String what) {
        public String render() {
            return file + ":" + line + ": " + what;
        }
    }

    /**
     * @param damaged how many lines were passed over
     * @param damages the first of them
     */
    public record Outcome(long damaged, List<Damage> damages) {
        public Outcome {
            damages = List.copyOf(damages);
        }
    }

    /**
     * @param since moments before it are passed over
     * @param until so are moments after it
     * @throws UncheckedIOException when a segment cannot be read
     */
    public Outcome forEach(Optional<Instant> since, Optional<Instant> until, Consumer<Moment> listener) {
        Pass pass = new Pass(since.orElse(Instant.MIN), until.orElse(Instant.MAX), listener);
        try {
            List<Path> segments = Files.isDirectory(directory) ? Segments.in(directory) : List.of();
            for (int i = 0; i < segments.size(); i++) {
                if (i + 1 == segments.size() || !endsBefore(pass.since, segments.get(i + 1))) {
                    pass.read(segments.get(i));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Outcome(pass.damaged, pass.damages);
    }

    /** When the last entry was written that can be read; empty when there is none. Reads one segment. */
    public Optional<Instant> lastTime() {
        try {
            List<Path> segments = Files.isDirectory(directory) ? Segments.in(directory) : List.of();
            for (Path segment : segments.reversed()) {
                Optional<Instant> last = lastTimeIn(segment);
                if (last.isPresent()) {
                    return last;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Optional.empty();
    }

    private static Optional<Instant> lastTimeIn(Path segment) throws IOException {
        Optional<Instant> last = Optional.empty();
        try (LineReader lines = new LineReader(segment)) {
            while (lines.next() && lines.isComplete()) {
                try {
                    last = Optional.of(timeOf(lines));
                } catch (IllegalArgumentException | DateTimeException unreadable) {
                    // the one before it then
                }
            }
        }
        return last;
    }

    private static boolean endsBefore(Instant since, Path nextSegment) throws IOException {
        try {
            return JournalReader.firstTimeIn(nextSegment)
                    .map(first -> first.isBefore(since))
                    .orElse(false);
        } catch (NoSuchFileException expiredMeanwhile) {
            return false;
        }
    }

    /** One way through the files. */
    private static final class Pass {
        private final Instant since;
        private final Instant until;
        private final Consumer<Moment> listener;
        private final List<Damage> damages = new ArrayList<>();
        private long damaged;

        Pass(Instant since, Instant until, Consumer<Moment> listener) {
            this.since = since;
            this.until = until;
            this.listener = listener;
        }

        void read(Path segment) throws IOException {
            String file = segment.getFileName().toString();
            try (LineReader lines = new LineReader(segment)) {
                while (lines.next() && lines.isComplete()) {
                    String type = ChainedLine.typeOf(lines.buffer(), lines.from(), lines.to());
                    if (type.isEmpty()) {
                        damage(file, lines.number(), "is no entry");
                    } else if (TYPES.contains(type)) {
                        read(type, lines, file);
                    }
                }
            } catch (NoSuchFileException expiredMeanwhile) {
                // Its entries are too old for anyone to ask about
            }
        }

        private void read(String type, LineReader lines, String file) {
            Optional<Moment> moment;
            try {
                Instant at = timeOf(lines);
                if (at.isAfter(until) || (at.isBefore(since) && !type.equals("engine-started"))) {
                    return;
                }
                moment = parse(type, at, lines);
            } catch (IOException broken) {
                damage(file, lines.number(), "is no JSON");
                return;
            } catch (IllegalArgumentException | DateTimeException unreadable) {
                damage(file, lines.number(), "cannot be read: " + unreadable.getMessage());
                return;
            }
            moment.ifPresent(listener);
        }

        private void damage(String file, long line, String what) {
            damaged++;
            if (damages.size() < MOST_DAMAGES) {
                damages.add(new Damage(file, line, what));
            }
        }
    }

    /** It stands second in every line. */
    private static Instant timeOf(LineReader lines) {
        byte[] buffer = lines.buffer();
        int comma = lines.from();
        while (comma < lines.to() && buffer[comma] != ',') {
            comma++;
        }
        int begin = comma + TIME.length;
        int end = begin;
        while (end < lines.to() && buffer[end] != '"') {
            end++;
        }
        return JournalTokens.time(
                new String(buffer, Math.min(begin, end), Math.max(0, end - begin), StandardCharsets.ISO_8859_1));
    }

    private static Optional<Moment> parse(String type, Instant at, LineReader lines) throws IOException {
        try (JsonParser parser =
                JournalTokens.JSON.createParser(lines.buffer(), lines.from(), lines.to() - lines.from())) {
            parser.nextToken();
            JournalTokens.beginObject(parser);
            Moment moment =
                    switch (type) {
                        case "detection" -> seen(at, parser);
                        case "planned" -> planned(at, parser);
                        case "repeated" -> counted(at, parser);
                        default -> started(at, parser);
                    };
            return Optional.of(moment);
        }
    }

    private static Moment seen(Instant at, JsonParser parser) throws IOException {
        Detection detection = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            if (key.equals("detection")) {
                detection = JournalTokens.detection(parser);
            } else {
                parser.skipChildren();
            }
        }
        if (detection == null) {
            throw new IllegalArgumentException("there is no detection in it");
        }
        return new Moment.Seen(at, detection);
    }

    private static Moment planned(Instant at, JsonParser parser) throws IOException {
        String response = "";
        List<String> triggers = List.of();
        List<String> detections = List.of();
        List<PlannedStep> steps = new ArrayList<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            switch (key) {
                case "response" -> response = parser.getText();
                case "triggers" -> triggers = JournalTokens.texts(parser);
                case "detections" -> detections = JournalTokens.texts(parser);
                case "steps" -> {
                    JournalTokens.beginArray(parser);
                    while (parser.nextToken() != JsonToken.END_ARRAY) {
                        steps.add(step(parser));
                    }
                }
                default -> parser.skipChildren();
            }
        }
        return new Moment.Planned(at, response, triggers, detections, steps);
    }

    private static PlannedStep step(JsonParser parser) throws IOException {
        String id = "";
        String actionSet = "";
        String mode = "";
        JournalTokens.ActionWords action = new JournalTokens.ActionWords("", "{}", "");
        JournalTokens.beginObject(parser);
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            switch (key) {
                case "id" -> id = parser.getText();
                case "action_set" -> actionSet = parser.getText();
                case "mode" -> mode = parser.getText();
                case "action" -> action = JournalTokens.action(parser);
                default -> parser.skipChildren();
            }
        }
        return new PlannedStep(id, actionSet, action.verb(), action.parameters(), action.target(), mode);
    }

    private static Moment counted(Instant at, JsonParser parser) throws IOException {
        String rule = "";
        long count = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            switch (key) {
                case "rule" -> rule = parser.getText();
                case "count" -> count = parser.getLongValue();
                default -> parser.skipChildren();
            }
        }
        return new Moment.Counted(at, rule, count);
    }

    private static Moment started(Instant at, JsonParser parser) throws IOException {
        Mode ceiling = Mode.ENFORCE;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            if (key.equals("ceiling")) {
                ceiling = Mode.parse(parser.getText()).orElse(Mode.ENFORCE);
            } else {
                parser.skipChildren();
            }
        }
        return new Moment.Started(at, ceiling);
    }
}
