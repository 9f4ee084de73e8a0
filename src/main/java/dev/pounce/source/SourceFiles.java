package dev.pounce.source;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Which files a path names, and what is in them. Never opens what is no regular file: a pipe would wait for ever. */
public final class SourceFiles {

    private SourceFiles() {}

    /** A file itself, whether or not it exists; of a folder, its {@code *.yaml} and {@code *.yml} in alphabetical order. */
    public static List<Path> of(Path path, Problems problems) {
        return list(path, 1, problems);
    }

    /** The same with all folders below. */
    public static List<Path> below(Path path, Problems problems) {
        return list(path, Integer.MAX_VALUE, problems);
    }

    private static List<Path> list(Path path, int depth, Problems problems) {
        if (!Files.isDirectory(path)) {
            return List.of(path);
        }
        try (Stream<Path> entries = Files.walk(path, depth)) {
            return entries.filter(SourceFiles::isYaml)
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        } catch (IOException | UncheckedIOException unreadable) {
            problems.error(Place.startOf(path.toString()), "a folder that cannot be read", "a readable folder");
            return List.of();
        }
    }

    private static boolean isYaml(Path path) {
        String name = String.valueOf(path.getFileName());
        return name.endsWith(".yaml") || name.endsWith(".yml");
    }

    /** The text of a file; empty when it cannot be had, which is then among the problems. */
    public static Optional<String> read(Path file, Problems problems) {
        Place start = Place.startOf(file.toString());
        try {
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                problems.error(start, "something that is no file", "a readable file");
                return Optional.empty();
            }
            return Optional.of(Files.readString(file, StandardCharsets.UTF_8));
        } catch (CharacterCodingException notText) {
            problems.error(start, "bytes that are not UTF-8", "a text file in UTF-8");
        } catch (IOException unreadable) {
            problems.error(start, "a file that cannot be read (" + unreadable + ")", "a readable file");
        }
        return Optional.empty();
    }
}
