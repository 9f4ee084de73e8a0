package dev.pounce.audit;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** The files of a journal: where they lie and what they are called. */
final class Segments {

    private static final String SUFFIX = ".jsonl";
    private static final int DIGITS = 20;

    private Segments() {}

    static Path directoryIn(Path state) {
        return state.resolve("journal");
    }

    static Path head(Path directory) {
        return directory.resolve("head");
    }

    static Path named(Path directory, long firstSeq) {
        return directory.resolve(String.format(Locale.ROOT, "%0" + DIGITS + "d", firstSeq) + SUFFIX);
    }

    static long firstSeqOf(Path segment) {
        String name = segment.getFileName().toString();
        return Long.parseLong(name.substring(0, DIGITS));
    }

    /** Oldest first. */
    static List<Path> in(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(Segments::isSegment).sorted().toList();
        }
    }

    private static boolean isSegment(Path file) {
        String name = file.getFileName().toString();
        return name.length() == DIGITS + SUFFIX.length()
                && name.endsWith(SUFFIX)
                && name.charAt(0) == '0'
                && name.chars().limit(DIGITS).allMatch(c -> c >= '0' && c <= '9');
    }

    static void createDirectory(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
    }

    static void createFile(Path file) throws IOException {
        if (!Files.exists(file)) {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
    }

    /** For what an engine may have written and not lived to synchronise. */
    static void syncNewest(Path directory, int count) throws IOException {
        List<Path> segments = in(directory);
        for (Path segment : segments.subList(Math.max(0, segments.size() - count), segments.size())) {
            try (FileChannel channel = FileChannel.open(segment, StandardOpenOption.WRITE)) {
                channel.force(false);
            }
        }
        sync(directory);
    }

    /** A file is only there after a power cut if its directory was synchronised too. */
    static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
