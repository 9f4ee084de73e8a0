package dev.pounce.planning;

import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A condition language of three sentences: {@code field = value}, {@code field != value} and {@code field exists}. */
final class FieldEqualsValue implements WhereCompiler {

    private static final Pattern FORM = Pattern.compile("\\s*(\\S+)\\s+(?:(!?=)\\s+(\\S+)|exists)\\s*");
    private static final List<String> FIELDS = List.of("proc.name", "container.id", "fd.sport");

    @Override
    public Optional<Compiled> compile(String text, Place place, Problems problems) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            problems.error(place, "'" + text + "'", "field = value");
            return Optional.empty();
        }
        String field = matcher.group(1);
        if (!FIELDS.contains(field)) {
            problems.unknown(place, "field", field, FIELDS);
            return Optional.empty();
        }
        if (matcher.group(2) == null) {
            return Optional.of(new Compiled(d -> d.fields().get(field) != null, Set.of(field)));
        }
        boolean equal = matcher.group(2).equals("=");
        String value = matcher.group(3);
        return Optional.of(new Compiled(d -> value.equals(d.fields().get(field)) == equal, Set.of(field)));
    }
}
