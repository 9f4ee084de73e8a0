package dev.pounce.correlation;

/** What belongs together: one trigger, and the values of the fields that it correlates by. The index of the rules. */
final class Subject {

    private final Watch watch;
    private final Object key;
    private final int hash;

    Subject(Watch watch, Object key) {
        this.watch = watch;
        this.key = key;
        this.hash = 31 * watch.number() + key.hashCode();
    }

    Watch watch() {
        return watch;
    }

    Object key() {
        return key;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Subject that && watch == that.watch && key.equals(that.key);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
