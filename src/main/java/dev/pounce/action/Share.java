package dev.pounce.action;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * So many of something, or so many of a hundred.
 *
 * @param amount 0 to 1,000,000, or 0 to 100 if it is percent
 */
public record Share(int amount, boolean percent) {

    public static final String EXPECTED = "a number such as 2, or a share such as 33%";

    private static final Pattern FORM = Pattern.compile("(\\d{1,7})(%?)");

    public Share {
        if (amount < 0 || amount > (percent ? 100 : 1_000_000)) {
            throw new IllegalArgumentException("no such share: " + amount + (percent ? "%" : ""));
        }
    }

    public static Optional<Share> parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            return Optional.empty();
        }
        int amount = Integer.parseInt(form.group(1));
        boolean percent = !form.group(2).isEmpty();
        return amount > (percent ? 100 : 1_000_000) ? Optional.empty() : Optional.of(new Share(amount, percent));
    }

    /** How many that are of a whole, when at least so many are asked for. */
    public int atLeastOf(int whole) {
        return percent ? Math.toIntExact(Math.ceilDiv((long) whole * amount, 100L)) : amount;
    }

    /** How many that are of a whole, when at most so many are allowed. */
    public int atMostOf(int whole) {
        return percent ? Math.toIntExact((long) whole * amount / 100) : amount;
    }

    public String display() {
        return amount + (percent ? "%" : "");
    }
}
