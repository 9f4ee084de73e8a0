package dev.pounce.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.action.kubernetes.OwnObjects;
import dev.pounce.cluster.ClusterAccess;
import dev.pounce.cluster.OwnResources;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Has all engines of a cluster take back what they show there as in force. An API server that is overloaded, has an error or cannot
 * be reached is asked again, less and less often, until the end.
 */
final class ReleaseOfCluster {

    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(8);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final ClusterAccess access;
    private final InstantSource clock;
    private final Instant end;
    private final PrintWriter out;
    private Duration pause = BETWEEN_LOOKS; // before the server is asked again

    // Of the follower's thread: what there is, once that was listed, and how those that went were last
    private volatile Optional<Map<String, JsonNode>> inForce = Optional.empty();
    private final Map<String, JsonNode> gone = new ConcurrentHashMap<>();

    /** @param patience for all that is asked of it together */
    ReleaseOfCluster(ClusterAccess access, InstantSource clock, Duration patience, PrintWriter out) {
        this.access = access;
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
        while (true) {
            Reply reply = access.api()
                    .send(
                            Request.get(OwnResources.CONTAINMENTS),
                            clock.instant().plus(PATIENCE));
            if (reply instanceof Reply.Ok ok) {
                pause = BETWEEN_LOOKS;
                return ok.body().path("items").size();
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

    /**
     * Blocks until no engine holds anything any more, or the end, and says how each was ended.
     *
     * @return whether all of it is as before
     * @throws Refusal when the API server does not let us
     */
    boolean all() throws InterruptedException {
        try (OwnResources follower = OwnResources.follow(
                access,
                OwnResources.CONTAINMENTS,
                all -> inForce = Optional.of(all),
                one -> gone.put(one.path("metadata").path("name").asText(), one))) {
            Map<String, JsonNode> held = new TreeMap<>();
            Set<String> asked = new HashSet<>();
            boolean asBefore = true;
            while (true) {
                Optional<Map<String, JsonNode>> listed = inForce;
                Map<String, JsonNode> now = listed.orElse(Map.of());
                for (String name : List.copyOf(held.keySet())) {
                    if (!now.containsKey(name)) {
                        asked.remove(name);
                        asBefore &= isAsBefore(name, held.remove(name));
                    }
                }
                held.putAll(now);
                if (listed.isPresent() && held.isEmpty()) {
                    out.println("no engine holds anything any more");
                    out.flush();
                    return asBefore;
                }
                ask(held.keySet(), asked);
                if (!clock.instant().isBefore(end)) {
                    tellHeld(held, follower.problem());
                    return false;
                }
                Thread.sleep(BETWEEN_LOOKS);
            }
        }
    }

    /** Tells what has become of one that no engine holds any more. */
    private boolean isAsBefore(String name, JsonNode before) {
        JsonNode last = Optional.ofNullable(gone.remove(name)).orElse(before).path("status");
        String outcome = last.path("outcome").asText();
        out.println(name + ": "
                + (outcome.isEmpty()
                        ? what(before) + " is no longer held, and how that ended was not said"
                        : outcome + ", " + what(before) + ": "
                                + last.path("detail").asText()));
        out.flush();
        return ReleaseCommand.AS_BEFORE.contains(outcome);
    }

    private void tellHeld(Map<String, JsonNode> held, String problem) {
        if (!problem.isEmpty()) {
            out.println("what there is was heard of last before this: " + problem);
        }
        held.forEach((name, one) -> {
            String trouble = one.path("status").path("trouble").asText();
            out.println(name + ": still in force, " + what(one) + (trouble.isEmpty() ? "" : ": " + trouble));
        });
        out.flush();
    }

    private static String what(JsonNode one) {
        JsonNode spec = one.path("spec");
        return spec.path("action").asText() + " of " + spec.path("target").asText() + " by engine "
                + spec.path("engine").asText();
    }

    private void ask(Set<String> names, Set<String> asked) throws InterruptedException {
        OwnObjects objects = new OwnObjects(access.api(), clock, "release");
        for (String name : names) {
            while (!asked.contains(name)) {
                Reply reply = objects.askToRelease(name);
                if (reply instanceof Reply.Ok || isNotFound(reply)) {
                    pause = BETWEEN_LOOKS;
                    asked.add(name);
                } else if (!isWorthAnother(reply, "containment " + name + " cannot be deleted: ")) {
                    return;
                }
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
