package dev.pounce;

import dev.pounce.asset.Asset;
import dev.pounce.asset.NodeRef;
import dev.pounce.detection.Detector;
import dev.pounce.detection.EventView;
import dev.pounce.detection.ProbeFields;
import dev.pounce.detection.language.FieldBinder;
import dev.pounce.detection.language.FieldUse;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/** What the detector has to know of the probe's events. */
final class EventViews implements Detector.EventKind<EventView> {

    private static final Set<String> REPORTED = Set.of(
            "execve",
            "execveat",
            "clone",
            "clone3",
            "fork",
            "vfork",
            "procexit",
            "open",
            "openat",
            "openat2",
            "creat",
            "connect");

    private final NodeRef node;
    private final ProbeFields fields;
    private final FieldBinder.Extractor<EventView> type;

    EventViews(NodeRef node, ProbeFields fields) {
        this.node = node;
        this.fields = fields;
        this.type = fields.bind(new FieldUse("evt.type", null)).orElseThrow();
    }

    @Override
    public String type(EventView event) {
        return String.valueOf(type.extract(event));
    }

    @Override
    public Instant time(EventView event) {
        return event.time();
    }

    @Override
    public List<Asset> assets(EventView event) {
        return event.assetsOn(node, fields.containerOf(event));
    }

    @Override
    public Set<String> reportedTypes() {
        return REPORTED;
    }
}
