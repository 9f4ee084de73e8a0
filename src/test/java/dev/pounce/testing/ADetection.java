package dev.pounce.testing;

import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A detection, said in the words that matter to a test. */
public final class ADetection {

    public static final NodeRef NODE = new NodeRef("node-1");
    public static final Instant TIME = Instant.parse("2026-11-23T15:04:05.678Z");

    private final String rule;
    private String id = "d-1";
    private Priority priority = Priority.WARNING;
    private String source = "syscall";
    private final List<String> tags = new ArrayList<>();
    private final Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    private final List<Asset> assets = new ArrayList<>();
    private Instant time = TIME;

    private ADetection(String rule) {
        this.rule = rule;
    }

    public static ADetection of(String rule) {
        return new ADetection(rule);
    }

    public ADetection id(String value) {
        id = value;
        return this;
    }

    public ADetection priority(Priority value) {
        priority = value;
        return this;
    }

    public ADetection source(String value) {
        source = value;
        return this;
    }

    public ADetection tags(String... values) {
        tags.addAll(List.of(values));
        return this;
    }

    public ADetection field(String name, @Nullable Object value) {
        fields.put(name, value);
        return this;
    }

    public ADetection time(Instant value) {
        time = value;
        return this;
    }

    /** The acting process, started {@code 1000 * pid} ns after boot. */
    public ADetection process(int pid) {
        assets.add(new ProcessRef(NODE, pid, 1000L * pid));
        return this;
    }

    public ADetection container(String id) {
        assets.add(new ContainerRef(NODE, id));
        return this;
    }

    public ADetection pod(String namespace, String name) {
        assets.add(new PodRef(namespace, name, Optional.empty()));
        return this;
    }

    public ADetection about(Asset asset) {
        assets.add(asset);
        return this;
    }

    public ADetection node() {
        assets.add(NODE);
        return this;
    }

    public Detection build() {
        return new Detection(id, time, source, rule, priority, tags, rule + " happened", fields, assets);
    }
}
