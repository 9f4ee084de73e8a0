package dev.pounce.detection;

import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.detection.language.FieldBinder;
import dev.pounce.detection.language.FieldTable;
import dev.pounce.detection.language.FieldType;
import dev.pounce.detection.language.FieldUse;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Gets fields out of detections: those that the detection carries, by the names under which it carries them.
 * Which these are depends on each detection, so every field is supported and may be missing.
 *
 * <p>Other products have fields that Falco has not, and JSON has its own ideas of types. {@code detection.field[NAME]} is
 * the field NAME, whatever it is, as text; Falco's own fields get the type that Falco gives them. What every detection
 * has besides fields is {@code detection.rule}, {@code .priority}, {@code .source}, {@code .tags} (joined by commas),
 * {@code .output}, {@code .id} and {@code .hostname} (the node's name).
 */
public final class DetectionFields implements FieldBinder<Detection> {

    private static final String BY_NAME = "detection.field";

    private static final Map<String, Extractor<Detection>> OF_EVERY_ONE = Map.of(
            "detection.rule", Detection::rule,
            "detection.priority", detection -> detection.priority().display(),
            "detection.source", Detection::source,
            "detection.tags", detection -> String.join(",", detection.tags()),
            "detection.output", Detection::output,
            "detection.id", Detection::id,
            "detection.hostname", DetectionFields::hostname);

    @Override
    public Optional<Extractor<Detection>> bind(FieldUse use) {
        String argument = use.argument();
        if (use.name().equals(BY_NAME) && argument != null) {
            return Optional.of(detection -> text(detection.fields().get(argument)));
        }
        String key = use.toString();
        Extractor<Detection> ofEveryOne = OF_EVERY_ONE.get(key);
        if (ofEveryOne != null) {
            return Optional.of(ofEveryOne);
        }
        Optional<FieldType> type = FieldTable.typeOf(use);
        if (type.equals(Optional.of(FieldType.STRING))) {
            return Optional.of(detection -> texts(detection.fields().get(key)));
        }
        if (type.filter(FieldType::isInteger).isPresent()) {
            return Optional.of(detection -> number(detection.fields().get(key)));
        }
        return Optional.of(detection -> value(detection.fields().get(key)));
    }

    @Override
    public Optional<FieldType> ownType(FieldUse use) {
        boolean own =
                OF_EVERY_ONE.containsKey(use.toString()) || (use.name().equals(BY_NAME) && use.argument() != null);
        return own ? Optional.of(FieldType.STRING) : Optional.empty();
    }

    /** A field as the detection has it, or something that every detection has; null when it does not. */
    public static @Nullable Object valueOf(String name, Detection detection) {
        Extractor<Detection> ofEveryOne = OF_EVERY_ONE.get(name);
        if (ofEveryOne != null) {
            return ofEveryOne.extract(detection);
        }
        String argument = name.startsWith(BY_NAME) ? FieldUse.parse(name).argument() : null;
        return detection.fields().get(argument == null ? name : argument);
    }

    /** Which of Falco's fields a detection has to carry so that this one can be read. */
    public static Optional<FieldUse> carriedFor(FieldUse use) {
        String argument = use.argument();
        FieldUse carried = use.name().equals(BY_NAME) && argument != null ? FieldUse.parse(argument) : use;
        return Optional.of(carried).filter(field -> FieldTable.typeOf(field).isPresent());
    }

    private static @Nullable String hostname(Detection detection) {
        for (Asset asset : detection.assets()) {
            switch (asset) {
                case NodeRef node -> {
                    return node.name();
                }
                case ProcessRef process -> {
                    return process.node().name();
                }
                case ContainerRef container -> {
                    return container.node().name();
                }
                default -> {}
            }
        }
        return null;
    }

    /** Other products' JSON has integers of any size of type. */
    private static @Nullable Object value(@Nullable Object value) {
        return switch (value) {
            case Integer number -> number.longValue();
            case Short number -> number.longValue();
            case Float number -> number.doubleValue();
            case List<?> list -> list.stream().map(DetectionFields::value).toList();
            case null, default -> value;
        };
    }

    private static @Nullable Object texts(@Nullable Object value) {
        return switch (value) {
            case String text -> text;
            case Number number -> text(number);
            case Boolean truth -> truth.toString();
            case List<?> list -> list.stream().map(DetectionFields::texts).toList();
            case null, default -> value;
        };
    }

    /** A whole number may come as 5.0 or "5". */
    private static @Nullable Object number(@Nullable Object value) {
        return switch (value) {
            case Long number -> number;
            case Number number -> {
                BigDecimal exact = exact(number);
                yield exact == null || exact.stripTrailingZeros().scale() > 0 || exact.precision() - exact.scale() > 20
                        ? value
                        : (Object) exact.toBigInteger().longValue();
            }
            case String text
            when !text.isEmpty()
                    && text.length() < 20
                    && text.chars().skip(text.startsWith("-") ? 1 : 0).allMatch(c -> c >= '0' && c <= '9')
                    && !text.equals("-") -> new java.math.BigInteger(text).longValue();
            case List<?> list -> list.stream().map(DetectionFields::number).toList();
            case null, default -> value;
        };
    }

    private static @Nullable BigDecimal exact(Number number) {
        double inexact = number.doubleValue();
        return Double.isFinite(inexact) ? new BigDecimal(number.toString()) : null;
    }

    private static @Nullable String text(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case Number number -> {
                BigDecimal exact = exact(number);
                yield exact == null ? number.toString() : plain(exact);
            }
            case byte[] bytes -> new String(bytes, StandardCharsets.UTF_8);
            case List<?> list ->
                list.stream().map(item -> String.valueOf(text(item))).collect(Collectors.joining(" ", "[", "]"));
            default -> value.toString();
        };
    }

    /** Without an exponent, unless there is nothing but zeros to gain. */
    private static String plain(BigDecimal number) {
        BigDecimal shortest = number.stripTrailingZeros();
        return Math.abs(shortest.scale()) > 40 ? shortest.toString() : shortest.toPlainString();
    }
}
