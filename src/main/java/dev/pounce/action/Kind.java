package dev.pounce.action;

import dev.pounce.source.DurationText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a parameter may be. Every value it accepts can be written to the journal and read back as it was. */
public sealed interface Kind {

    /** The most entries of a list or map; the journal keeps no more of one. */
    int MOST_ENTRIES = 256;

    /**
     * The value of what was written: text of a file, a field of a detection, or the journal's JSON. Empty when it is not
     * what is expected. A list or map is of texts.
     */
    Optional<Object> read(Object plain);

    /** What may be written, for a message. */
    String expected();

    /** Whether {@code ${field}} in it is replaced by what a detection says. */
    boolean takesFields();

    record Text(Form form) implements Kind {
        @Override
        public Optional<Object> read(Object plain) {
            return textOf(plain).filter(form::accepts).map(text -> text);
        }

        @Override
        public String expected() {
            return form.expected();
        }

        @Override
        public boolean takesFields() {
            return form.takesFields();
        }
    }

    record Choice(List<String> words) implements Kind {
        public Choice {
            words = List.copyOf(words);
        }

        @Override
        public Optional<Object> read(Object plain) {
            return textOf(plain).filter(words::contains).map(text -> text);
        }

        @Override
        public String expected() {
            return "one of " + String.join(", ", words);
        }

        @Override
        public boolean takesFields() {
            return false;
        }
    }

    /** A {@code Long}. */
    record Amount(long least, long most) implements Kind {
        @Override
        public Optional<Object> read(Object plain) {
            return textOf(plain)
                    .filter(text -> text.matches("-?\\d{1,18}"))
                    .map(Long::valueOf)
                    .filter(number -> number >= least && number <= most)
                    .map(number -> number);
        }

        @Override
        public String expected() {
            return "a number from " + least + " to " + most;
        }

        @Override
        public boolean takesFields() {
            return true;
        }
    }

    /** A {@code Boolean}. */
    record Flag() implements Kind {
        @Override
        public Optional<Object> read(Object plain) {
            return switch (textOf(plain).orElse("")) {
                case "true" -> Optional.of(true);
                case "false" -> Optional.of(false);
                default -> Optional.empty();
            };
        }

        @Override
        public String expected() {
            return "true or false";
        }

        @Override
        public boolean takesFields() {
            return false;
        }
    }

    /** A {@code Duration}, to the millisecond. */
    record Time(Duration least, Duration most) implements Kind {
        @Override
        public Optional<Object> read(Object plain) {
            return textOf(plain)
                    .flatMap(DurationText::parse)
                    .filter(time -> time.compareTo(least) >= 0 && time.compareTo(most) <= 0)
                    .map(time -> time);
        }

        @Override
        public String expected() {
            return "a time from " + DurationText.display(least) + " to " + DurationText.display(most);
        }

        @Override
        public boolean takesFields() {
            return false;
        }
    }

    /** A {@link Share}. */
    record Portion() implements Kind {
        @Override
        public Optional<Object> read(Object plain) {
            return textOf(plain).flatMap(Share::parse).map(share -> share);
        }

        @Override
        public String expected() {
            return Share.EXPECTED;
        }

        @Override
        public boolean takesFields() {
            return false;
        }
    }

    /** A {@code List<String>} with at least one entry; what they are called is for messages: {@code addresses}. */
    record Words(Form form, String called) implements Kind {
        @Override
        public Optional<Object> read(Object plain) {
            List<?> list = plain instanceof List<?> several ? several : List.of(plain);
            if (list.isEmpty() || list.size() > MOST_ENTRIES) {
                return Optional.empty();
            }
            List<String> words = new ArrayList<>(list.size());
            for (Object entry : list) {
                Optional<String> text = textOf(entry).filter(form::accepts);
                if (text.isEmpty()) {
                    return Optional.empty();
                }
                words.add(text.get());
            }
            return Optional.of(List.copyOf(words));
        }

        @Override
        public String expected() {
            return "a list of " + called + ", each " + form.expected();
        }

        @Override
        public boolean takesFields() {
            return form.takesFields();
        }
    }

    /** A {@code Map<String, String>} with at least one entry. Only its values may name fields. */
    record WordMap(Form key, Form value, String called) implements Kind {
        @Override
        public Optional<Object> read(Object plain) {
            if (!(plain instanceof Map<?, ?> map) || map.isEmpty() || map.size() > MOST_ENTRIES) {
                return Optional.empty();
            }
            Map<String, String> words = new LinkedHashMap<>();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                Optional<String> text = textOf(entry.getValue()).filter(value::accepts);
                String name = String.valueOf(entry.getKey());
                if (text.isEmpty() || !key.accepts(name)) {
                    return Optional.empty();
                }
                words.put(name, text.get());
            }
            return Optional.of(Collections.unmodifiableMap(words));
        }

        @Override
        public String expected() {
            return "a mapping of " + called + ": " + key.expected() + ", and behind it " + value.expected();
        }

        @Override
        public boolean takesFields() {
            return value.takesFields();
        }
    }

    /** {@link Parameters} within parameters. */
    record Inner(List<Parameter> parameters) implements Kind {
        public Inner {
            parameters = List.copyOf(parameters);
        }

        @Override
        public Optional<Object> read(Object plain) {
            try {
                return plain instanceof Map<?, ?> map
                        ? Optional.of(Parameters.read(parameters, map))
                        : Optional.empty();
            } catch (IllegalArgumentException wrong) {
                return Optional.empty();
            }
        }

        @Override
        public String expected() {
            return "a mapping with "
                    + String.join(", ", parameters.stream().map(Parameter::name).toList());
        }

        @Override
        public boolean takesFields() {
            return parameters.stream().anyMatch(parameter -> parameter.kind().takesFields());
        }
    }

    private static Optional<String> textOf(Object plain) {
        return switch (plain) {
            case String text -> Optional.of(text);
            case Long number -> Optional.of(number.toString());
            case Integer number -> Optional.of(number.toString());
            case Boolean truth -> Optional.of(truth.toString());
            case Duration time -> Optional.of(DurationText.display(time));
            case Share share -> Optional.of(share.display());
            default -> Optional.empty();
        };
    }
}
