package dev.pounce.detection;

import dev.pounce.asset.Asset;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Events that are maps, all at the same time. */
final class MapKind implements Detector.EventKind<Map<String, Object>> {

    static final Instant TIME = Instant.parse("2026-08-01T10:15:02.123456789Z");

    @Override
    public String type(Map<String, Object> event) {
        return String.valueOf(event.get("evt.type"));
    }

    @Override
    public Instant time(Map<String, Object> event) {
        return TIME;
    }

    @Override
    public List<Asset> assets(Map<String, Object> event) {
        return List.of();
    }

    @Override
    public Set<String> reportedTypes() {
        return Set.of("execve", "open", "openat", "connect");
    }
}
