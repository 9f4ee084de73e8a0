package dev.pounce.source;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Collects what is wrong while a file is read, so that reading can go on. Not thread-safe. */
public final class Problems {

    private final List<Problem> found = new ArrayList<>();

    public void error(Place place, String whatWasFound, String expected) {
        found.add(new Problem(Problem.Severity.ERROR, place, whatWasFound, expected, Optional.empty()));
    }

    public void error(Place place, String whatWasFound, String expected, String suggestion) {
        found.add(new Problem(Problem.Severity.ERROR, place, whatWasFound, expected, Optional.of(suggestion)));
    }

    /** An error about a word that is in no list: suggests the nearest known one, if one is near. */
    public void unknown(Place place, String what, String word, Collection<String> known) {
        found.add(new Problem(
                Problem.Severity.ERROR,
                place,
                "unknown " + what + " '" + word + "'",
                known.size() <= 12
                        ? "one of " + String.join(", ", known.stream().sorted().toList())
                        : "a known " + what,
                Spelling.closest(word, known).map(near -> "did you mean '" + near + "'?")));
    }

    public void warning(Place place, String whatWasFound, String expected, String suggestion) {
        found.add(new Problem(Problem.Severity.WARNING, place, whatWasFound, expected, Optional.of(suggestion)));
    }

    public void add(Problem problem) {
        found.add(problem);
    }

    public void addAll(Problems others) {
        found.addAll(others.found);
    }

    public boolean hasErrors() {
        return found.stream().anyMatch(Problem::isError);
    }

    /** In the order of their places. */
    public List<Problem> all() {
        return found.stream().sorted((a, b) -> a.place().compareTo(b.place())).toList();
    }
}
