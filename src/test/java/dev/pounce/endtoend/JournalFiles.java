package dev.pounce.endtoend;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The journal of an engine as it lies on the disk. */
final class JournalFiles {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path state;

    JournalFiles(Path state) {
        this.state = state;
    }

    /** Of the type, such as {@code intended}, in the order of the journal. */
    List<JsonNode> entries(String type) {
        return entries().stream()
                .filter(entry -> entry.path("type").asText().equals(type))
                .toList();
    }

    /** Of a journal that is being written to: what has no end yet does not count. */
    long count(String type) {
        return segments().stream()
                .flatMap(segment -> lines(segment).stream())
                .filter(line -> line.contains("\"type\":\"" + type + "\""))
                .count();
    }

    List<JsonNode> entries() {
        List<JsonNode> entries = new ArrayList<>();
        for (Path segment : segments()) {
            for (String line : lines(segment)) {
                try {
                    entries.add(JSON.readTree(line));
                } catch (JsonProcessingException broken) {
                    throw new AssertionError("not JSON: " + line, broken);
                }
            }
        }
        return entries;
    }

    /** The file of a journal that is small. */
    Path onlySegment() {
        List<Path> segments = segments();
        if (segments.size() != 1) {
            throw new AssertionError("expected one segment, found " + segments);
        }
        return segments.getFirst();
    }

    static List<String> lines(Path segment) {
        try {
            return Files.readAllLines(segment);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private List<Path> segments() {
        try (Stream<Path> files = Files.list(state.resolve("journal"))) {
            return files.filter(file -> file.toString().endsWith(".jsonl"))
                    .sorted()
                    .toList();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /** The same journal elsewhere, to be tampered with. */
    JournalFiles copyTo(Path other) {
        try {
            Files.createDirectories(other.resolve("journal"));
            try (Stream<Path> files = Files.list(state.resolve("journal"))) {
                for (Path file : files.toList()) {
                    Files.copy(file, other.resolve("journal").resolve(file.getFileName()));
                }
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        return new JournalFiles(other);
    }

    Path state() {
        return state;
    }
}
