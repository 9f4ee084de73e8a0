package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Parameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Who a pod that is cut off may still speak with.
 *
 * @param dns the cluster's name service, outwards
 * @param ranges both ways
 * @param namespaces whose pods, both ways
 */
record AllowList(boolean dns, List<IpRange> ranges, List<String> namespaces) {

    static final AllowList NOBODY = new AllowList(false, List.of(), List.of());

    private static final ObjectMapper JSON = new ObjectMapper();

    AllowList {
        ranges = IpRange.simplified(ranges);
        namespaces = namespaces.stream().sorted().distinct().toList();
    }

    static AllowList of(Parameters parameters) {
        return parameters
                .inner("allow")
                .map(allow -> new AllowList(allow.flag("dns"), ranges(allow.words("cidrs")), allow.words("namespaces")))
                .orElse(NOBODY);
    }

    /** @throws IllegalArgumentException if one is no range; parameters have been checked before */
    static List<IpRange> ranges(List<String> texts) {
        return texts.stream()
                .map(text -> IpRange.parse(text)
                        .orElseThrow(() -> new IllegalArgumentException("no address or range: " + text)))
                .toList();
    }

    boolean isNobody() {
        return equals(NOBODY);
    }

    AllowList inBoth(AllowList other) {
        return new AllowList(
                dns && other.dns,
                IpRange.inBoth(ranges, other.ranges),
                namespaces.stream().filter(other.namespaces::contains).toList());
    }

    /** One line of JSON, the same for the same list. */
    String text() {
        ObjectNode text = JSON.createObjectNode().put("dns", dns);
        ranges.forEach(range -> text.withArray("cidrs").add(range.text()));
        namespaces.forEach(text.withArray("namespaces")::add);
        return text.toString();
    }

    /** What {@link #text} gives; empty if it is anything else. */
    static Optional<AllowList> parse(String text) {
        try {
            JsonNode read = JSON.readTree(text);
            if (!read.path("dns").isBoolean()) {
                return Optional.empty();
            }
            List<IpRange> ranges = new ArrayList<>();
            for (JsonNode cidr : read.path("cidrs")) {
                Optional<IpRange> range = IpRange.parse(cidr.asText());
                if (range.isEmpty()) {
                    return Optional.empty();
                }
                ranges.add(range.get());
            }
            List<String> namespaces = new ArrayList<>();
            read.path("namespaces").forEach(name -> namespaces.add(name.asText()));
            return Optional.of(new AllowList(read.path("dns").asBoolean(), ranges, namespaces));
        } catch (JsonProcessingException other) {
            return Optional.empty();
        }
    }

    /** Such as {@code the name service and 10.0.0.0/8}; {@code nobody}. */
    String display() {
        List<String> parts = new ArrayList<>();
        if (dns) {
            parts.add("the name service");
        }
        ranges.stream().limit(5).map(IpRange::text).forEach(parts::add);
        if (ranges.size() > 5) {
            parts.add((ranges.size() - 5) + " more ranges");
        }
        if (!namespaces.isEmpty()) {
            parts.add("the pods of " + String.join(", ", namespaces.subList(0, Math.min(5, namespaces.size())))
                    + (namespaces.size() > 5 ? " and " + (namespaces.size() - 5) + " more" : ""));
        }
        return parts.isEmpty() ? "nobody" : String.join(", ", parts);
    }
}
