package dev.pounce.probe;

/**
 * Hears what the probe says, on the very thread that reads it: a hop to another thread would cost more than
 * decoding does. Whoever blocks here fills the kernel's ring buffer, and then events are lost (and counted).
 */
public interface ProbeListener {

    /** The probe said who it is. Its clocks at that moment are the first that can be known. */
    default void hello(ProbeFrame.Hello hello) {}

    void event(ProbeEvent event);

    /** A filter is in force; events before it may have been judged by the one before. */
    default void armed(ProbeFrame.Armed armed) {}

    /** Once a second. */
    default void heartbeat(ProbeFrame.Heartbeat heartbeat) {}

    /** It cannot work on this host; {@link #gone} follows. */
    default void refused(ProbeFrame.Refused refused) {}

    /** The connection ended: nothing is seen until the next {@link #armed}. */
    default void gone(String why) {}
}
