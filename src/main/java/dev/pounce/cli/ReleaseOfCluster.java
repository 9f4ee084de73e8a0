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
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Has all engines of a cluster take back what they show there as in force. An API server that is overloaded, has an error or cannot
 * be reached is asked again, less and less often, until the end.
 */
final class ReleaseOfCluster {

    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(8);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Api api;
    private final InstantSource clock;
    private final Instant end;
    private final PrintWriter out;
    private Duration pause = BETWEEN_LOOKS; // before the server is asked again

    /** @param patience for all that is asked of it together */
    ReleaseOfCluster(Api api, InstantSource clock, Duration patience, PrintWriter out) {
        this.api = api;
        this.clock = clock;
        this.end = clock.instant().plus(patience);
        this.out = out;
    }

    /**
     * How much is in force. Changes nothing.
     *
     * @throws Refusal when the API server does not let us, has no such resources, or says nothing until the end
     */
    int count() throws InterruptedException {
        return inForce().size();
    }

    /**
     * Blocks until no engine holds anything any more, or the end. What an engine withheld when it took it back, it does not hold any
     * more either: the resource does not tell.
     *
     * @return whether none does
     * @throws Refusal when the API server does not let us, has no such resources, or says nothing until the end
     */
    boolean all() throws InterruptedException {
        Set<String> asked = new HashSet<>();
        Map<String, JsonNode> left = inForce();
        while (!left.isEmpty()) {
            ask(left.keySet(), asked);
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

    private void ask(Set<String> names, Set<String> asked) throws InterruptedException {
        OwnObjects objects = new OwnObjects(api, clock, "release");
        for (String name : names) {
            while (!asked.contains(name)) {
                Reply reply = objects.askToRelease(name);
                if (isNotFound(reply) || reply instanceof Reply.Ok) {
                    asked.add(name);
                    pause = BETWEEN_LOOKS;
                } else if (!isWorthAnother(reply, "containment " + name + " cannot be deleted: ")) {
                    return;
                }
            }
        }
    }

    private Map<String, JsonNode> inForce() throws InterruptedException {
        while (true) {
            Reply reply = api.send(
                    Request.get(OwnResources.CONTAINMENTS), clock.instant().plus(PATIENCE));
            if (reply instanceof Reply.Ok ok) {
                pause = BETWEEN_LOOKS;
                Map<String, JsonNode> all = new TreeMap<>();
                ok.body()
                        .path("items")
                        .forEach(
                                one -> all.put(one.path("metadata").path("name").asText(), one));
                return all;
            }
            if (isNotFound(reply)) {
                throw new Refusal("the cluster does not know Containments; see pounce crds");
            }
            String what = "containments cannot be listed: ";
            if (!isWorthAnother(reply, what)) {
                throw new Refusal(what + words(reply));
            }
        }
    }

    private static boolean isNotFound(Reply reply) {
        return reply instanceof Reply.Refused refused && refused.isNotFound();
    }

    /**
     * Waits before the server is asked again.
     *
     * @return false when it is too late for that
     * @throws Refusal when it would say the same
     */
    private boolean isWorthAnother(Reply no, String what) throws InterruptedException {
        if (no instanceof Reply.Refused refused && !refused.isPassing()) {
            throw new Refusal(what + words(no));
        }
        Duration left = Duration.between(clock.instant(), end);
        if (!left.isPositive()) {
            return false;
        }
        if (pause.equals(BETWEEN_LOOKS)) {
            out.println(what + words(no) + "; trying again");
            out.flush();
        }
        Duration wanted = no instanceof Reply.Refused refused
                ? refused.retryAfter().filter(rest -> rest.compareTo(pause) > 0).orElse(pause)
                : pause;
        Thread.sleep(wanted.compareTo(left) < 0 ? wanted : left);
        pause = pause.compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : pause;
        return true;
    }

    private static String words(Reply no) {
        return switch (no) {
            case Reply.Ok ok -> "";
            case Reply.Refused refused -> refused.message();
            case Reply.Unheard unheard -> unheard.why();
        };
    }
}
