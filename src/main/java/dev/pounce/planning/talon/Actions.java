package dev.pounce.planning.talon;

import dev.pounce.action.ActionType;
import dev.pounce.action.Share;
import dev.pounce.detection.SecretFields;
import dev.pounce.planning.talon.Variables.Meaning;
import dev.pounce.planning.talon.Variables.Piece;
import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import dev.pounce.source.SourceFiles;
import dev.pounce.source.Yaml;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** What one action becomes: a step, most often. Where Talon does something else than its documentation says, or harm, warns. */
final class Actions {

    /**
     * @param suffix of the step's id, where one action becomes several
     * @param within as a file has it
     */
    record Step(String suffix, ActionType type, Sketch parameters, Optional<String> within) {}

    /** The longest that a policy of ours stays in force; one of Talon's stays for ever. */
    private static final String LONGEST_LEASE = "30d";

    /** As much of a script as an action set may hold. */
    private static final int LONGEST_SCRIPT = 4000;

    /** Talon's documentation has it, Talon has not. */
    private static final String DEFAULT_LOCATION = "us-central1";

    private static final String DEFAULT_CIDR = "0.0.0.0/0";

    private final TalonRule rule;
    private final TalonAction action;
    private final Actionner actionner;
    private final Parameters parameters;
    private final Problems problems;

    Actions(TalonRule rule, TalonAction action, Actionner actionner, Problems problems) {
        this.rule = rule;
        this.action = action;
        this.actionner = actionner;
        this.problems = problems;
        this.parameters =
                Parameters.of(actionner.word(), action.place(), action.parameters(), actionner.parameters(), problems);
    }

    /** What is wrong was reported. */
    List<Step> steps() {
        contexts();
        Optional<Yaml.Scalar> store = output();
        List<Step> steps =
                switch (actionner) {
                    case TERMINATE -> one(ActionType.POD_TERMINATE, terminate());
                    case DELETE -> one(ActionType.OBJECT_DELETE, sketch());
                    case LABEL -> one(onNode() ? ActionType.NODE_LABEL : ActionType.POD_LABEL, words("labels"));
                    case ANNOTATION ->
                        one(onNode() ? ActionType.NODE_ANNOTATE : ActionType.POD_ANNOTATE, words("annotations"));
                    case NETWORK_POLICY -> one(ActionType.POD_ISOLATE, networkPolicy());
                    case EXEC -> one(ActionType.POD_SCRIPT, exec());
                    case SCRIPT -> one(ActionType.POD_SCRIPT, script());
                    case LOG -> one(ActionType.EVIDENCE_LOGS, log());
                    case DOWNLOAD -> one(ActionType.EVIDENCE_FILES, download());
                    case TCPDUMP -> one(ActionType.EVIDENCE_CAPTURE, tcpdump());
                    case SYSDIG -> one(ActionType.EVIDENCE_TRACE, sysdig());
                    case CORDON -> one(ActionType.NODE_CORDON, sketch());
                    case DRAIN -> drain();
                    case LAMBDA -> one(ActionType.CALL_LAMBDA, lambda());
                    case FUNCTION -> one(ActionType.CALL_FUNCTION, function());
                    case CALICO -> denyRemote("calico");
                    case CILIUM -> denyRemote("cilium");
                };
        store.ifPresent(where -> steps.forEach(step -> step.parameters().put("to", where)));
        return steps;
    }

    private static List<Step> one(ActionType type, Sketch parameters) {
        return List.of(new Step("", type, parameters, Optional.empty()));
    }

    private Sketch sketch() {
        return new Sketch(action.place());
    }

    private void warn(Place place, String found, String expected, String suggestion) {
        problems.warning(place, found, expected, suggestion);
    }

    private Sketch terminate() {
        Sketch pod = sketch().word(
                        "grace", parameters.integer("grace_period_seconds").orElse(0) + "s");
        pod.word("ignoreBudgets", "true"); // it deletes, where an eviction would ask them
        flag(pod, "ignore_daemonsets", "ignoreDaemonSets");
        flag(pod, "ignore_statefulsets", "ignoreStatefulSets");
        flag(pod, "ignore_standalone_pods", "ignoreStandalone");
        if (!parameters.has("ignore_standalone_pods")) {
            pod.word("ignoreStandalone", "true");
            warn(
                    action.place(),
                    "'" + action.name() + "' without ignore_standalone_pods, and so Talon deletes pods that nothing"
                            + " starts again",
                    "true, its documented default, which holds here",
                    "write ignore_standalone_pods: false to have them deleted");
        }
        minHealthy(pod);
        return pod;
    }

    private void flag(Sketch into, String theirs, String ours) {
        parameters.flag(theirs).ifPresent(value -> into.word(ours, value.toString()));
    }

    private void minHealthy(Sketch into) {
        parameters.scalar("min_healthy_replicas").ifPresent(written -> {
            if (Share.parse(written.text()).isEmpty()) {
                problems.error(
                        written.place(),
                        written.kind() + " as min_healthy_replicas of " + actionner.word(),
                        Share.EXPECTED + ", in quotes");
                return;
            }
            if (actionner == Actionner.DRAIN || written.text().endsWith("%")) {
                warn(
                        written.place(),
                        "min_healthy_replicas: \"" + written.text() + "\", which Talon "
                                + (actionner == Actionner.DRAIN
                                        ? "never heeds when it drains"
                                        : "compares with a number of pods"),
                        "the share of its ReplicaSet's pods that stay ready without the one that goes, which counts here",
                        "see that it is what you mean; it protects now");
            }
            into.text("minHealthy", written.place(), written.text());
        });
    }

    private boolean onNode() {
        return choice("level", List.of("pod", "node")).orElse("pod").equals("node");
    }

    private Optional<String> choice(String name, List<String> known) {
        Optional<Yaml.Scalar> written = parameters.scalar(name);
        written.filter(word -> !known.contains(word.text()))
                .ifPresent(word -> problems.unknown(word.place(), name, word.text(), known));
        return written.map(Yaml.Scalar::text).filter(known::contains);
    }

    private Sketch words(String name) {
        Sketch words = new Sketch(parameters.placeOf(name));
        parameters.map(name).forEach((key, value) -> words.text(key, value.place(), literal(value.text())));
        if (words.isEmpty() && parameters.has(name)) {
            problems.error(parameters.placeOf(name), "no " + name, "at least one");
        }
        return sketch().put(name, words);
    }

    private Sketch networkPolicy() {
        warn(
                action.place(),
                "'" + action.name() + "', by which Talon cuts what leaves the pods of a whole workload, for ever, and"
                        + " overwrites a policy of that name",
                "a policy of its own for the pod that was seen, in both directions, for " + LONGEST_LEASE,
                "in the action set, 'scope: workload' isolates all its pods and 'for' says how long");
        Sketch isolation = sketch().word("for", LONGEST_LEASE).word("by", "policy");
        if (!parameters.has("allow_cidr") && !parameters.has("allow_namespaces")) {
            warn(
                    action.place(),
                    "'" + action.name() + "' without allow_cidr and allow_namespaces, and so Talon allows nothing",
                    DEFAULT_CIDR + ", the documented default of allow_cidr, which holds here: every IPv4 address stays"
                            + " in reach",
                    "write allow_cidr: [] to cut everything off");
            Yaml.Scalar everything = Sketch.text(action.place(), DEFAULT_CIDR);
            return isolation.put("allow", sketch().texts("cidrs", List.of(everything)));
        }
        return isolation.put("allow", allowed());
    }

    private Sketch allowed() {
        return sketch().texts("cidrs", literals(parameters.list("allow_cidr")))
                .texts("namespaces", literals(parameters.list("allow_namespaces")));
    }

    /** Talon denies one address and allows the rest, or the lists; both are kept apart here, so that nothing is loosened. */
    private List<Step> denyRemote(String engine) {
        List<Step> steps = new ArrayList<>();
        boolean lists = parameters.has("allow_cidr") || parameters.has("allow_namespaces");
        Yaml.Scalar remote = Sketch.text(action.place(), "${fd.rip|fd.sip}");
        steps.add(new Step(
                lists ? " remote" : "",
                ActionType.POD_ISOLATE,
                policy(engine).texts("deny", List.of(remote)),
                Optional.empty()));
        if (lists) {
            steps.add(new Step(
                    " rest",
                    ActionType.POD_ISOLATE,
                    policy(engine).word("by", "policy").put("allow", allowed()),
                    Optional.empty()));
        } else {
            warn(
                    action.place(),
                    "'" + action.name() + "' without allow_cidr and allow_namespaces, and so Talon allows "
                            + DEFAULT_CIDR + ", whatever other policies say",
                    "the remote address denied, and what is in force left as it is",
                    "nothing to do; write allow_cidr to allow some addresses only");
        }
        return steps;
    }

    private Sketch policy(String engine) {
        Sketch policy = sketch().word("for", LONGEST_LEASE).word("engine", engine);
        parameters.integer("order").ifPresent(order -> policy.word("order", String.valueOf(order)));
        return policy;
    }

    private Sketch exec() {
        Sketch script = parameters
                .scalar("command")
                .map(command -> script(command.place(), command.text()))
                .orElse(sketch());
        return shell(script).text("container", action.place(), "*");
    }

    private Sketch script() {
        Optional<Yaml.Scalar> text = parameters.scalar("script");
        Optional<Yaml.Scalar> file = parameters.scalar("file");
        if (text.isPresent() == file.isPresent()) {
            problems.error(
                    action.place(),
                    (text.isPresent() ? "script and file" : "neither script nor file") + " for " + actionner.word(),
                    "one of them");
            return sketch();
        }
        warn(
                action.place(),
                "'" + action.name() + "', which Talon runs in the pod's last container and leaves behind in /tmp",
                "the container that was seen, or else the pod's first; no file is left behind",
                "in the action set, 'container' names another");
        return shell(text.map(written -> script(written.place(), written.text()))
                .or(() -> file.flatMap(this::scriptOf))
                .orElse(sketch()));
    }

    private Optional<Sketch> scriptOf(Yaml.Scalar file) {
        try {
            Path path = Path.of(file.text());
            Problems unreadable = new Problems();
            Optional<String> text = SourceFiles.read(path, unreadable);
            unreadable
                    .all()
                    .forEach(problem -> problems.error(
                            file.place(),
                            problem.found() + ", " + path,
                            problem.expected(),
                            "it is looked for from here"));
            return text.map(content -> content.length() <= LONGEST_SCRIPT
                    ? script(file.place(), content)
                    : withEnvironment(
                            sketch().text(
                                            "file",
                                            file.place(),
                                            path.toAbsolutePath().toString()),
                            file.place(),
                            content));
        } catch (InvalidPathException wrong) {
            problems.error(file.place(), file.kind() + " as file of " + actionner.word(), "the name of a file");
            return Optional.empty();
        }
    }

    private Sketch shell(Sketch script) {
        parameters.scalar("shell").ifPresent(shell -> {
            boolean bare = !shell.text().contains("/");
            if (bare) {
                warn(
                        shell.place(),
                        "shell '" + shell.text() + "' without its folder",
                        "/bin/" + shell.text() + ", which is taken",
                        "write shell: /bin/" + shell.text());
            }
            script.text("shell", shell.place(), (bare ? "/bin/" : "") + shell.text());
        });
        return script;
    }

    private Sketch script(Place place, String text) {
        StringBuilder written = new StringBuilder();
        for (Piece piece : Variables.in(text)) {
            switch (piece) {
                case Piece.Text plain -> written.append(plain.text());
                case Piece.OfShell kept -> written.append(kept.written());
                case Piece.Variable variable -> {
                    boolean renamed = constants().containsKey(variable.name());
                    written.append(renamed ? "${" + ourName(variable.name()) + "}" : variable.written());
                }
            }
        }
        return withEnvironment(sketch().text("script", place, written.toString()), place, text);
    }

    /** A shell takes a hyphen for the beginning of a default. */
    private static String ourName(String variable) {
        return variable.replace('-', '_');
    }

    private Sketch withEnvironment(Sketch script, Place place, String text) {
        Map<String, String> environment = new LinkedHashMap<>();
        List<String> swallowed = new ArrayList<>();
        for (Piece piece : Variables.in(text)) {
            switch (piece) {
                case Piece.Text plain -> {}
                case Piece.OfShell kept -> swallowed.add(kept.written());
                case Piece.Variable variable -> variable(variable, place, environment, swallowed);
            }
        }
        if (!swallowed.isEmpty()) {
            warn(
                    place,
                    String.join(", ", swallowed.stream().distinct().toList())
                            + ", which Talon removes before a shell sees it",
                    "the shell's own, which it is here",
                    "nothing to do; see that the script means what it says");
        }
        if (!environment.isEmpty()) {
            warn(
                    place,
                    String.join(", ", environment.keySet())
                            + ", for which Talon pastes the event's text into what a shell reads",
                    "variables of this one call's environment, which they are here; without one of them in the"
                            + " detection the step is left out",
                    "write \"$" + environment.keySet().iterator().next() + "\" in double quotes, so that a blank in it"
                            + " does not make two words");
        }
        Sketch variables = new Sketch(place);
        environment.forEach((name, value) -> variables.text(name, place, value));
        return script.put("env", variables);
    }

    private void variable(
            Piece.Variable variable, Place place, Map<String, String> environment, List<String> swallowed) {
        switch (meaning(variable.name())) {
            case Meaning.Constant constant -> environment.put(ourName(variable.name()), literal(constant.value()));
            case Meaning.Field field
            when SecretFields.contains(field.name()) ->
                warn(
                        place,
                        variable.written() + ", an environment or the content of a file",
                        "nothing secret: it stays empty here",
                        "remove it");
            case Meaning.Field field -> environment.put(variable.name(), "${" + field.name() + "}");
            case Meaning.OfContext context -> warnOfContext(context, variable, place);
            case Meaning.Unknown unknown -> swallowed.add(variable.written());
        }
        if (variable.inSingleQuotes() && !(meaning(variable.name()) instanceof Meaning.Unknown)) {
            warn(
                    place,
                    variable.written() + " between single quotes, where a shell leaves it as it is",
                    "double quotes around it",
                    "Talon replaces it there, too; write \"" + variable.written() + "\"");
        }
    }

    private Meaning meaning(String variable) {
        Meaning meaning = Variables.of(variable, constants());
        boolean asked =
                action.contexts().stream().anyMatch(context -> context.text().equals("k8snode"));
        return meaning instanceof Meaning.OfContext(String context, String name)
                        && name.equals("node.hostname")
                        && asked
                ? new Meaning.Field("detection.hostname")
                : meaning;
    }

    private void warnOfContext(Meaning.OfContext context, Piece.Variable variable, Place place) {
        warn(
                place,
                variable.written() + ", which Talon never looks up, with additional_contexts or without",
                "a field of the event: it is empty here, too",
                "remove it; " + context.name() + " is not known here either");
    }

    /** What Talon knows without looking. */
    private Map<String, String> constants() {
        return Map.of(
                "FALCO-TALON_RULE", rule.name(),
                "FALCO-TALON_RULE_CONTINUE", String.valueOf(rule.continues().orElse(true)),
                "FALCO-TALON_RULE_DRY_RUN", String.valueOf(rule.dryRun().orElse(false)),
                "FALCO-TALON_ACTION", action.name(),
                "FALCO-TALON_ACTION_CONTINUE", String.valueOf(action.continues().orElse(actionner.goesOn())),
                "FALCO-TALON_ACTION_IGNORE_ERRORS",
                        String.valueOf(action.ignoreErrors().orElse(false)),
                "FALCO-TALON_ACTIONNER", actionner.word());
    }

    private Sketch log() {
        OptionalInt written = parameters.integer("tail_lines");
        int lines = written.orElse(20);
        if (lines == 0) {
            warn(
                    parameters.placeOf("tail_lines"),
                    "tail_lines: 0, which keeps nothing",
                    "1 or more; 1 is taken",
                    "write how many lines are wanted");
        }
        return sketch().word("tail", String.valueOf(Math.max(1, lines)));
    }

    private Sketch download() {
        return parameters
                .scalar("file")
                .map(file -> {
                    Yaml.Scalar path = Sketch.text(file.place(), path(file));
                    return sketch().texts("paths", List.of(path));
                })
                .orElse(sketch());
    }

    /** Variables that are not known are empty in Talon, and so they are here. */
    private String path(Yaml.Scalar file) {
        StringBuilder path = new StringBuilder();
        for (Piece piece : Variables.in(file.text())) {
            switch (piece) {
                case Piece.Text plain -> path.append(literal(plain.text()));
                case Piece.OfShell kept -> path.append(literal(kept.written()));
                case Piece.Variable variable -> {
                    switch (meaning(variable.name())) {
                        case Meaning.Constant constant -> path.append(literal(constant.value()));
                        case Meaning.Field field ->
                            path.append("${").append(field.name()).append('}');
                        case Meaning.OfContext context -> warnOfContext(context, variable, file.place());
                        case Meaning.Unknown unknown ->
                            warn(
                                    file.place(),
                                    variable.written() + ", which is no field of an event",
                                    "nothing, which stands in for it, in Talon too",
                                    "name a field in capitals, with _ for each dot: ${FD_NAME}");
                    }
                }
            }
        }
        return path.toString();
    }

    private Sketch tcpdump() {
        imageIsNotUsed();
        Sketch capture = sketch().word("duration", duration());
        if (!parameters.has("snaplen")) {
            warn(
                    action.place(),
                    "'" + action.name() + "' without snaplen, and so Talon keeps whole packets",
                    "4096, its documented default, which holds here",
                    "write snaplen: 0 for whole packets");
        }
        return capture.word(
                "snaplen", String.valueOf(parameters.integer("snaplen").orElse(4096)));
    }

    private String duration() {
        int seconds = parameters.integer("duration").orElse(5);
        if (seconds == 0) {
            warn(
                    parameters.placeOf("duration"),
                    "duration: 0, which records nothing",
                    "1 or more; 1 is taken",
                    "write how many seconds are wanted");
        } else if (seconds > 60) {
            warn(
                    parameters.placeOf("duration"),
                    "duration: " + seconds + ", for which Talon's container does not live long enough",
                    seconds + " seconds, which are recorded here",
                    "write 60 or less if Talon has to read this, too");
        }
        return Math.max(1, seconds) + "s";
    }

    private void imageIsNotUsed() {
        if (parameters.has("image")) {
            warn(
                    parameters.placeOf("image"),
                    "an image for " + actionner.word(),
                    "nothing: no container is started, the agent on the node records",
                    "remove it");
        }
    }

    private Sketch sysdig() {
        imageIsNotUsed();
        Sketch trace = sketch().word("duration", duration());
        choice("scope", List.of("pod", "node")).ifPresent(scope -> trace.word("scope", scope));
        parameters.integer("buffer_size").ifPresent(size -> trace.word("buffer", String.valueOf(size)));
        return trace;
    }

    private List<Step> drain() {
        Sketch node = sketch().word(
                        "ignoreDaemonSets",
                        parameters.flag("ignore_daemonsets").orElse(false).toString());
        flag(node, "ignore_statefulsets", "ignoreStatefulSets");
        flag(node, "ignore_errors", "ignoreErrors");
        minHealthy(node);
        int patience = parameters.integer("max_wait_period").orElse(0);
        node.word("wait", String.valueOf(patience > 0));
        if (parameters.has("wait_period_excluded_namespaces")) {
            warn(
                    parameters.placeOf("wait_period_excluded_namespaces"),
                    "wait_period_excluded_namespaces, which Talon never reads",
                    "nothing: pods of all namespaces are waited for",
                    "in the action set, 'excludeNamespaces' leaves their pods where they are");
        }
        return List.of(new Step(
                "", ActionType.NODE_DRAIN, node, patience > 0 ? Optional.of(patience + "s") : Optional.empty()));
    }

    private Sketch lambda() {
        Sketch call = sketch();
        parameters.scalar("aws_lambda_name").ifPresent(name -> call.text("name", name.place(), name.text()));
        parameters
                .scalar("aws_lambda_alias_or_version")
                .ifPresent(version -> call.text("version", version.place(), version.text()));
        choice("aws_lambda_invocation_type", List.of("RequestResponse", "Event", "DryRun"))
                .ifPresent(type -> call.word("invocation", type));
        return call;
    }

    private Sketch function() {
        Sketch call = sketch();
        parameters.scalar("gcp_function_name").ifPresent(name -> call.text("name", name.place(), name.text()));
        parameters
                .scalar("gcp_function_location")
                .ifPresentOrElse(location -> call.text("location", location.place(), location.text()), () -> {
                    call.word("location", DEFAULT_LOCATION);
                    warn(
                            action.place(),
                            "'" + action.name() + "' without gcp_function_location, which Talon refuses",
                            DEFAULT_LOCATION + ", its documented default, which holds here",
                            "write gcp_function_location: " + DEFAULT_LOCATION);
                });
        parameters.integer("gcp_function_timeout").ifPresent(seconds -> {
            Place place = parameters.placeOf("gcp_function_timeout");
            if (seconds > 600) {
                problems.error(place, seconds + " as gcp_function_timeout", "a whole number from 1 to 600, in seconds");
                return;
            }
            call.word("timeLimit", seconds + "s");
            warn(
                    place,
                    "gcp_function_timeout: " + seconds
                            + ", which Talon takes for nanoseconds, so that every call fails",
                    seconds + " seconds, as documented, which hold here",
                    "leave it out if Talon has to read this, too");
        });
        return call;
    }

    private void contexts() {
        for (Yaml.Scalar context : action.contexts()) {
            if (!Variables.CONTEXTS.containsKey(context.text())) {
                problems.unknown(context.place(), "context", context.text(), Variables.CONTEXTS.keySet());
            }
        }
        if (!action.contexts().isEmpty()) {
            Yaml.Scalar first = action.contexts().getFirst();
            warn(
                    first.place(),
                    "additional_contexts, which Talon never looks up",
                    "fields of the event; of a context only the node's name is known here, as NODE_HOSTNAME",
                    "remove it where nothing of it is used");
        }
    }

    private Optional<Yaml.Scalar> output() {
        if (action.output().isEmpty()) {
            if (actionner.artifact() == Actionner.Artifact.ALWAYS) {
                problems.error(
                        action.place(),
                        "'" + action.name() + "' of " + actionner.word() + " without an output",
                        "output: {target: one of " + String.join(", ", Target.words()) + ", parameters: …}");
            }
            return Optional.empty();
        }
        TalonAction.Output output = action.output().get();
        if (output.target().isEmpty()) {
            problems.error(output.place(), "an output without a target", "one of " + String.join(", ", Target.words()));
            return Optional.empty();
        }
        Yaml.Scalar word = output.target().get();
        Optional<Target> target = Target.named(word.text());
        if (target.isEmpty()) {
            problems.unknown(word.place(), "target", word.text(), Target.words());
            return Optional.empty();
        }
        if (output.parameters().isEmpty()) {
            problems.error(output.place(), "an output without parameters", "those of " + word.text());
            return Optional.empty();
        }
        Parameters where = Parameters.of(
                word.text(), output.place(), output.parameters(), target.get().parameters(), problems);
        if (actionner.artifact() == Actionner.Artifact.NONE) {
            warn(
                    output.place(),
                    "an output for " + actionner.word() + ", which has nothing to keep; Talon ignores it",
                    "an output for what has an artifact",
                    "remove it");
            return Optional.empty();
        }
        return store(target.get(), where);
    }

    private Optional<Yaml.Scalar> store(Target target, Parameters where) {
        if (target == Target.LOCAL_FILE) {
            return where.scalar("destination").flatMap(folder -> {
                if (!folder.text().startsWith("/")) {
                    problems.error(
                            folder.place(),
                            folder.kind() + " as destination",
                            "an absolute path: " + "/var/lib/evidence");
                    return Optional.empty();
                }
                return Optional.of(Sketch.text(folder.place(), "file://" + folder.text()));
            });
        }
        if (where.has("region")) {
            warn(
                    where.placeOf("region"),
                    "a region for " + target.word(),
                    "nothing: the engine's own settings say how a store is reached",
                    "remove it");
        }
        return where.scalar("bucket").map(bucket -> {
            String prefix = where.text("prefix").orElse("");
            return Sketch.text(
                    bucket.place(),
                    target.scheme() + "://" + bucket.text() + "/"
                            + (prefix.startsWith("/") ? prefix.substring(1) : prefix));
        });
    }

    private static List<Yaml.Scalar> literals(List<Yaml.Scalar> texts) {
        return texts.stream()
                .map(text -> Sketch.text(text.place(), literal(text.text())))
                .toList();
    }

    /** Where an action set would look for a field, Talon does not. */
    private static String literal(String text) {
        return text.replace("${", "$${");
    }
}
