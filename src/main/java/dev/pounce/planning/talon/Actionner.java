package dev.pounce.planning.talon;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What Talon calls the kinds of its actions, with the parameters that each takes. */
enum Actionner {
    TERMINATE(
            "kubernetes:terminate",
            Habit.STOP,
            Artifact.NONE,
            Parameter.integer("grace_period_seconds", 0, 3_600),
            Parameter.flag("ignore_daemonsets"),
            Parameter.flag("ignore_statefulsets"),
            Parameter.flag("ignore_standalone_pods"),
            Parameter.text("min_healthy_replicas")),
    DELETE("kubernetes:delete", Habit.STOP, Artifact.NONE),
    LABEL(
            "kubernetes:label",
            Habit.GO_ON,
            Artifact.NONE,
            Parameter.map("labels").required(),
            Parameter.text("level")),
    ANNOTATION(
            "kubernetes:annotation",
            Habit.GO_ON,
            Artifact.NONE,
            Parameter.map("annotations").required(),
            Parameter.text("level")),
    NETWORK_POLICY(
            "kubernetes:networkpolicy",
            Habit.GO_ON,
            Artifact.NONE,
            Parameter.list("allow_cidr"),
            Parameter.list("allow_namespaces"),
            Parameter.withoutEffect("allow", "allow_cidr or allow_namespaces")),
    EXEC(
            "kubernetes:exec",
            Habit.GO_ON,
            Artifact.NONE,
            Parameter.text("command").required(),
            Parameter.text("shell")),
    SCRIPT(
            "kubernetes:script",
            Habit.GO_ON,
            Artifact.NONE,
            Parameter.text("script"),
            Parameter.text("file"),
            Parameter.text("shell")),
    LOG("kubernetes:log", Habit.GO_ON, Artifact.POSSIBLE, Parameter.integer("tail_lines", 0, 1_000_000)),
    DOWNLOAD(
            "kubernetes:download",
            Habit.GO_ON,
            Artifact.ALWAYS,
            Parameter.text("file").required()),
    TCPDUMP(
            "kubernetes:tcpdump",
            Habit.STOP,
            Artifact.ALWAYS,
            Parameter.integer("duration", 0, 600),
            Parameter.integer("snaplen", 0, 262_144),
            Parameter.text("image")),
    SYSDIG(
            "kubernetes:sysdig",
            Habit.STOP,
            Artifact.ALWAYS,
            Parameter.integer("duration", 1, 30),
            Parameter.text("scope"),
            Parameter.integer("buffer_size", 128, 1_048_576),
            Parameter.text("image")),
    CORDON("kubernetes:cordon", Habit.GO_ON, Artifact.NONE),
    DRAIN(
            "kubernetes:drain",
            Habit.GO_ON,
            Artifact.NONE,
            Parameter.text("min_healthy_replicas"),
            Parameter.flag("ignore_daemonsets"),
            Parameter.flag("ignore_statefulsets"),
            Parameter.flag("ignore_errors"),
            Parameter.integer("max_wait_period", 0, 3_600),
            Parameter.list("wait_period_excluded_namespaces"),
            Parameter.withoutEffect("force", "ignore_errors")),
    LAMBDA(
            "aws:lambda",
            Habit.GO_ON,
            Artifact.NONE,
            Parameter.text("aws_lambda_name").required(),
            Parameter.text("aws_lambda_alias_or_version"),
            Parameter.text("aws_lambda_invocation_type")),
    FUNCTION(
            "gcp:function",
            Habit.GO_ON,
            Artifact.NONE,
            Parameter.text("gcp_function_name").required(),
            Parameter.text("gcp_function_location"),
            Parameter.integer("gcp_function_timeout", 1, Integer.MAX_VALUE)),
    CALICO(
            "calico:networkpolicy",
            Habit.GO_ON,
            Artifact.NONE,
            Parameter.list("allow_cidr"),
            Parameter.list("allow_namespaces"),
            Parameter.integer("order", 0, 1_000_000),
            Parameter.withoutEffect("allow", "allow_cidr or allow_namespaces")),
    CILIUM(
            "cilium:networkpolicy",
            Habit.GO_ON,
            Artifact.NONE,
            Parameter.list("allow_cidr"),
            Parameter.list("allow_namespaces"),
            Parameter.withoutEffect("allow", "allow_cidr or allow_namespaces"));

    /** Whether the actions behind it run when nobody said. */
    enum Habit {
        GO_ON,
        STOP
    }

    /** Whether there is something to keep. */
    enum Artifact {
        NONE,
        POSSIBLE,
        ALWAYS
    }

    private final String word;
    private final Habit habit;
    private final Artifact artifact;

    @SuppressWarnings("ImmutableEnumChecker") // from List.of
    private final List<Parameter> parameters;

    Actionner(String word, Habit habit, Artifact artifact, Parameter... parameters) {
        this.word = word;
        this.habit = habit;
        this.artifact = artifact;
        this.parameters = List.of(parameters);
    }

    String word() {
        return word;
    }

    boolean goesOn() {
        return habit == Habit.GO_ON;
    }

    Artifact artifact() {
        return artifact;
    }

    List<Parameter> parameters() {
        return parameters;
    }

    static Optional<Actionner> named(String word) {
        return Stream.of(values()).filter(one -> one.word.equals(word)).findFirst();
    }

    static List<String> words() {
        return Stream.of(values()).map(Actionner::word).toList();
    }
}
