package dev.pounce.action.evidence;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Set;

/**
 * A folder, for its owner's eyes only. What is being written has the ending {@code .part}, also after a crash; it gets its name
 * when it is whole and on the disk.
 */
final class FolderStore implements EvidenceStore {

    private static final FileAttribute<Set<PosixFilePermission>> OURS =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final FileAttribute<Set<PosixFilePermission>> OURS_TO_READ =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path folder;

    FolderStore(Path folder) {
        this.folder = folder.toAbsolutePath().normalize();
    }

    @Override
    public Upload begin(String key, String contentType, Instant deadline) throws Trouble {
        Path file = folder.resolve(key).normalize();
        if (!file.startsWith(folder)) {
            throw new Trouble(key + " is outside of " + folder, false);
        }
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try {
            Files.createDirectories(file.getParent(), OURS);
            return new Writing(file, part, open(part));
        } catch (FileAlreadyExistsException exists) {
            throw new Trouble(part + " is there already", false);
        } catch (IOException failed) {
            throw trouble(file, failed);
        }
    }

    private static FileChannel open(Path part) throws IOException {
        return FileChannel.open(part, Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), OURS_TO_READ);
    }

    @Override
    public Readiness readiness(Instant deadline) {
        Path existing = folder;
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        if (!Files.isDirectory(existing)) {
            return new Readiness.Unusable(existing + " is not a folder", false);
        }
        return Files.isWritable(existing)
                ? new Readiness.Ready()
                : new Readiness.Unusable(existing + " cannot be written", false);
    }

    @Override
    public String at(String key) {
        return folder.resolve(key).toUri().toString();
    }

    private static Trouble trouble(Path file, IOException failed) {
        return new Trouble(file + " cannot be written: " + failed.getMessage(), false);
    }

    private static final class Writing extends Upload {

        private final Path file;
        private final Path part;
        private final FileChannel channel;
        private boolean finished;

        Writing(Path file, Path part, FileChannel channel) {
            this.file = file;
            this.part = part;
            this.channel = channel;
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            try {
                ByteBuffer rest = ByteBuffer.wrap(bytes, from, length);
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
            } catch (IOException failed) {
                throw trouble(file, failed);
            }
        }

        @Override
        void finish() throws Trouble {
            try {
                channel.force(true);
                channel.close();
                // Unlike a rename, a link never takes the place of what is there
                Files.createLink(file, part);
                Files.delete(part);
                try (FileChannel parent = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
                    parent.force(true);
                }
                finished = true;
            } catch (FileAlreadyExistsException exists) {
                throw new Trouble(file + " is there already", false);
            } catch (IOException failed) {
                throw trouble(file, failed);
            }
        }

        @Override
        public void close() {
            try {
                channel.close();
                if (!finished) {
                    Files.deleteIfExists(part);
                }
            } catch (IOException stays) {
                // As it would after a crash; its name says what it is
            }
        }
    }
}
