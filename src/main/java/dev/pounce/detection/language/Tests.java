package dev.pounce.detection.language;

import com.google.re2j.Pattern;
import dev.pounce.detection.language.Expression.Right.One;
import dev.pounce.detection.language.Operator.Modifier;
import dev.pounce.source.Problems;
import dev.pounce.source.Spelling;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Turns what stands right of an operator into a test of one value. */
final class Tests {

    /** Says yes or no to a value that is there; a value of another type than expected is a no. */
    @FunctionalInterface
    interface Test {
        boolean test(Object value);
    }

    private static final BigInteger MAX_UNSIGNED = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);
    private static final BigInteger MAX_SIGNED = BigInteger.valueOf(Long.MAX_VALUE);
    private static final BigInteger MIN_SIGNED = BigInteger.valueOf(Long.MIN_VALUE);

    private Tests() {}

    /** The test of one or several constants; null when one of them cannot be: then {@code problems} says why. */
    static @Nullable Test of(
            FieldType type, Operator operator, Modifier modifier, List<One> constants, Problems problems) {
        if (operator.takesList()) {
            return operator == Operator.PMATCH ? prefixes(constants) : memberOf(type, constants, problems);
        }
        List<Test> tests = new ArrayList<>();
        boolean complete = true;
        for (One constant : constants) {
            Test test = single(type, operator, constant, problems);
            if (test == null) {
                complete = false;
            } else {
                tests.add(test);
            }
        }
        if (!complete) {
            return null;
        }
        Test[] all = tests.toArray(Test[]::new);
        return switch (modifier) {
            case NONE -> all[0];
            case ANYOF -> value -> count(all, value, 1) > 0;
            case ONEOF -> value -> count(all, value, 2) == 1;
            case ALLOF -> value -> count(all, value, all.length) == all.length;
        };
    }

    private static int count(Test[] tests, Object value, int enough) {
        int matched = 0;
        for (Test test : tests) {
            if (test.test(value) && ++matched >= enough) {
                return matched;
            }
        }
        return matched;
    }

    private static Test prefixes(List<One> constants) {
        PathPrefixes prefixes =
                new PathPrefixes(constants.stream().map(One::text).toList());
        return value -> value instanceof String path && prefixes.matches(path);
    }

    private static @Nullable Test memberOf(FieldType type, List<One> constants, Problems problems) {
        if (type == FieldType.IP || type == FieldType.NET || type == FieldType.BUFFER) {
            List<Test> tests = new ArrayList<>();
            for (One constant : constants) {
                Test test = single(type, Operator.EQUAL, constant, problems);
                if (test == null) {
                    return null;
                }
                tests.add(test);
            }
            Test[] all = tests.toArray(Test[]::new);
            return value -> count(all, value, 1) > 0;
        }
        Set<Object> members = new HashSet<>();
        boolean complete = true;
        for (One constant : constants) {
            Object member = constant(type, constant, problems);
            if (member == null) {
                complete = false;
            } else {
                members.add(member);
            }
        }
        if (!complete) {
            return null;
        }
        if (members.size() == 1) {
            Object only = members.iterator().next();
            return only::equals;
        }
        return members::contains;
    }

    private static @Nullable Test single(FieldType type, Operator operator, One constant, Problems problems) {
        return switch (type) {
            case STRING -> string(operator, constant, problems);
            case BUFFER -> buffer(operator, constant, problems);
            case IP -> {
                IpAddress address = IpAddress.parse(constant.text());
                if (address == null) {
                    problems.error(constant.spot().place(), "'" + constant.text() + "'", "an IPv4 or IPv6 address");
                    yield null;
                }
                Test same = value -> value instanceof String text && address.equals(IpAddress.parse(text));
                yield operator == Operator.NOT_EQUAL ? value -> !same.test(value) : same;
            }
            case NET -> {
                IpAddress.Network network = IpAddress.Network.parse(constant.text());
                if (network == null) {
                    problems.error(
                            constant.spot().place(), "'" + constant.text() + "'", "a network such as 10.0.0.0/8");
                    yield null;
                }
                Test within = value -> {
                    IpAddress address = value instanceof String text ? IpAddress.parse(text) : null;
                    return address != null && network.contains(address);
                };
                yield operator == Operator.NOT_EQUAL ? value -> !within.test(value) : within;
            }
            default -> {
                Object parsed = constant(type, constant, problems);
                if (parsed == null) {
                    yield null;
                }
                if (parsed instanceof Long number) {
                    yield type.isSigned() ? signed(operator, number) : unsigned(operator, number);
                }
                if (parsed instanceof Double number) {
                    yield decimal(operator, number);
                }
                yield operator == Operator.NOT_EQUAL ? value -> !parsed.equals(value) : parsed::equals;
            }
        };
    }

    /** A {@code String}, {@code Long}, {@code Double} or {@code Boolean}; null when the text is none of the type. */
    private static @Nullable Object constant(FieldType type, One constant, Problems problems) {
        String text = constant.text();
        switch (type) {
            case STRING -> {
                return text;
            }
            case BOOL -> {
                if (text.equals("true") || text.equals("false")) {
                    return Boolean.valueOf(text);
                }
                problems.error(constant.spot().place(), "'" + text + "'", "true or false");
                return null;
            }
            case PORT -> {
                return port(constant, problems);
            }
            case DOUBLE, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64 -> {
                // Falco parses whole numbers only, also for fields that have fractions
                Long number = integer(text, type == FieldType.DOUBLE ? FieldType.INT64 : type);
                if (number == null) {
                    problems.error(constant.spot().place(), "'" + text + "'", "a whole number in decimal digits");
                    return null;
                }
                return type == FieldType.DOUBLE ? (Object) Double.valueOf(number) : number;
            }
            default -> throw new IllegalStateException("constants of type " + type + " are read elsewhere");
        }
    }

    private static @Nullable Long port(One constant, Problems problems) {
        String text = constant.text();
        if (!text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            BigInteger number = new BigInteger(text);
            if (number.bitLength() < 32) {
                return number.longValue() & 0xffff;
            }
        }
        Integer port = ServiceNames.ports().get(text);
        if (port == null) {
            String found = "unknown port '" + text + "'";
            String expected = "a number from 0 to 65535, or the name of a service";
            Spelling.closest(text, ServiceNames.ports().keySet())
                    .ifPresentOrElse(
                            near -> problems.error(
                                    constant.spot().place(), found, expected, "did you mean '" + near + "'?"),
                            () -> problems.error(constant.spot().place(), found, expected));
            return null;
        }
        return port.longValue();
    }

    /**
     * As C's {@code scanf} reads a number: blanks before it are skipped, what does not fit is cut to the nearest
     * number of 64 bits and then to the bits of the type.
     */
    static @Nullable Long integer(String text, FieldType type) {
        int start = 0;
        while (start < text.length() && ConditionParser.isBlank(text.charAt(start))) {
            start++;
        }
        int digits = start;
        if (digits < text.length() && (text.charAt(digits) == '-' || text.charAt(digits) == '+')) {
            digits++;
        }
        if (digits == text.length() || !text.substring(digits).chars().allMatch(c -> c >= '0' && c <= '9')) {
            return null;
        }
        boolean negative = text.charAt(start) == '-';
        BigInteger number = new BigInteger(text.substring(digits));
        long bits;
        if (type.isSigned()) {
            bits = (negative ? number.negate() : number)
                    .max(MIN_SIGNED)
                    .min(MAX_SIGNED)
                    .longValue();
        } else {
            boolean tooLarge = number.compareTo(MAX_UNSIGNED) > 0;
            bits = tooLarge ? -1L : negative ? -number.longValue() : number.longValue();
        }
        int unused = 64 - type.bits();
        return type.isSigned() ? bits << unused >> unused : bits << unused >>> unused;
    }

    private static Test signed(Operator operator, long constant) {
        return switch (operator) {
            case EQUAL -> value -> value instanceof Long number && number == constant;
            case NOT_EQUAL -> value -> value instanceof Long number && number != constant;
            case LESS -> value -> value instanceof Long number && number < constant;
            case LESS_OR_EQUAL -> value -> value instanceof Long number && number <= constant;
            case GREATER -> value -> value instanceof Long number && number > constant;
            case GREATER_OR_EQUAL -> value -> value instanceof Long number && number >= constant;
            default -> throw new IllegalStateException(operator + " on numbers was allowed");
        };
    }

    private static Test unsigned(Operator operator, long constant) {
        return switch (operator) {
            case EQUAL -> value -> value instanceof Long number && number == constant;
            case NOT_EQUAL -> value -> value instanceof Long number && number != constant;
            default -> {
                Test compared = signed(operator, constant + Long.MIN_VALUE);
                yield value -> value instanceof Long number && compared.test(number + Long.MIN_VALUE);
            }
        };
    }

    private static Test decimal(Operator operator, double constant) {
        return value ->
                value instanceof Number number && ordered(operator, Double.compare(number.doubleValue(), constant));
    }

    /** What an operator of order or equality says of the outcome of a comparison. */
    static boolean ordered(Operator operator, int comparison) {
        return switch (operator) {
            case EQUAL, IN, INTERSECTS -> comparison == 0;
            case NOT_EQUAL -> comparison != 0;
            case LESS -> comparison < 0;
            case LESS_OR_EQUAL -> comparison <= 0;
            case GREATER -> comparison > 0;
            case GREATER_OR_EQUAL -> comparison >= 0;
            default -> throw new IllegalStateException(operator + " is none of order");
        };
    }

    private static @Nullable Test string(Operator operator, One constant, Problems problems) {
        String text = constant.text();
        return switch (operator) {
            case EQUAL -> text::equals;
            case NOT_EQUAL -> value -> !text.equals(value);
            case CONTAINS -> value -> value instanceof String string && string.contains(text);
            case STARTS_WITH -> value -> value instanceof String string && string.startsWith(text);
            case ENDS_WITH -> value -> value instanceof String string && string.endsWith(text);
            case ICONTAINS -> {
                String lower = lowerCase(text);
                yield value -> value instanceof String string && containsIgnoringCase(string, lower);
            }
            case GLOB, IGLOB -> {
                Glob glob = Glob.compile(text, operator == Operator.IGLOB);
                yield value -> value instanceof String string && glob.matches(string);
            }
            case REGEX -> {
                try {
                    Pattern pattern = PosixRegex.compile(text);
                    yield value -> value instanceof String string && pattern.matches(string);
                } catch (IllegalArgumentException broken) {
                    problems.error(
                            constant.spot().place(),
                            "the regular expression '" + text + "' with " + broken.getMessage(),
                            "RE2 in its POSIX syntax",
                            "write classes as [0-9] or [[:digit:]], and groups as (...)");
                    yield null;
                }
            }
            case LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL ->
                value -> value instanceof String string && ordered(operator, compareBytes(string, text));
            default -> throw new IllegalStateException(operator + " on texts was allowed");
        };
    }

    private static @Nullable Test buffer(Operator operator, One constant, Problems problems) {
        byte[] bytes;
        if (operator == Operator.BCONTAINS || operator == Operator.BSTARTS_WITH) {
            byte[] parsed = hexadecimal(constant.text());
            if (parsed == null) {
                problems.error(
                        constant.spot().place(),
                        "'" + constant.text() + "'",
                        "bytes in hexadecimal: two digits each, nothing between");
                return null;
            }
            bytes = parsed;
        } else {
            bytes = constant.text().getBytes(StandardCharsets.UTF_8);
        }
        return switch (operator) {
            case EQUAL -> value -> value instanceof byte[] buffer && java.util.Arrays.equals(buffer, bytes);
            case NOT_EQUAL -> value -> value instanceof byte[] buffer && !java.util.Arrays.equals(buffer, bytes);
            case CONTAINS, BCONTAINS -> value -> value instanceof byte[] buffer && contains(buffer, bytes);
            case STARTS_WITH, BSTARTS_WITH -> value -> value instanceof byte[] buffer && at(buffer, 0, bytes);
            case ENDS_WITH ->
                value -> value instanceof byte[] buffer && at(buffer, buffer.length - bytes.length, bytes);
            default -> throw new IllegalStateException(operator + " on buffers was allowed");
        };
    }

    private static boolean contains(byte[] buffer, byte[] wanted) {
        for (int i = 0; i + wanted.length <= buffer.length; i++) {
            if (at(buffer, i, wanted)) {
                return true;
            }
        }
        return false;
    }

    private static boolean at(byte[] buffer, int offset, byte[] wanted) {
        return offset >= 0
                && offset + wanted.length <= buffer.length
                && java.util.Arrays.equals(buffer, offset, offset + wanted.length, wanted, 0, wanted.length);
    }

    private static byte @Nullable [] hexadecimal(String text) {
        if (text.length() % 2 != 0 || !text.chars().allMatch(c -> Character.digit(c, 16) >= 0 && c < 128)) {
            return null;
        }
        return java.util.HexFormat.of().parseHex(text);
    }

    /** As {@code strcmp} on UTF-8: the order of code points. */
    static int compareBytes(String left, String right) {
        int length = Math.min(left.length(), right.length());
        for (int i = 0; i < length; i++) {
            char a = left.charAt(i);
            char b = right.charAt(i);
            if (a != b) {
                boolean aboveBasic = Character.isSurrogate(a);
                return aboveBasic != Character.isSurrogate(b) ? (aboveBasic ? 1 : -1) : a - b;
            }
        }
        return left.length() - right.length();
    }

    /** Only ASCII letters have case here. */
    static String lowerCase(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Glob.lower(text.charAt(i)) != text.charAt(i)) {
                StringBuilder lower = new StringBuilder(text);
                for (int j = i; j < text.length(); j++) {
                    lower.setCharAt(j, Glob.lower(text.charAt(j)));
                }
                return lower.toString();
            }
        }
        return text;
    }

    static String upperCase(String text) {
        StringBuilder upper = new StringBuilder(text);
        for (int i = 0; i < text.length(); i++) {
            upper.setCharAt(i, Glob.upper(text.charAt(i)));
        }
        return upper.toString();
    }

    static boolean containsIgnoringCase(String text, String lower) {
        int last = text.length() - lower.length();
        for (int i = 0; i <= last; i++) {
            int j = 0;
            while (j < lower.length() && Glob.lower(text.charAt(i + j)) == lower.charAt(j)) {
                j++;
            }
            if (j == lower.length()) {
                return true;
            }
        }
        return false;
    }
}
