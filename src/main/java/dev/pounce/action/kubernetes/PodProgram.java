package dev.pounce.action.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * {@code pod.exec} and {@code pod.script}: run something in containers of a pod, once.
 *
 * <p>What is printed is told by its size, its hash and the exit code: it may be a file's content, which does not belong into
 * the journal; to keep it there is {@code evidence.files}. The API server lets nobody insist on a uid here, so that the pod is
 * asked for before and looked at again afterwards. Nothing is asked for twice that may have been started.
 */
final class PodProgram implements ClusterStep {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long LARGEST_SCRIPT = 1_000_000;
    private static final Duration PAUSE = Duration.ofMillis(500);

    /** Exit code of {@link #READER} when it was not sent all of it. */
    private static final int CUT_OFF = 125;

    /**
     * Sets the variables, reads the script up to the line that ends it, and runs it only then: of a script whose second half was
     * lost on the way nothing is run. The script itself has nothing to read.
     */
    private static final String READER = """
            pounce_end=$1; shift
            while [ $# -gt 0 ]; do export "$1=$2"; shift 2; done
            pounce_text=; pounce_all=
            while IFS= read -r pounce_line; do
              [ "$pounce_line" = "$pounce_end" ] && { pounce_all=yes; break; }
              pounce_text="$pounce_text$pounce_line
            "
            done
            [ "$pounce_all" ] || exit 125
            set -- "$pounce_text"
            unset pounce_end pounce_text pounce_all pounce_line
            eval "set --
            $1" </dev/null
            """;

    /** @param input empty for none */
    private record Command(List<String> argv, Optional<String> input) {}

    private final Programs programs;

    PodProgram(Programs programs) {
        this.programs = programs;
    }

    @Override
    public Outcome carryOut(Attempt attempt) throws StepEnds {
        JsonNode pod = attempt.meantPod();
        PodRef ref = Attempt.certain(attempt.pod(), pod);
        attempt.isAbout(ref);
        List<String> containers = containers(attempt, ref, pod);
        Command command = attempt.action().type() == ActionType.POD_EXEC
                ? new Command(attempt.parameters().words("argv"), Optional.empty())
                : script(attempt);
        if (attempt.rehearsal()) {
            mayRun(attempt, ref);
            return attempt.done("it would run in " + String.join(", ", containers) + " of " + ref.display());
        }
        List<String> said = new ArrayList<>();
        boolean failed = false;
        boolean retryable = true;
        for (String container : containers) {
            Programs.Ended ended = run(attempt, ref, container, command);
            switch (ended) {
                case Programs.Ended.Exited exited -> {
                    boolean cutOff = exited.code() == CUT_OFF
                            && command.input().isPresent()
                            && exited.printed().bytes() == 0;
                    said.add(container + ": exit code " + exited.code() + ", "
                            + exited.printed().display()
                            + (cutOff
                                    ? "; it may be that the script did not arrive whole, and then nothing was run"
                                    : ""));
                    failed |= exited.code() != 0;
                    retryable &= exited.code() == 0;
                }
                case Programs.Ended.NotStarted not -> {
                    said.add(container + ": not started" + (not.code() == 0 ? "" : " (" + not.code() + ")") + ": "
                            + not.why());
                    failed = true;
                    retryable &= isPassing(not);
                }
                case Programs.Ended.LostSight lost -> {
                    said.add(container + ": it is not known how it ended: " + lost.why() + "; "
                            + lost.printed().display() + " until then");
                    failed = true;
                    retryable = false;
                }
            }
        }
        String all = "in " + ref.display() + ", " + String.join("; ", said) + whose(attempt, ref);
        return failed ? new Outcome.Failed(all, retryable) : attempt.done(all);
    }

    private Programs.Ended run(Attempt attempt, PodRef ref, String container, Command command) {
        while (true) {
            Duration left = Duration.between(attempt.now(), attempt.changesUntil());
            Duration limit = attempt.parameters().time("timeLimit").orElse(left);
            Duration time = limit.compareTo(left) < 0 ? limit : left;
            if (time.isNegative() || time.isZero()) {
                return new Programs.Ended.NotStarted(0, "the time of the step was over");
            }
            Programs.Ended ended = programs.run(
                    ref,
                    container,
                    command.argv(),
                    command.input(),
                    attempt.parameters().number("outputLimit").orElse(0L),
                    time);
            if (!(ended instanceof Programs.Ended.NotStarted not && isPassing(not)) || !attempt.pause(PAUSE)) {
                return ended;
            }
        }
    }

    private static boolean isPassing(Programs.Ended.NotStarted not) {
        return not.code() == 0 || not.code() == 429 || not.code() == 401 || not.code() == 503 || not.code() == 502;
    }

    /** Whether it was the right one that was reached by name. */
    private static String whose(Attempt attempt, PodRef ref) {
        try {
            attempt.meantPod(ref);
            return "";
        } catch (StepEnds ends) {
            return ends.outcome() instanceof Outcome.TargetGone gone
                    ? "; afterwards " + gone.reason() + ", and it may have run in that one"
                    : "; whether it is still the same pod could not be seen";
        }
    }

    private static List<String> containers(Attempt attempt, PodRef ref, JsonNode pod) throws StepEnds {
        List<String> all = new ArrayList<>();
        pod.path("spec")
                .path("containers")
                .forEach(one -> all.add(one.path("name").asText()));
        Optional<String> wanted = attempt.parameters().text("container");
        if (wanted.isPresent() && wanted.get().equals("*")) {
            return all;
        }
        if (wanted.isPresent()) {
            for (JsonNode one : pod.path("spec").path("ephemeralContainers")) {
                all.add(one.path("name").asText());
            }
            if (!all.contains(wanted.get())) {
                throw StepEnds.failed(
                        ref.display() + " has no container " + wanted.get() + ", but " + String.join(", ", all));
            }
            return List.of(wanted.get());
        }
        Optional<String> seen =
                attempt.why().flatMap(Circumstances::container).flatMap(container -> named(pod, container.id()));
        return List.of(seen.orElse(all.getFirst()));
    }

    /** The runtime's id stands behind its name, such as {@code containerd://}. */
    private static Optional<String> named(JsonNode pod, String id) {
        for (JsonNode status : pod.path("status").path("containerStatuses")) {
            String found = status.path("containerID").asText("");
            if (!id.isEmpty()
                    && found.substring(found.indexOf("//") + 1)
                            .replaceFirst("^/", "")
                            .startsWith(id)) {
                return Optional.of(status.path("name").asText());
            }
        }
        return Optional.empty();
    }

    private static Command script(Attempt attempt) throws StepEnds {
        String text = attempt.parameters().text("script").orElse("");
        Optional<String> file = attempt.parameters().text("file");
        if (file.isPresent()) {
            try {
                Path path = Path.of(file.get());
                if (Files.size(path) > LARGEST_SCRIPT) {
                    throw StepEnds.failed("the script " + file.get() + " has more than " + LARGEST_SCRIPT + " bytes");
                }
                text = Files.readString(path);
            } catch (IOException unreadable) {
                throw StepEnds.failed("the script cannot be read: " + unreadable);
            }
        }
        String end = "pounce-end-" + hash(text);
        List<String> argv = new ArrayList<>(
                List.of(attempt.parameters().text("shell").orElse("/bin/sh"), "-c", READER, "pounce", end));
        attempt.parameters().map("env").forEach((name, value) -> {
            argv.add(name);
            argv.add(value);
        });
        return new Command(argv, Optional.of(text + '\n' + end + '\n'));
    }

    private static String hash(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)))
                    .substring(0, 32);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** There is no dry run of this: whether we might is what can be asked. */
    private static void mayRun(Attempt attempt, PodRef ref) throws StepEnds {
        ObjectNode review = JSON.createObjectNode()
                .put("apiVersion", "authorization.k8s.io/v1")
                .put("kind", "SelfSubjectAccessReview");
        review.putObject("spec")
                .putObject("resourceAttributes")
                .put("namespace", ref.namespace())
                .put("name", ref.name())
                .put("verb", "create")
                .put("resource", "pods")
                .put("subresource", "exec");
        JsonNode answer = attempt.read(Request.review(
                        ApiPath.of("authorization.k8s.io", "v1", "selfsubjectaccessreviews"), review.toString()))
                .orElseThrow(() -> StepEnds.failed("the API server knows no access reviews"));
        if (!answer.path("status").path("allowed").asBoolean(false)) {
            throw StepEnds.failed("we may not create pods/exec for " + ref.display() + ": "
                    + answer.path("status").path("reason").asText(""));
        }
    }

    @Override
    public Outcome takeBack(Action.TakeBack undo, Attempt attempt) throws StepEnds {
        throw StepEnds.withheld("what a program did cannot be taken back");
    }

    @Override
    public Outcome observe(Attempt attempt) throws StepEnds {
        attempt.meantPod();
        return new Outcome.Failed(
                "it is not known whether it has run: a program that ran leaves nothing to be seen by", false);
    }
}
