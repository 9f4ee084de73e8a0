package dev.pounce.probe;

import java.util.List;

/** The kinds of events that the probe reports and counts. */
public enum EventKind {
    EXEC(1),
    FORK(2),
    EXIT(3),
    OPEN(4),
    CONNECT(5);

    /** In the order of their wire numbers; shared, because {@code values()} copies. */
    static final List<EventKind> ALL = List.of(values());

    private final int wire;

    EventKind(int wire) {
        this.wire = wire;
    }

    /** {@code enum probe_kind} of the wire. */
    int wire() {
        return wire;
    }

    /** In the masks of a filter frame. */
    int bit() {
        return 1 << wire;
    }

    static EventKind of(ProbeEvent event) {
        return switch (event) {
            case ProbeEvent.Exec exec -> EXEC;
            case ProbeEvent.Fork fork -> FORK;
            case ProbeEvent.Exit exit -> EXIT;
            case ProbeEvent.Open open -> OPEN;
            case ProbeEvent.Connect connect -> CONNECT;
        };
    }
}
