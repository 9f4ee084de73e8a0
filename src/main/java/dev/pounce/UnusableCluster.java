package dev.pounce;

/** The cluster that was named cannot be used; the message says why, for a person. */
public final class UnusableCluster extends RuntimeException {

    private static final long serialVersionUID = 1;

    UnusableCluster(IllegalArgumentException why) {
        super(why.getMessage(), why);
    }
}
