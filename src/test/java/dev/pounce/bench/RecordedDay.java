package dev.pounce.bench;

import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.audit.FileJournal;
import dev.pounce.audit.JournalEntry;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a journal as an engine leaves it after a day in which much was seen: a detection every 86 ms with the fields of
 * the rules we ship, one in ten of a rule that our action sets answer. {@code main STATE [DETECTIONS]}.
 */
public final class RecordedDay {

    private static final Instant MORNING = Instant.parse("2026-11-23T00:00:00Z");
    private static final List<String> ANSWERED = List.of(
            "Terminal shell in container",
            "Drop and execute new binary in container",
            "Read sensitive file untrusted",
            "Fileless execution via memfd_create");

    private RecordedDay() {}

    public static void main(String[] args) {
        int count = args.length > 1 ? Integer.parseInt(args[1]) : 1_000_000;
        MovingClock clock = new MovingClock();
        try (FileJournal journal = FileJournal.open(Path.of(args[0]), clock)) {
            List<JournalEntry> entries = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                entries.add(new JournalEntry.DetectionSeen(detection(i, clock.now)));
                clock.now = clock.now.plusNanos(86_400_000_000_000L / count);
                if (entries.size() == 32) {
                    journal.append(entries);
                    entries.clear();
                }
            }
            journal.append(entries);
        }
    }

    private static Detection detection(int number, Instant time) {
        NodeRef node = new NodeRef("worker-1");
        String rule =
                number % 10 == 0 ? ANSWERED.get(number / 10 % ANSWERED.size()) : "Uninteresting rule " + number % 7;
        String container = "%064x".formatted(0x9e3779b97f4a7c15L * (number % 500));
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("container.id", container.substring(0, 12));
        fields.put("container.name", "cart-" + number % 500);
        fields.put("evt.type", "execve");
        fields.put("k8s.ns.name", "shop");
        fields.put("k8s.pod.name", "cart-7d4b9c6f5d-" + "bcdfghjklm".charAt(number % 10) + "xz2k");
        fields.put("proc.cmdline", "sh -c exec /tmp/.x/run --pool " + number);
        fields.put("proc.exepath", "/bin/busybox");
        fields.put("proc.name", "sh");
        fields.put("proc.pid", (long) (1000 + number % 30_000));
        fields.put("proc.pname", "containerd-shim");
        fields.put("proc.tty", 34816L);
        fields.put("user.name", "root");
        fields.put("user.uid", 0L);
        return new Detection(
                "%026d".formatted(number),
                time,
                "syscall",
                rule,
                Priority.WARNING,
                List.of("container", "mitre_execution", "process"),
                "Something ran in a container (user=root command=sh -c exec /tmp/.x/run --pool " + number
                        + " container=cart-" + number % 500 + ")",
                fields,
                List.of(
                        new ProcessRef(node, 1000 + number % 30_000, 1_000_000L * number, (1L << 40) + number),
                        new ContainerRef(node, container)));
    }

    private static final class MovingClock extends Clock {
        private volatile Instant now = MORNING;

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }
}
