package dev.pounce.audit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The last entry that was committed: number, a blank, hash, newline, always 86 bytes, so that it is rewritten
 * in place within one sector. Without it nobody could tell that whole lines were cut off the end.
 */
record Head(long seq, String hash) {

    // More than 19 digits would not fit into a long, and no journal gets there
    private static final Pattern FORM = Pattern.compile("(0\\d{19}) ([0-9a-f]{64})\n");

    byte[] bytes() {
        return String.format(Locale.ROOT, "%020d %s\n", seq, hash).getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * @return empty when there is no such file
     * @throws IOException also when it is there and not of that form
     */
    static Optional<Head> read(Path file) throws IOException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException none) {
            return Optional.empty();
        }
        if (bytes.length == 0) {
            // Made and not written yet
            return Optional.empty();
        }
        Matcher matcher = FORM.matcher(new String(bytes, StandardCharsets.ISO_8859_1));
        if (!matcher.matches()) {
            throw new IOException(file + ": expected 20 digits, a blank and 64 hexadecimal digits");
        }
        return Optional.of(new Head(Long.parseLong(matcher.group(1)), matcher.group(2)));
    }
}
