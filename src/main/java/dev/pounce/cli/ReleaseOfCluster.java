package dev.pounce.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.action.kubernetes.OwnObjects;
import dev.pounce.cluster.Api;
import dev.pounce.cluster.OwnResources;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Has all engines of a cluster take back what they show there as in force. */
final class ReleaseOfCluster {

    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Api api;
    private final InstantSource clock;
    private final PrintWriter out;

    ReleaseOfCluster(Api api, InstantSource clock, PrintWriter out) {
        this.api = api;
        this.clock = clock;
        this.out = out;
    }

    /**
     * How much is in force. Changes nothing.
     *
     * @throws Refusal when the API server does not let us, or has no such resources
     */
    int count() {
        return inForce().size();
    }

    /**
     * Blocks until no engine holds anything any more, or for this long. What an engine withheld when it took it back, it does
     * not hold any more either: the resource does not tell.
     *
     * @return whether none does
     * @throws Refusal when the API server does not let us, or has no such resources
     */
    boolean within(Duration patience) throws InterruptedException {
        Instant end = clock.instant().plus(patience);
        OwnObjects objects = new OwnObjects(api, clock, "release");
        Set<String> asked = new HashSet<>();
        Map<String, JsonNode> left = inForce();
        while (!left.isEmpty()) {
            for (String name : left.keySet()) {
                if (!asked.contains(name)) {
                    Reply reply = objects.askToRelease(name);
                    if (reply instanceof Reply.Refused refused && !refused.isNotFound()) {
                        throw new Refusal("containment " + name + " cannot be deleted: " + refused.message());
                    }
                    if (!(reply instanceof Reply.Unheard)) {
                        asked.add(name);
                    }
                }
            }
            if (!clock.instant().isBefore(end)) {
                left.forEach((name, one) -> out.println(name + ": still in force, "
                        + one.path("spec").path("action").asText()
                        + " of " + one.path("spec").path("target").asText() + " by engine "
                        + one.path("spec").path("engine").asText()
                        + trouble(one.path("status").path("trouble").asText())));
                out.flush();
                return false;
            }
            Thread.sleep(BETWEEN_LOOKS);
            Map<String, JsonNode> now = inForce();
            left.keySet().stream()
                    .filter(name -> !now.containsKey(name))
                    .forEach(name -> out.println(name + ": no longer held by an engine"));
            left = now;
        }
        out.println("no engine holds anything any more; what one left as it is, and why, stands in its journal");
        out.flush();
        return true;
    }

    private static String trouble(String said) {
        return said.isEmpty() ? "" : ": " + said;
    }

    private Map<String, JsonNode> inForce() {
        return switch (api.send(
                Request.get(OwnResources.CONTAINMENTS), clock.instant().plus(PATIENCE))) {
            case Reply.Ok ok -> {
                Map<String, JsonNode> all = new TreeMap<>();
                ok.body()
                        .path("items")
                        .forEach(
                                one -> all.put(one.path("metadata").path("name").asText(), one));
                yield all;
            }
            case Reply.Refused refused
            when refused.isNotFound() -> throw new Refusal("the cluster does not know Containments; see pounce crds");
            case Reply.Refused refused -> throw new Refusal("containments cannot be listed: " + refused.message());
            case Reply.Unheard unheard -> throw new Refusal(unheard.why());
        };
    }
}
