package dev.pounce.probe;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * What one CPU, or all of them, saw of each kind: {@code sent + lost} is what happened and passed the
 * filter. A kind that is missing was not counted by the sender.
 */
public record CpuCounters(Map<EventKind, Long> sent, Map<EventKind, Long> lost) {

    /** No event seen. */
    public static final CpuCounters NONE = new CpuCounters(Map.of(), Map.of());

    public CpuCounters {
        sent = Collections.unmodifiableMap(copy(sent));
        lost = Collections.unmodifiableMap(copy(lost));
    }

    /** Both together, kind by kind. */
    public CpuCounters plus(CpuCounters other) {
        return new CpuCounters(sum(sent, other.sent), sum(lost, other.lost));
    }

    /** Of all kinds. */
    public long totalLost() {
        return lost.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Of all kinds. */
    public long totalSent() {
        return sent.values().stream().mapToLong(Long::longValue).sum();
    }

    private static EnumMap<EventKind, Long> copy(Map<EventKind, Long> counters) {
        EnumMap<EventKind, Long> copy = new EnumMap<>(EventKind.class);
        copy.putAll(counters);
        return copy;
    }

    private static Map<EventKind, Long> sum(Map<EventKind, Long> one, Map<EventKind, Long> other) {
        EnumMap<EventKind, Long> sum = copy(one);
        other.forEach((kind, count) -> sum.merge(kind, count, Long::sum));
        return sum;
    }
}
