package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.cluster.Api;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.OwnResources;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Writes what people read of us in the cluster: how each engine takes an action set, and what is in force. Calls block for
 * the API server; what does not arrive is written again by the caller, who knows what should be there.
 */
public final class OwnObjects {

    /** Keeps a Containment that somebody deletes until it is taken back. */
    public static final String FINALIZER = "pounce.dev/release";

    /** The engine that has made it; its name as a label. */
    public static final String ENGINE = "pounce.dev/engine";

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final Api api;
    private final InstantSource clock;
    private final String engine;

    /** @param engine our name, which is that of the node or of our pod */
    public OwnObjects(Api api, InstantSource clock, String engine) {
        this.api = api;
        this.clock = clock;
        this.engine = engine;
    }

    /**
     * How this engine takes a set.
     *
     * @param generation of the resource that it is about
     * @param because empty when all is well
     */
    public record Standing(
            boolean armed,
            String because,
            long generation,
            Instant since,
            List<String> problems,
            long responses,
            long steps,
            long withheld) {
        public Standing {
            problems = List.copyOf(problems);
        }
    }

    /** Puts our line into the status, and leaves those of other engines. True when it is there. */
    public boolean tell(String actionSet, Standing standing) {
        ObjectNode set = JSON.objectNode().put("apiVersion", "pounce.dev/v1").put("kind", "ActionSet");
        set.putObject("metadata").put("name", actionSet);
        ObjectNode line =
                set.putObject("status").putArray("engines").addObject().put("name", engine);
        line.put("armed", standing.armed()).put("because", standing.because());
        line.put("generation", standing.generation())
                .put("since", standing.since().toString());
        line.put("responses", standing.responses()).put("steps", standing.steps());
        line.put("withheld", standing.withheld());
        ArrayNode problems = line.putArray("problems");
        standing.problems().forEach(problems::add);
        Request request = Request.patch(
                        OwnResources.ACTION_SETS.named(actionSet).sub("status"), Request.APPLY_PATCH, set.toString())
                .with("fieldManager", manager())
                .with("force", "true");
        return isDoneOrGone(api.send(request, deadline()));
    }

    /** One manager for each engine: a line that is no longer applied by its manager is taken out by the server. */
    private String manager() {
        String name = Request.FIELD_MANAGER + "-" + engine;
        return name.length() <= 128 ? name : name.substring(0, 128);
    }

    /**
     * What is in force, as people read it.
     *
     * @param until empty when only a person ends it
     */
    public record Shown(
            String response,
            String step,
            String action,
            String target,
            Instant since,
            Optional<Instant> until,
            Optional<String> trouble) {}

    /** The name of its resource: the same for the same step, on every engine. */
    public static String nameOf(String response, String step) {
        return response.toLowerCase(Locale.ROOT) + "-" + hash(step);
    }

    private static String hash(String step) {
        try {
            byte[] sha = MessageDigest.getInstance("SHA-256").digest(step.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(sha, 0, 4);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JDK has SHA-256", impossible);
        }
    }

    /** Makes or renews its resource. True when it is there as it should be. */
    public boolean show(Shown shown) {
        ApiPath path = OwnResources.CONTAINMENTS.named(nameOf(shown.response(), shown.step()));
        ObjectNode containment =
                JSON.objectNode().put("apiVersion", "pounce.dev/v1").put("kind", "Containment");
        ObjectNode metadata = containment.putObject("metadata");
        metadata.put("name", nameOf(shown.response(), shown.step()));
        metadata.putObject("labels").put("app.kubernetes.io/managed-by", "pounce");
        metadata.putArray("finalizers").add(FINALIZER);
        ObjectNode spec = containment.putObject("spec");
        spec.put("engine", engine).put("response", shown.response()).put("step", shown.step());
        spec.put("action", shown.action()).put("target", shown.target());
        spec.put("since", shown.since().toString());
        shown.until().ifPresent(until -> spec.put("until", until.toString()));
        boolean there = isDone(api.send(
                Request.patch(path, Request.APPLY_PATCH, containment.toString()).with("force", "true"), deadline()));
        if (there && shown.trouble().isPresent()) {
            ObjectNode status = JSON.objectNode();
            status.putObject("status").put("trouble", shown.trouble().get());
            return isDone(
                    api.send(Request.patch(path.sub("status"), Request.MERGE_PATCH, status.toString()), deadline()));
        }
        return there;
    }

    /**
     * How taking it back ended.
     *
     * @param outcome one word, such as {@code withheld}
     * @param detail what was seen, or why
     */
    public record End(String outcome, String detail) {}

    /**
     * It is not in force any more: its resource goes. True when it is gone.
     *
     * @param end which its status says last, to whoever watches it go; empty when it is not known
     */
    public boolean takeAway(String name, Optional<End> end) {
        ApiPath path = OwnResources.CONTAINMENTS.named(name);
        if (end.isPresent() && isToBeToldAgain(tell(path, end.get()))) {
            return false;
        }
        Reply unlocked =
                api.send(Request.patch(path, Request.MERGE_PATCH, "{\"metadata\":{\"finalizers\":null}}"), deadline());
        if (unlocked instanceof Reply.Refused refused && refused.isNotFound()) {
            return true;
        }
        return isDoneOrGone(askToRelease(name));
    }

    private Reply tell(ApiPath path, End end) {
        ObjectNode status = JSON.objectNode();
        status.putObject("status").put("outcome", end.outcome()).put("detail", end.detail());
        return api.send(Request.patch(path.sub("status"), Request.MERGE_PATCH, status.toString()), deadline());
    }

    /** One that would be refused again must not keep the resource for ever. */
    private static boolean isToBeToldAgain(Reply reply) {
        return reply instanceof Reply.Unheard || (reply instanceof Reply.Refused refused && refused.isPassing());
    }

    /** Asks the engine that shows it to take it back: its resource goes when that is done. */
    public Reply askToRelease(String name) {
        return api.send(
                Request.delete(
                        OwnResources.CONTAINMENTS.named(name), "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\"}"),
                deadline());
    }

    private static boolean isDone(Reply reply) {
        return reply instanceof Reply.Ok;
    }

    private static boolean isDoneOrGone(Reply reply) {
        return isDone(reply) || (reply instanceof Reply.Refused refused && refused.isNotFound());
    }

    private Instant deadline() {
        return clock.instant().plus(PATIENCE);
    }
}
