package dev.pounce.cli;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A duration before now, or a time. */
final class WhenConverter implements ITypeConverter<Instant> {
    @Override
    public Instant convert(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException notATime) {
            return Instant.now().minus(durationOf(text));
        }
    }

    private static Duration durationOf(String text) {
        String word = text.toLowerCase(Locale.ROOT);
        String iso = word.endsWith("d") ? "p" + word : "pt" + word;
        try {
            return Duration.parse(iso);
        } catch (DateTimeParseException notADuration) {
            throw new TypeConversionException(
                    "'" + text + "' is no time; expected 90s, 15m, 24h, 7d or 2026-11-23T10:00:00Z");
        }
    }
}
