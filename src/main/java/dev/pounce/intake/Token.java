package dev.pounce.intake;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The secret that senders of alerts must know: in the file {@code token} of the state directory, for its owner's eyes. */
public final class Token {

    private static final int BYTES = 32;
    private static final int SHORTEST = 32;
    private static final String SCHEME = "bearer ";

    private final byte[] secret;

    Token(String secret) {
        this.secret = secret.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * The one that is there, or a new one. Blocks for the file.
     *
     * @throws IOException also when others may read it, or when it is too short to be a secret
     */
    public static Token in(Path state) throws IOException {
        Path file = state.resolve("token");
        if (!Files.exists(file)) {
            create(file);
        }
        Set<PosixFilePermission> others = EnumSet.copyOf(Files.getPosixFilePermissions(file));
        others.removeAll(EnumSet.of(
                PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE));
        if (!others.isEmpty()) {
            throw new IOException("the token in " + file + " can be used by others ("
                    + PosixFilePermissions.toString(Files.getPosixFilePermissions(file))
                    + "), expected rw-------: delete it, and the next start makes another");
        }
        String secret = Files.readString(file).strip();
        if (secret.length() < SHORTEST) {
            throw new IOException("the token in " + file + " has " + secret.length() + " characters, expected at least "
                    + SHORTEST + ": delete it, and the next start makes another");
        }
        return new Token(secret);
    }

    /** Whole or not at all: under another name first, so that a crash leaves no half secret. */
    private static void create(Path file) throws IOException {
        byte[] random = new byte[BYTES];
        new SecureRandom().nextBytes(random);
        Path draft = file.resolveSibling("token.new");
        Files.deleteIfExists(draft);
        try (FileChannel channel = FileChannel.open(
                draft,
                Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            ByteBuffer text = StandardCharsets.US_ASCII.encode(HexFormat.of().formatHex(random) + "\n");
            while (text.hasRemaining()) {
                int ignored = channel.write(text);
            }
            channel.force(true);
        }
        try {
            Files.createLink(file, draft);
        } catch (FileAlreadyExistsException another) {
            return; // somebody put one there meanwhile, and meant it
        } finally {
            Files.delete(draft);
        }
    }

    /** Whether this is the value of an {@code Authorization} header that carries it. Takes as long for a near miss. */
    boolean isIn(@Nullable String authorization) {
        if (authorization == null || !authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return false;
        }
        String presented = authorization.substring(SCHEME.length()).strip();
        return MessageDigest.isEqual(secret, presented.getBytes(StandardCharsets.UTF_8));
    }
}
