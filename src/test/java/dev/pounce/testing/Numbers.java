package dev.pounce.testing;

import java.util.function.Supplier;

/** Ids one can foresee: {@code i-1}, {@code i-2}, … */
public final class Numbers implements Supplier<String> {

    private final String prefix;
    private int last;

    public Numbers(String prefix) {
        this.prefix = prefix;
    }

    @Override
    public String get() {
        return prefix + ++last;
    }
}
