package dev.pounce.cli;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How long: {@code 90s}, {@code 15m}, {@code 24h}, {@code 7d}. */
final class DurationConverter implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
        String word = text.toLowerCase(Locale.ROOT);
        try {
            Duration duration = Duration.parse(word.endsWith("d") ? "p" + word : "pt" + word);
            if (!duration.isNegative() && !duration.isZero()) {
                return duration;
            }
        } catch (DateTimeParseException notDuration) {
            // said below
        }
        throw new TypeConversionException("'" + text + "' is no duration; expected 90s, 15m, 24h or 7d");
    }
}
