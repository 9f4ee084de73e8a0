package dev.pounce.detection;

import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.ProcessRef;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Something happened that a rule, ours or another product's, says should not.
 *
 * @param id unique, and in the order of time
 * @param source {@code syscall}, {@code k8s_audit}, …: Falco's word for where the event came from
 * @param tags in alphabetical order
 * @param output the rule's output with its fields filled in, without Falco's time and priority prefix
 * @param fields by Falco field name; strings, numbers, booleans, lists of these, or null for a value that
 *     could not be extracted
 * @param assets what it speaks of, the acting process first
 */
public record Detection(
        String id,
        Instant time,
        String source,
        String rule,
        Priority priority,
        List<String> tags,
        String output,
        Map<String, @Nullable Object> fields,
        List<Asset> assets) {

    public Detection {
        tags = inOrder(tags)
                ? List.copyOf(tags)
                : tags.stream().sorted().distinct().toList();
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
        assets = List.copyOf(assets);
    }

    /** Those of a rule are always; sorting them again for each of its detections would stand before the signal. */
    private static boolean inOrder(List<String> tags) {
        for (int i = 1; i < tags.size(); i++) {
            if (tags.get(i - 1).compareTo(tags.get(i)) >= 0) {
                return false;
            }
        }
        return true;
    }

    /** The same, which speaks of these. */
    public Detection with(List<Asset> others) {
        return others.equals(assets)
                ? this
                : new Detection(id, time, source, rule, priority, tags, output, fields, others);
    }

    public Optional<ProcessRef> process() {
        return first(ProcessRef.class);
    }

    public Optional<ContainerRef> container() {
        return first(ContainerRef.class);
    }

    private <A extends Asset> Optional<A> first(Class<A> kind) {
        return assets.stream().filter(kind::isInstance).map(kind::cast).findFirst();
    }
}
