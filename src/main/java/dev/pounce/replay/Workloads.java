package dev.pounce.replay;

import dev.pounce.detection.Detection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a detection's process is a part of, as far as a recording can tell. */
final class Workloads {

    /**
     * The endings that controllers give to the names of their pods: template hash and suffix of a deployment, suffix of a
     * daemon set or job (both out of letters and digits that make no words), number of a stateful set.
     * Source: apimachinery's {@code util/rand}.
     */
    private static final Pattern GIVEN =
            Pattern.compile("(?:-[bcdfghjklmnpqrstvwxz2456789]{6,10})?-[bcdfghjklmnpqrstvwxz2456789]{5}|-\\d{1,4}");

    private Workloads() {}

    /** Such as {@code pod/shop/cart-*}, {@code container/3f1a…}, or {@code host}. */
    static String of(Detection detection) {
        if (detection.fields().get("k8s.pod.name") instanceof String pod && !pod.isEmpty() && !pod.equals("<NA>")) {
            String namespace = detection.fields().get("k8s.ns.name") instanceof String name ? name : "?";
            return "pod/" + namespace + "/" + withoutGivenEnding(pod);
        }
        if (detection.fields().get("container.name") instanceof String name
                && !name.isEmpty()
                && !name.equals("<NA>")
                && !name.equals("host")) {
            return "container/" + name;
        }
        return detection.container().map(container -> container.display()).orElse("host");
    }

    private static String withoutGivenEnding(String pod) {
        for (int dash = pod.indexOf('-'); dash > 0; dash = pod.indexOf('-', dash + 1)) {
            Matcher ending = GIVEN.matcher(pod).region(dash, pod.length());
            if (ending.matches()) {
                return pod.substring(0, dash) + "-*";
            }
        }
        return pod;
    }
}
