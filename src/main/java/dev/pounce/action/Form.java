package dev.pounce.action;

import java.util.regex.Pattern;

/** How a text must look. What a shell, a cluster or a network would make something else of does not get past here. */
public enum Form {
    TEXT("a text without control characters", "[^\\x00-\\x1f\\x7f]{1,4000}", true),
    /** Handed to a shell as it is written, and therefore never made of what a detection says. */
    SCRIPT("a text of at most 4000 characters", "[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]{1,4000}", false),
    PATH("an absolute path", "/[^\\x00-\\x1f\\x7f]{0,4000}", true),
    FIXED_PATH("an absolute path", "/[^\\x00-\\x1f\\x7f]{0,4000}", false),
    URL("a URL that begins with https:// or http://", "https?://[^\\s\\x00-\\x1f\\x7f@]{1,2000}", false),
    STORE(
            "file:///FOLDER, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX",
            "(?:file:///|s3://|gs://)[^\\s\\x00-\\x1f\\x7f]{1,2000}",
            false),
    LABEL_KEY(
            "a label's key, such as team or example.com/team",
            "(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?",
            false),
    LABEL_VALUE(
            "a label's value: at most 63 letters, digits, dots, hyphens and underscores, a letter or digit at both ends",
            "(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?",
            true),
    ANNOTATION_VALUE("a text of at most 4000 characters", "[^\\x00-\\x1f\\x7f]{0,4000}", true),
    NAMESPACE("a namespace's name", "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?", true),
    CONTAINER("a container's name, or * for every one", "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?|\\*", true),
    VARIABLE("a variable's name", "[A-Za-z_][A-Za-z0-9_]{0,254}", false),
    CIDR("an address such as 10.0.0.53, or a range such as 10.0.0.0/8", "[0-9A-Fa-f:.]{2,45}(?:/\\d{1,3})?", true),
    HEADER("a header's name", "[-A-Za-z0-9!#$%&'*+.^_`|~]{1,200}", false),
    NAME("a name", "[A-Za-z0-9$](?:[-A-Za-z0-9_.:/$]{0,254})?", false);

    /** The journal cuts what is longer than that and a little. */
    private static final int LONGEST = 4000;

    private final String expected;
    private final Pattern pattern;
    private final boolean takesFields;

    Form(String expected, String pattern, boolean takesFields) {
        this.expected = expected;
        this.pattern = Pattern.compile(pattern);
        this.takesFields = takesFields;
    }

    public String expected() {
        return expected;
    }

    /** As JSON Schema has it; what a regular expression cannot say is not in it. */
    public Pattern pattern() {
        return pattern;
    }

    /** Whether {@code ${field}} in it is replaced by what a detection says. */
    public boolean takesFields() {
        return takesFields;
    }

    public boolean accepts(String text) {
        return text.length() <= LONGEST
                && pattern.matcher(text).matches()
                && (this != CIDR || Cidr.isValid(text))
                && text.codePoints().noneMatch(point -> Character.getType(point) == Character.SURROGATE);
    }
}
