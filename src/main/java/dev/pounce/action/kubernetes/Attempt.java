package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.action.Action;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.Parameters;
import dev.pounce.action.RemoteActuator.BeforeChange;
import dev.pounce.asset.Asset;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.random.RandomGenerator;

/**
 * One try to do something to one target: what is to be done and why, until when, whether it counts, and the way to the API
 * server, with everything asked again that may be, as long as there is time.
 *
 * <p>For one thread.
 */
final class Attempt {

    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    /**
     * Longer than that no answer is waited for: what hangs is asked again on another connection. The server itself tries an
     * eviction for ten seconds before it says that the uid is another's.
     */
    private static final Duration LONGEST_REQUEST = Duration.ofSeconds(15);

    /** Kept from the deadline for a look at what became of a request that nobody answered. */
    private static final Duration LONGEST_LOOK = Duration.ofSeconds(2);

    /** A rehearsal tells what would be refused now; it does not wait for better times. */
    private static final Duration LONGEST_REHEARSAL = Duration.ofSeconds(3);

    /** What is given with every undo. */
    private static final String RESPONSE = "response";

    /** What of this actuator's an attempt needs. */
    record Means(BiFunction<Request, Instant, Reply> api, InstantSource clock, RandomGenerator random, Pauses pauses) {}

    private final Means means;
    private final Action.OnCluster action;
    private final Optional<Circumstances> why;
    private final String response;
    private final Instant deadline;
    private final Instant changesUntil;
    private final boolean rehearsal;
    private final BeforeChange beforeChange;
    private volatile boolean changed; // a drain asks from several threads
    private volatile boolean lostAnswer;
    private Asset resolved;

    private Attempt(
            Means means,
            Action.OnCluster action,
            Optional<Circumstances> why,
            String response,
            Instant deadline,
            boolean rehearsal,
            BeforeChange beforeChange) {
        this.means = means;
        this.action = action;
        this.why = why;
        this.response = response;
        this.deadline = deadline;
        Duration look = Duration.between(means.clock().instant(), deadline).dividedBy(4);
        this.changesUntil = deadline.minus(look.compareTo(LONGEST_LOOK) > 0 ? LONGEST_LOOK : look);
        this.rehearsal = rehearsal;
        this.beforeChange = beforeChange;
        this.resolved = action.target();
    }

    static Attempt toCarryOut(
            Means means, Action.OnCluster action, Circumstances why, Instant deadline, BeforeChange beforeChange) {
        return new Attempt(means, action, Optional.of(why), why.response(), deadline, false, beforeChange);
    }

    static Attempt toRehearse(Means means, Action.OnCluster action, Circumstances why, Instant deadline) {
        return new Attempt(means, action, Optional.of(why), why.response(), deadline, true, undo -> {});
    }

    static Attempt toTakeBack(Means means, Action.TakeBack undo, Instant deadline) {
        return new Attempt(
                means,
                undo.taken(),
                Optional.empty(),
                undo.before().getOrDefault(RESPONSE, ""),
                deadline,
                false,
                Attempt::neverTwice);
    }

    static Attempt toObserve(Means means, Action.OnCluster action, Instant deadline) {
        return new Attempt(means, action, Optional.empty(), "", deadline, true, undo -> {});
    }

    private static void neverTwice(Action.TakeBack undo) {
        throw new IllegalStateException("what takes back is not taken back itself");
    }

    Action.OnCluster action() {
        return action;
    }

    Parameters parameters() {
        return action.parameters();
    }

    /** Id of the plan; empty when only looking. */
    String response() {
        return response;
    }

    /** Empty when taking back and when only looking. */
    Optional<Circumstances> why() {
        return why;
    }

    /** Nothing may take longer. */
    Instant deadline() {
        return deadline;
    }

    /** When changes and what is waited for after them have to be through: a little before the deadline. */
    Instant changesUntil() {
        return changesUntil;
    }

    boolean rehearsal() {
        return rehearsal;
    }

    /** Whether a request that changes something was sent, and kept. */
    boolean changed() {
        return changed;
    }

    /** Whether a change was asked for again, because its first answer did not come or said too little. */
    boolean lostAnswer() {
        return lostAnswer;
    }

    /** What the step turned out to be about: what {@link #changes} was told, and the action's target before. */
    Asset resolved() {
        return resolved;
    }

    /** For steps that cannot be taken back: what the step turned out to be about. */
    void isAbout(Asset target) {
        resolved = target;
    }

    Instant now() {
        return means.clock().instant();
    }

    /** The target, for verbs that are aimed at pods only. */
    PodRef pod() {
        return (PodRef) action.target();
    }

    static ApiPath path(PodRef pod) {
        return ApiPath.core("pods").in(pod.namespace()).named(pod.name());
    }

    /**
     * The pod that is meant, as the server has it now. Ends the step if there is none, if another has the name by now, and if
     * no uid is known and this one was made after what was seen.
     */
    JsonNode meantPod() throws StepEnds {
        return meantPod(pod());
    }

    /** {@link #meantPod}, with what was found out about it since. */
    JsonNode meantPod(PodRef ref) throws StepEnds {
        return meant(ref, read(path(ref)).orElseThrow(() -> StepEnds.gone(isNoMore(ref))));
    }

    /** With the uid that the server told. */
    static PodRef certain(PodRef ref, JsonNode pod) {
        return new PodRef(
                ref.namespace(),
                ref.name(),
                Optional.of(pod.path("metadata").path("uid").asText("")));
    }

    /** {@link #meantPod}, of what was read otherwise. */
    JsonNode meant(PodRef ref, JsonNode pod) throws StepEnds {
        String uid = pod.path("metadata").path("uid").asText("");
        if (ref.uid().isPresent()) {
            if (!ref.uid().get().equals(uid)) {
                throw StepEnds.gone(isAnother(ref));
            }
            return pod;
        }
        Optional<Instant> made = time(pod.path("metadata").path("creationTimestamp"));
        // The server writes whole seconds, rounded down
        if (why.isPresent() && made.map(at -> at.isAfter(why.get().seen())).orElse(true)) {
            throw StepEnds.gone(isAnother(ref));
        }
        return pod;
    }

    static String isNoMore(PodRef pod) {
        return "there is no " + pod.display() + " any more";
    }

    static String isAnother(PodRef pod) {
        return "another pod has the name of " + pod.display() + " now";
    }

    static Optional<Instant> time(JsonNode node) {
        try {
            return node.isTextual() ? Optional.of(Instant.parse(node.asText())) : Optional.empty();
        } catch (DateTimeException other) {
            return Optional.empty();
        }
    }

    /** What is there; empty when nothing is. */
    Optional<JsonNode> read(ApiPath path) throws StepEnds {
        return read(Request.get(path));
    }

    /** @param request one that changes nothing */
    Optional<JsonNode> read(Request request) throws StepEnds {
        return switch (send(request, deadline, Again.ALWAYS)) {
            case Reply.Ok ok -> Optional.of(ok.body());
            case Reply.Refused refused when refused.isNotFound() -> Optional.empty();
            case Reply.Refused refused -> throw refusal(refused);
            case Reply.Unheard unheard -> throw StepEnds.failedForNow(unheard.why());
        };
    }

    /**
     * Changes something that may be asked for twice, because it changes nothing the second time. Rehearsed with a server-side
     * dry run. What the server refuses ends the step; a 404 as the target being gone.
     */
    JsonNode change(Request request) throws StepEnds {
        return heard(tryChange(request, Again.ALWAYS));
    }

    /** Such as {@link #change}, for what has to look at a refusal. Unheard is whoever was not answered until the end. */
    Reply tryChange(Request request) {
        return tryChange(request, Again.ALWAYS);
    }

    /** Such as {@link #change}, never asked for again unless the server said that it did nothing. */
    JsonNode changeOnce(Request request) throws StepEnds {
        return heard(tryChange(request, Again.NEVER));
    }

    /** Such as {@link #tryChange}, for a request that insists on a uid or version: a conflict says that it is another by now. */
    Reply tryChangeUnlessConflict(Request request) {
        return tryChange(request, Again.UNLESS_CONFLICT);
    }

    /** Such as {@link #tryChange}, asked once: for what keeps a time of its own. */
    Reply tryChangeNow(Request request) {
        return tryChange(request, Again.NOT_AT_ALL);
    }

    private Reply tryChange(Request request, Again again) {
        if (rehearsal) {
            Instant soon = now().plus(LONGEST_REHEARSAL);
            return send(
                    request.dryRun(),
                    soon.isBefore(changesUntil) ? soon : changesUntil,
                    again == Again.NEVER ? Again.ALWAYS : again);
        }
        changed = true;
        return send(request, changesUntil, again);
    }

    /** When a request is asked again after an answer that may pass. */
    private enum Again {
        ALWAYS,
        UNLESS_CONFLICT,
        /** Only when the server said that it did nothing. */
        NEVER,
        NOT_AT_ALL
    }

    /** The body of an answer to a change; any other ends the step. */
    JsonNode heard(Reply reply) throws StepEnds {
        return switch (reply) {
            case Reply.Ok ok -> ok.body();
            case Reply.Refused refused when refused.isNotFound() -> throw StepEnds.gone(refused.message());
            case Reply.Refused refused -> throw refusal(refused);
            case Reply.Unheard unheard -> throw StepEnds.unheard(unheard.why());
        };
    }

    /** What a refusal comes to that the verb itself can make nothing of. */
    StepEnds refusal(Reply.Refused refused) {
        String said = "the API server refused (" + refused.code() + "): " + refused.message();
        return switch (refused.code()) {
            // Nobody knows how far it got
            case 500, 502, 504 -> StepEnds.unheard(said);
            case 401 -> StepEnds.failedForNow(said + "; our token is not, or not any more, accepted");
            default ->
                refused.isPassing() || refused.isConflict() || refused.code() == 410
                        ? StepEnds.failedForNow(said)
                        : StepEnds.failed(said);
        };
    }

    /**
     * To be called once the target is known for certain, before the first change.
     *
     * @param target what was resolved: the undo is aimed at it, if the verb can be
     * @param before what takes the step back, in the verb's own words
     */
    void changes(Asset target, Map<String, String> before) throws StepEnds {
        resolved = target;
        if (rehearsal) {
            return;
        }
        Map<String, String> all = new TreeMap<>(before);
        all.put(RESPONSE, response);
        Action.OnCluster certain = action.type().canBeAimedAt(target)
                ? new Action.OnCluster(action.type(), target, action.parameters())
                : action;
        try {
            beforeChange.canBeTakenBackBy(new Action.TakeBack(certain, all));
        } catch (RuntimeException failed) {
            throw StepEnds.failedForNow(
                    "nothing was changed, because what would take it back could not be written down: "
                            + failed.getMessage());
        }
    }

    /** {@link Outcome.Done}; of a rehearsal {@link Outcome.WouldAct}. */
    Outcome done(String observed) {
        return rehearsal ? new Outcome.WouldAct(observed) : new Outcome.Done(observed);
    }

    /** Whether there was still time for this until changes have to be through; returns at once when not. */
    boolean pause(Duration time) {
        return now().plus(time).isBefore(changesUntil) && means.pauses().pause(time);
    }

    /** One request, again and again while that may help. */
    private Reply send(Request request, Instant until, Again again) {
        for (int failures = 0; ; failures++) {
            Instant limit = now().plus(LONGEST_REQUEST);
            Reply reply = means.api().apply(request, limit.isBefore(until) ? limit : until);
            if (!isPassing(reply, again)) {
                return reply;
            }
            lostAnswer |= !request.method().equals("GET")
                    && (reply instanceof Reply.Unheard
                            || (reply instanceof Reply.Refused refused && refused.code() != 429));
            Duration pause = pauseAfter(reply, failures);
            if (!now().plus(pause).isBefore(until) || !means.pauses().pause(pause)) {
                return reply;
            }
        }
    }

    private static boolean isPassing(Reply reply, Again again) {
        if (again == Again.NOT_AT_ALL) {
            return false;
        }
        return switch (reply) {
            case Reply.Ok ok -> false;
            case Reply.Unheard unheard -> again != Again.NEVER;
            case Reply.Refused refused ->
                switch (refused.code()) {
                    case 429, 503, 401 -> true;
                    case 409 -> again == Again.ALWAYS && refused.reason().equals("Conflict");
                    default -> again != Again.NEVER && (refused.isPassing() || refused.code() == 410);
                };
        };
    }

    /** Twice as long each time, and by chance up to half less, so that those who failed together do not come back together. */
    private Duration pauseAfter(Reply reply, int failures) {
        Duration most = FIRST_PAUSE.multipliedBy(1L << Math.min(failures, 10));
        long millis = (most.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : most).toMillis();
        Duration pause = Duration.ofMillis(millis / 2 + means.random().nextLong(millis / 2 + 1));
        return reply instanceof Reply.Refused refused
                ? refused.retryAfter()
                        .filter(asked -> asked.compareTo(pause) > 0)
                        .map(asked -> asked.plus(pause.dividedBy(2)))
                        .orElse(pause)
                : pause;
    }
}
