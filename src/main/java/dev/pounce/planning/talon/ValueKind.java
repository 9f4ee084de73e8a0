package dev.pounce.planning.talon;

import dev.pounce.source.Yaml;
import java.util.regex.Pattern;

/** What a value is by the way it is written: Talon does not take {@code 2} where it wants {@code "2"}. */
enum ValueKind {
    NOTHING("nothing"),
    TEXT("a text"),
    INTEGER("a whole number"),
    FRACTION("a number"),
    FLAG("true or false"),
    LIST("a list"),
    MAP("a mapping");

    private static final Pattern WHOLE = Pattern.compile("[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+");
    private static final Pattern BROKEN = Pattern.compile(
            "[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN)");
    private static final Pattern TRUTH = Pattern.compile("true|True|TRUE|false|False|FALSE");

    private final String display;

    ValueKind(String display) {
        this.display = display;
    }

    String display() {
        return display;
    }

    static ValueKind of(Yaml value) {
        return switch (value) {
            case Yaml.Mapping mapping -> MAP;
            case Yaml.Sequence sequence -> LIST;
            case Yaml.Scalar scalar when scalar.isNull() -> NOTHING;
            case Yaml.Scalar scalar when scalar.quoted() -> TEXT;
            case Yaml.Scalar scalar when TRUTH.matcher(scalar.text()).matches() -> FLAG;
            case Yaml.Scalar scalar when WHOLE.matcher(scalar.text()).matches() -> INTEGER;
            case Yaml.Scalar scalar when BROKEN.matcher(scalar.text()).matches() -> FRACTION;
            case Yaml.Scalar scalar -> TEXT;
        };
    }
}
