package dev.pounce.source;

import java.util.Locale;
import java.util.Optional;

/**
 * One thing that is wrong, or dubious, in a file.
 *
 * @param found what stands there
 * @param expected what could stand there instead
 * @param suggestion what to do, most often the word that was probably meant
 */
public record Problem(Severity severity, Place place, String found, String expected, Optional<String> suggestion) {

    /** An error keeps the file from being loaded; a warning does not. */
    public enum Severity {
        ERROR,
        WARNING
    }

    public boolean isError() {
        return severity == Severity.ERROR;
    }

    /** As a compiler would print it; the suggestion is a line of its own. */
    public String render() {
        return renderAt(place.toString());
    }

    /** The same for readers to whom a line and a column say nothing. */
    public String renderAt(String where) {
        return where + ": " + severity.name().toLowerCase(Locale.ROOT) + ": " + words();
    }

    /** What is wrong, without where; the suggestion is a line of its own. */
    public String words() {
        String first = "found " + found + ", expected " + expected;
        return suggestion.map(s -> first + System.lineSeparator() + "    " + s).orElse(first);
    }
}
