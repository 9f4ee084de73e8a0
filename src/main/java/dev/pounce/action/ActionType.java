package dev.pounce.action;

import static dev.pounce.action.Parameter.optional;
import static dev.pounce.action.Parameter.required;
import static dev.pounce.action.Parameter.withDefault;

import dev.pounce.asset.Asset;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Every step that people may write. The set is closed; what each takes, needs and leaves behind stands here and nowhere
 * else: files are read by it, the JSON Schema is made from it, the journal is read back by it.
 */
@SuppressWarnings("ImmutableEnumChecker") // nobody changes a description once its constant is made
public enum ActionType {
    PROCESS_KILL(new Description("process.kill", Family.PROCESS, "Ends a process at once, with SIGKILL.")
            .aimedAt(TargetKind.PROCESS)
            .disruption(50)
            .takes(withDefault(
                    "scope",
                    new Kind.Choice(List.of("process", "tree", "container")),
                    "process",
                    "the process alone, with all its descendants, or every process of its container"))
            .needs(new Right.Capability("CAP_KILL"))),

    PROCESS_SUSPEND(new Description(
                    "process.suspend",
                    Family.PROCESS,
                    "Stops a process where it stands, with SIGSTOP; its memory stays to be looked at.")
            .aimedAt(TargetKind.PROCESS)
            .disruption(30)
            .undoneBy("process.resume")
            .needs(new Right.Capability("CAP_KILL"))),

    PROCESS_RESUME(new Description("process.resume", Family.PROCESS, "Lets a stopped process run on, with SIGCONT.")
            .aimedAt(TargetKind.PROCESS)
            .disruption(10)
            .needs(new Right.Capability("CAP_KILL"))),

    POD_TERMINATE(new Description(
                    "pod.terminate", Family.POD, "Deletes a pod; whatever owns it starts another in its place.")
            .aimedAt(TargetKind.POD)
            .disruption(80)
            .takes(optional(
                    "grace",
                    new Kind.Time(Duration.ZERO, Duration.ofHours(1)),
                    "how long its processes have to end by themselves; left out, as long as the pod asks for"))
            .takes(flag("ignoreDaemonSets", false, "leave pods of DaemonSets alone"))
            .takes(flag("ignoreStatefulSets", false, "leave pods of StatefulSets alone"))
            .takes(flag("ignoreStandalone", true, "leave pods alone that nothing would start again"))
            .takes(minHealthy(
                    "the pod is left alone if fewer of its ReplicaSet's or StatefulSet's pods would stay ready"))
            .takes(flag(
                    "ignoreBudgets",
                    false,
                    "end it even when a disruption budget says no; left out, it is tried until the time is over"))
            .needs(api("", "pods", "get"))
            .needs(api("", "pods/eviction", "create", new Right.When("ignoreBudgets", Set.of("false"))))
            .needs(api("", "pods", "delete", new Right.When("ignoreBudgets", Set.of("true"))))
            .needs(api("", "pods", "list", new Right.When("minHealthy", Set.of())))
            .needs(api("apps", "replicasets", "get", new Right.When("minHealthy", Set.of())))
            .needs(api("apps", "statefulsets", "get", new Right.When("minHealthy", Set.of())))
            .needs(events())),

    POD_LABEL(new Description("pod.label", Family.POD, "Sets and removes labels of a pod.")
            .aimedAt(TargetKind.POD)
            .disruption(10)
            .undoneBy("restore the labels")
            .takes(labels())
            .needs(api("", "pods", "get", "patch"))
            .needs(events())),

    POD_ANNOTATE(new Description("pod.annotate", Family.POD, "Sets and removes annotations of a pod.")
            .aimedAt(TargetKind.POD)
            .disruption(5)
            .undoneBy("restore the annotations")
            .takes(annotations())
            .needs(api("", "pods", "get", "patch"))
            .needs(events())),

    POD_QUARANTINE(new Description(
                    "pod.quarantine",
                    Family.POD,
                    "Takes a pod out of its Service and workload, which replaces it, cuts off its network, and"
                            + " keeps it to be looked at.")
            .aimedAt(TargetKind.POD)
            .disruption(70)
            .undoneBy("within its time: restore the labels and remove the policy")
            .takes(withDefault(
                    "for",
                    new Kind.Time(Duration.ofMinutes(1), Duration.ofDays(30)),
                    Duration.ofDays(1),
                    "how long it is kept; then it is deleted, unless nothing would have started another"))
            .needs(api("", "pods", "get", "patch", "delete"))
            .needs(api("networking.k8s.io", "networkpolicies", "get", "create", "delete"))
            .needs(events())),

    POD_EXEC(new Description("pod.exec", Family.POD, "Runs a program in a container of a pod; no shell is involved.")
            .aimedAt(TargetKind.POD)
            .disruption(40)
            .takes(required(
                    "argv",
                    new Kind.Words(Form.TEXT, "arguments"),
                    "the program and its arguments, each as it arrives there"))
            .takes(container())
            .takes(timeLimit())
            .takes(outputLimit())
            .needs(api("", "pods", "get"))
            .needs(api("", "pods/exec", "get", "create"))
            .needs(events())),

    POD_SCRIPT(new Description("pod.script", Family.POD, "Runs a script with a shell in a container of a pod.")
            .aimedAt(TargetKind.POD)
            .disruption(40)
            .takes(optional(
                    "script",
                    new Kind.Text(Form.SCRIPT),
                    "its text, which goes there as it is; what a detection says comes in through env"))
            .takes(optional("file", new Kind.Text(Form.FIXED_PATH), "where its text stands, on the engine's side"))
            .takes(withDefault("shell", new Kind.Text(Form.FIXED_PATH), "/bin/sh", "the program that reads the script"))
            .takes(optional(
                    "env",
                    new Kind.WordMap(Form.VARIABLE, Form.TEXT, "variables"),
                    "variables of the script's environment"))
            .takes(container())
            .takes(timeLimit())
            .takes(outputLimit())
            .exactlyOneOf("script", "file")
            .needs(api("", "pods", "get"))
            .needs(api("", "pods/exec", "get", "create"))
            .needs(events())),

    POD_ISOLATE(new Description(
                    "pod.isolate",
                    Family.NETWORK,
                    "Cuts a pod off from the network, in both directions: in its node's kernel and by a policy of the cluster.")
            .aimedAt(TargetKind.POD)
            .disruption(60)
            .undoneBy("let it through again, and remove the policy")
            .takes(lease())
            .takes(optional(
                    "allow",
                    new Kind.Inner(List.of(
                            flag("dns", false, "the cluster's name service"),
                            optional("cidrs", new Kind.Words(Form.CIDR, "addresses"), "addresses and ranges"),
                            optional(
                                    "namespaces",
                                    new Kind.Words(Form.NAMESPACE, "namespaces"),
                                    "all pods of namespaces"))),
                    "what it may still reach, and be reached from"))
            .takes(optional(
                    "deny",
                    new Kind.Words(Form.CIDR, "addresses"),
                    "cut off these only, and leave the rest as it is; needs the engine cilium or calico"))
            .takes(withDefault(
                    "scope",
                    new Kind.Choice(List.of("pod", "workload")),
                    "pod",
                    "this pod, or all that are made from the same template"))
            .takes(withDefault(
                    "engine",
                    new Kind.Choice(List.of("networkpolicy", "cilium", "calico")),
                    "networkpolicy",
                    "which kind of policy is written"))
            .takes(withDefault(
                    "by",
                    new Kind.Choice(List.of("both", "policy")),
                    "both",
                    "where this engine runs on the pod's node, by the node's kernel, too; or by a policy alone"))
            .takes(optional("order", new Kind.Amount(0, 1_000_000), "of the policy, with the engine calico"))
            .atMostOneOf("allow", "deny")
            .needs(api("", "pods", "get", "patch"))
            .needs(api("apps", "replicasets", "get", new Right.When("scope", Set.of("workload"))))
            .needs(api("apps", "statefulsets", "get", new Right.When("scope", Set.of("workload"))))
            .needs(api("apps", "daemonsets", "get", new Right.When("scope", Set.of("workload"))))
            .needs(policies("networking.k8s.io", "networkpolicies", "networkpolicy"))
            .needs(api("networking.k8s.io", "networkpolicies", "list", engine("networkpolicy", "calico")))
            .needs(policies("cilium.io", "ciliumnetworkpolicies", "cilium"))
            .needs(policies("projectcalico.org", "networkpolicies", "calico"))
            .needs(api("projectcalico.org", "networkpolicies", "list", engine("calico")))
            .needs(api("projectcalico.org", "globalnetworkpolicies", "list", engine("calico")))
            .needs(policies("crd.projectcalico.org", "networkpolicies", "calico"))
            .needs(api("crd.projectcalico.org", "networkpolicies", "list", engine("calico")))
            .needs(api("crd.projectcalico.org", "globalnetworkpolicies", "list", engine("calico")))
            .needs(events())),

    NODE_ISOLATE_CONTAINER(new Description(
                    "node.isolate-container",
                    Family.NETWORK,
                    "Cuts a container off from the network in the node's kernel, open connections too.")
            .aimedAt(TargetKind.CONTAINER)
            .disruption(60)
            .undoneBy("release")
            .takes(lease())
            .takes(optional(
                    "allow",
                    new Kind.Inner(List.of(
                            flag("dns", false, "the resolvers that the container is told of"),
                            optional("cidrs", new Kind.Words(Form.CIDR, "addresses"), "addresses and ranges"))),
                    "what it may still reach, and be reached from"))
            .needs(new Right.Capability("CAP_NET_ADMIN"))
            .needs(new Right.Capability("CAP_SYS_ADMIN"))
            .needs(new Right.Capability("CAP_SYS_PTRACE"))),

    NODE_CORDON(new Description("node.cordon", Family.NODE, "Keeps new pods off a node.")
            .aimedAt(TargetKind.NODE, TargetKind.POD)
            .disruption(45)
            .undoneBy("uncordon")
            .needs(api("", "pods", "get"))
            .needs(api("", "nodes", "get", "patch"))
            .needs(events())),

    NODE_DRAIN(new Description("node.drain", Family.NODE, "Keeps new pods off a node and evicts those that are on it.")
            .aimedAt(TargetKind.NODE, TargetKind.POD)
            .disruption(95)
            .within(Duration.ofMinutes(10))
            .undoneBy("uncordon")
            .takes(optional(
                    "grace",
                    new Kind.Time(Duration.ZERO, Duration.ofHours(1)),
                    "how long processes have to end by themselves; left out, as long as each pod asks for"))
            .takes(flag("ignoreDaemonSets", true, "leave pods of DaemonSets, which would come back at once"))
            .takes(flag("ignoreStatefulSets", false, "leave pods of StatefulSets"))
            .takes(minHealthy("a pod stays if fewer of its ReplicaSet's pods would stay ready"))
            .takes(flag("ignoreErrors", false, "a pod that cannot be evicted does not make the step fail"))
            .takes(flag("wait", true, "the step ends when the pods are gone, not when they are asked to go"))
            .takes(optional(
                    "excludeNamespaces",
                    new Kind.Words(Form.NAMESPACE, "namespaces"),
                    "whose pods are left where they are"))
            .needs(api("", "pods", "get", "list"))
            .needs(api("", "pods/eviction", "create"))
            .needs(api("", "nodes", "get", "patch"))
            .needs(api("apps", "replicasets", "get", new Right.When("minHealthy", Set.of())))
            .needs(events())),

    NODE_TAINT(new Description("node.taint", Family.NODE, "Keeps pods off a node, or drives them away, by a taint.")
            .aimedAt(TargetKind.NODE, TargetKind.POD)
            .disruption(55)
            .undoneBy("untaint")
            .takes(required("key", new Kind.Text(Form.LABEL_KEY), "of the taint"))
            .takes(optional("value", new Kind.Text(Form.LABEL_VALUE), "of the taint"))
            .takes(withDefault(
                    "effect",
                    new Kind.Choice(List.of("NoSchedule", "PreferNoSchedule", "NoExecute")),
                    "NoSchedule",
                    "what becomes of pods that do not tolerate it"))
            .needs(api("", "pods", "get"))
            .needs(api("", "nodes", "get", "patch"))
            .needs(events())),

    NODE_LABEL(new Description("node.label", Family.NODE, "Sets and removes labels of a node.")
            .aimedAt(TargetKind.NODE, TargetKind.POD)
            .disruption(15)
            .undoneBy("restore the labels")
            .takes(labels())
            .needs(api("", "pods", "get"))
            .needs(api("", "nodes", "get", "patch"))
            .needs(events())),

    NODE_ANNOTATE(new Description("node.annotate", Family.NODE, "Sets and removes annotations of a node.")
            .aimedAt(TargetKind.NODE, TargetKind.POD)
            .disruption(5)
            .undoneBy("restore the annotations")
            .takes(annotations())
            .needs(api("", "pods", "get"))
            .needs(api("", "nodes", "get", "patch"))
            .needs(events())),

    WORKLOAD_SCALE(new Description("workload.scale", Family.WORKLOAD, "Changes how many pods a workload has.")
            .aimedAt(TargetKind.WORKLOAD, TargetKind.POD)
            .disruption(85)
            .undoneBy("scale back")
            .takes(required("replicas", new Kind.Amount(0, 10_000), "how many it shall have"))
            .needs(api("", "pods", "get"))
            .needs(api("apps", "replicasets", "get"))
            .needs(api("apps", "deployments/scale", "get", "patch"))
            .needs(api("apps", "replicasets/scale", "get", "patch"))
            .needs(api("apps", "statefulsets/scale", "get", "patch"))
            .needs(api("autoscaling", "horizontalpodautoscalers", "list"))
            .needs(events())),

    OBJECT_DELETE(new Description(
                    "object.delete",
                    Family.WORKLOAD,
                    "Deletes the object that an audit event is about, such as a Secret or a ClusterRole.")
            .aimedAt(TargetKind.OBJECT)
            .disruption(100)
            .takes(withDefault(
                    "propagation",
                    new Kind.Choice(List.of("background", "foreground", "orphan")),
                    "background",
                    "what becomes of the objects that it owns"))
            .needs(api("", "configmaps", "get", "delete"))
            .needs(api("", "secrets", "get", "delete"))
            .needs(api("", "services", "get", "delete"))
            .needs(api("", "serviceaccounts", "get", "delete"))
            .needs(api("apps", "daemonsets", "get", "delete"))
            .needs(api("apps", "deployments", "get", "delete"))
            .needs(api("apps", "replicasets", "get", "delete"))
            .needs(api("apps", "statefulsets", "get", "delete"))
            .needs(api("batch", "cronjobs", "get", "delete"))
            .needs(api("batch", "jobs", "get", "delete"))
            .needs(api("rbac.authorization.k8s.io", "clusterrolebindings", "get", "delete"))
            .needs(api("rbac.authorization.k8s.io", "clusterroles", "get", "delete"))
            .needs(api("rbac.authorization.k8s.io", "rolebindings", "get", "delete"))
            .needs(api("rbac.authorization.k8s.io", "roles", "get", "delete"))
            .needs(events())),

    EVIDENCE_LOGS(new Description("evidence.logs", Family.EVIDENCE, "Keeps the last lines that a container wrote.")
            .evidence()
            .takes(withDefault("tail", new Kind.Amount(1, 1_000_000), 500L, "how many lines"))
            .takes(container())
            .takes(store())
            .needs(api("", "pods", "get"))
            .needs(api("", "pods/log", "get"))),

    EVIDENCE_FILES(new Description("evidence.files", Family.EVIDENCE, "Keeps copies of files out of a container.")
            .evidence()
            .takes(required("paths", new Kind.Words(Form.PATH, "paths"), "which files"))
            .takes(withDefault(
                    "limit",
                    new Kind.Amount(1, 10_000_000_000L),
                    100_000_000L,
                    "bytes, of all files together; what is beyond is left out, and said"))
            .takes(container())
            .takes(store())
            .needs(api("", "pods", "get"))
            .needs(api("", "pods/exec", "get", "create"))),

    EVIDENCE_PROCESSES(
            new Description("evidence.processes", Family.EVIDENCE, "Keeps a list of what runs in a container.")
                    .evidence()
                    .takes(container())
                    .takes(store())
                    .needs(api("", "pods", "get"))
                    .needs(new Right.Capability("CAP_SYS_PTRACE"))),

    EVIDENCE_CAPTURE(new Description(
                    "evidence.capture", Family.EVIDENCE, "Records the network packets of a pod, as pcap.")
            .evidence()
            .within(Duration.ofMinutes(11))
            .takes(withDefault(
                    "duration",
                    new Kind.Time(Duration.ofSeconds(1), Duration.ofMinutes(10)),
                    Duration.ofSeconds(5),
                    "for how long"))
            .takes(withDefault("snaplen", new Kind.Amount(0, 262_144), 4096L, "bytes of each packet; 0 for all"))
            .takes(store())
            .needs(api("", "pods", "get"))
            .needs(new Right.Capability("CAP_NET_RAW"))
            .needs(new Right.Capability("CAP_SYS_ADMIN"))),

    EVIDENCE_TRACE(new Description("evidence.trace", Family.EVIDENCE, "Records the system calls of a pod or a node.")
            .aimedAt(TargetKind.POD, TargetKind.CONTAINER, TargetKind.NODE)
            .lane(Lane.FORENSICS)
            .disruption(2)
            .within(Duration.ofMinutes(6))
            .takes(withDefault(
                    "duration",
                    new Kind.Time(Duration.ofSeconds(1), Duration.ofMinutes(5)),
                    Duration.ofSeconds(5),
                    "for how long"))
            .takes(withDefault(
                    "scope", new Kind.Choice(List.of("pod", "node")), "pod", "the pod's, or all of its node's"))
            .takes(withDefault("buffer", new Kind.Amount(128, 1_048_576), 2048L, "KiB that may wait to be written"))
            .takes(store())
            .needs(api("", "pods", "get"))
            .needs(new Right.Capability("CAP_BPF"))
            .needs(new Right.Capability("CAP_PERFMON"))),

    EVIDENCE_CHECKPOINT(new Description(
                    "evidence.checkpoint",
                    Family.EVIDENCE,
                    "Keeps a container's whole state, memory included, by the kubelet's checkpoint.")
            .evidence()
            .within(Duration.ofMinutes(5))
            .takes(container())
            .takes(store())
            .needs(api("", "pods", "get"))
            // The API server passes the kubelet's own interface on only to those who may do anything on a node
            .needs(api("", "nodes/proxy", "create"))),

    CALL_WEBHOOK(new Description("call.webhook", Family.CALL, "Sends what was seen to a URL, as JSON.")
            .call()
            .takes(required("url", new Kind.Text(Form.URL), "where to"))
            .takes(withDefault("method", new Kind.Choice(List.of("POST", "PUT")), "POST", "how it is sent"))
            .takes(optional(
                    "headers",
                    new Kind.WordMap(Form.HEADER, Form.TEXT, "headers"),
                    "more headers; they are journalled, so that a secret belongs into tokenFile"))
            .takes(optional(
                    "tokenFile",
                    new Kind.Text(Form.FIXED_PATH),
                    "a file with the token that goes along as Authorization: Bearer"))
            .endpoint(parameters -> parameters.text("url").orElseThrow())),

    CALL_LAMBDA(new Description("call.lambda", Family.CALL, "Sends what was seen to a function of AWS Lambda.")
            .call()
            .takes(required("name", new Kind.Text(Form.NAME), "the function's name or ARN"))
            .takes(withDefault("version", new Kind.Text(Form.NAME), "$LATEST", "its version or an alias"))
            .takes(withDefault(
                    "invocation",
                    new Kind.Choice(List.of("RequestResponse", "Event", "DryRun")),
                    "RequestResponse",
                    "whether its answer is waited for"))
            .takes(optional("region", new Kind.Text(Form.NAME), "left out: the one the engine runs in"))
            .endpoint(parameters -> "lambda/" + parameters.text("name").orElseThrow())
            .needs(new Right.Elsewhere("AWS", "lambda:InvokeFunction"))),

    CALL_FUNCTION(new Description("call.function", Family.CALL, "Sends what was seen to a Google Cloud function.")
            .call()
            .takes(required("name", new Kind.Text(Form.NAME), "the function's name"))
            .takes(required("location", new Kind.Text(Form.NAME), "its region, such as us-central1"))
            .takes(optional("project", new Kind.Text(Form.NAME), "left out: the one the engine runs in"))
            .takes(timeLimit())
            .endpoint(parameters -> "function/" + parameters.text("location").orElseThrow() + "/"
                    + parameters.text("name").orElseThrow())
            .needs(new Right.Elsewhere("Google Cloud", "cloudfunctions.functions.get"))
            .needs(new Right.Elsewhere("Google Cloud", "run.routes.invoke")));

    private static final Map<String, ActionType> BY_VERB =
            Stream.of(values()).collect(Collectors.toUnmodifiableMap(ActionType::verb, type -> type));

    private final Description description;

    ActionType(Description description) {
        this.description = description;
    }

    /** All of a family. */
    public static Set<ActionType> of(Family family) {
        return BY_VERB.values().stream()
                .filter(type -> type.family() == family)
                .collect(Collectors.toUnmodifiableSet());
    }

    public static Optional<ActionType> of(String verb) {
        return Optional.ofNullable(BY_VERB.get(verb));
    }

    /** The key of a step, such as {@code pod.terminate}. */
    public String verb() {
        return description.verb;
    }

    public Family family() {
        return description.family;
    }

    /** What it does, in one sentence. */
    public String summary() {
        return description.summary;
    }

    /** What it can be aimed at; of those that a detection speaks of, the first in this list. */
    public List<TargetKind> targets() {
        return description.targets;
    }

    public List<Parameter> parameters() {
        return description.parameters;
    }

    /** All that may be needed; see {@link #rightsFor}. */
    public List<Right> rights() {
        return description.rights;
    }

    /** What is needed with these parameters. */
    public List<Right> rightsFor(Parameters parameters) {
        return description.rights.stream()
                .filter(right ->
                        right.when().map(when -> when.holds(parameters)).orElse(true))
                .toList();
    }

    /** What is needed with these, as people write them; what they leave out is as it is by default. */
    public List<Right> rightsForWritten(Map<String, Object> given) {
        return description.rights.stream()
                .filter(right -> right.when()
                        .map(when -> Optional.ofNullable(given.get(when.parameter()))
                                .or(() -> description.parameters.stream()
                                        .filter(parameter -> parameter.name().equals(when.parameter()))
                                        .findFirst()
                                        .flatMap(Parameter::fallback))
                                .map(when::holds)
                                .orElse(false))
                        .orElse(true))
                .toList();
    }

    /** What takes it back, in a few words; empty where nothing does. */
    public Optional<String> undo() {
        return description.undo;
    }

    /** Where a step runs that does not say. */
    public Lane lane() {
        return description.lane;
    }

    /** How long its effect may take to be observed, unless a step says otherwise. */
    public Duration patience() {
        return description.patience;
    }

    /**
     * Whether it does no harm to do it once more when nobody knows whether it was done: the target is the very same, and what is
     * there already is left so. A program that ran, or a call that somebody got, would run or be got twice.
     */
    public boolean isRepeatable() {
        return switch (family()) {
            case POD, NETWORK, NODE, WORKLOAD -> this != POD_EXEC && this != POD_SCRIPT;
            case PROCESS, EVIDENCE, CALL -> false;
        };
    }

    /** How much it gets in the way of what runs there: 0 not at all, 100 most. */
    public int disruption() {
        return description.disruption;
    }

    /** Names of parameters of which there must be exactly one. */
    public Set<String> exactlyOneOf() {
        return description.exactlyOneOf;
    }

    /** Names of parameters that go ill together. */
    public Set<String> atMostOneOf() {
        return description.atMostOneOf;
    }

    /** What an action that calls somebody is aimed at: only for {@link TargetKind#ENDPOINT}. */
    public String endpoint(Parameters parameters) {
        return description.endpoint.apply(parameters);
    }

    public boolean canBeAimedAt(Asset target) {
        return description.targets.stream().anyMatch(kind -> kind.fits(target));
    }

    /**
     * @param plain by name: what {@link Parameters#plain} gives, or texts as people write them
     * @throws IllegalArgumentException with words for a person
     */
    public Parameters read(Map<?, ?> plain) {
        Parameters parameters = Parameters.read(description.parameters, plain);
        objectionTo(parameters.asMap().keySet()).ifPresent(objection -> {
            throw new IllegalArgumentException(objection.found() + ", expected " + objection.expected());
        });
        return parameters;
    }

    /** What is wrong with a choice of parameters. */
    public record Objection(String found, String expected) {}

    /** What is wrong with these parameters being given and the others not. */
    public Optional<Objection> objectionTo(Set<String> given) {
        long one = description.exactlyOneOf.stream().filter(given::contains).count();
        if (!description.exactlyOneOf.isEmpty() && one != 1) {
            return Optional.of(new Objection(
                    (one == 0 ? "none" : "more than one") + " of " + sorted(description.exactlyOneOf),
                    "exactly one of them"));
        }
        if (description.atMostOneOf.stream().filter(given::contains).count() > 1) {
            return Optional.of(
                    new Objection("more than one of " + sorted(description.atMostOneOf), "at most one of them"));
        }
        return Optional.empty();
    }

    private static String sorted(Set<String> names) {
        return String.join(", ", names.stream().sorted().toList());
    }

    private static Parameter flag(String name, boolean fallback, String description) {
        return withDefault(name, new Kind.Flag(), fallback, description);
    }

    private static Parameter labels() {
        return required(
                "labels",
                new Kind.WordMap(Form.LABEL_KEY, Form.LABEL_VALUE, "labels"),
                "to set; an empty value removes the label");
    }

    private static Parameter annotations() {
        return required(
                "annotations",
                new Kind.WordMap(Form.LABEL_KEY, Form.ANNOTATION_VALUE, "annotations"),
                "to set; an empty value removes the annotation");
    }

    private static Parameter container() {
        return optional(
                "container",
                new Kind.Text(Form.CONTAINER),
                "its name, or * for every one; left out, the one that was seen, or else the pod's first");
    }

    private static Parameter timeLimit() {
        return withDefault(
                "timeLimit",
                new Kind.Time(Duration.ofMillis(100), Duration.ofMinutes(10)),
                Duration.ofSeconds(30),
                "after which it is ended");
    }

    private static Parameter outputLimit() {
        return withDefault(
                "outputLimit", new Kind.Amount(0, 10_000_000), 65_536L, "bytes of what it prints that are kept");
    }

    private static Parameter lease() {
        return withDefault(
                "for",
                new Kind.Time(Duration.ofSeconds(1), Duration.ofDays(30)),
                Duration.ofHours(1),
                "when this time has passed, it is released");
    }

    private static Parameter minHealthy(String description) {
        return optional("minHealthy", new Kind.Portion(), description);
    }

    private static Parameter store() {
        return optional(
                "to",
                new Kind.Text(Form.STORE),
                "where it is kept: file:///FOLDER, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX; left out, the engine's own"
                        + " evidence folder");
    }

    private static Right api(String group, String resource, String... verbs) {
        return new Right.Api(group, resource, List.of(verbs), Optional.empty());
    }

    private static Right api(String group, String resource, String verb, Right.When when) {
        return new Right.Api(group, resource, List.of(verb), Optional.of(when));
    }

    /** On the object, for whoever looks there first. */
    private static Right events() {
        return api("events.k8s.io", "events", "create");
    }

    private static Right policies(String group, String resource, String engine) {
        return new Right.Api(group, resource, List.of("get", "create", "patch", "delete"), Optional.of(engine(engine)));
    }

    private static Right.When engine(String... words) {
        return new Right.When("engine", Set.of(words));
    }

    /** Filled by the constants above, and not changed afterwards. */
    private static final class Description {
        private final String verb;
        private final Family family;
        private final String summary;
        private List<TargetKind> targets = List.of();
        private List<Parameter> parameters = List.of();
        private List<Right> rights = List.of();
        private Optional<String> undo = Optional.empty();
        private Lane lane = Lane.CONTAINMENT;
        private Duration patience;
        private int disruption;
        private Set<String> exactlyOneOf = Set.of();
        private Set<String> atMostOneOf = Set.of();
        private Function<Parameters, String> endpoint = parameters -> {
            throw new IllegalStateException("what it is aimed at is not named by its parameters");
        };

        Description(String verb, Family family, String summary) {
            this.verb = verb;
            this.family = family;
            this.summary = summary;
            // An API server that is away for some minutes is no reason to forget what was to be done
            this.patience = family == Family.PROCESS ? Duration.ofSeconds(5) : Duration.ofMinutes(5);
        }

        Description aimedAt(TargetKind... kinds) {
            targets = List.of(kinds);
            return this;
        }

        Description evidence() {
            lane = Lane.FORENSICS;
            patience = Duration.ofMinutes(1);
            disruption = 1;
            return aimedAt(TargetKind.POD, TargetKind.CONTAINER);
        }

        Description call() {
            lane = Lane.NOTIFICATION;
            patience = Duration.ofSeconds(30);
            return aimedAt(TargetKind.ENDPOINT);
        }

        Description endpoint(Function<Parameters, String> named) {
            endpoint = named;
            return this;
        }

        Description lane(Lane value) {
            lane = value;
            return this;
        }

        Description within(Duration value) {
            patience = value;
            return this;
        }

        Description disruption(int value) {
            disruption = value;
            return this;
        }

        Description undoneBy(String words) {
            undo = Optional.of(words);
            return this;
        }

        Description takes(Parameter parameter) {
            parameters =
                    Stream.concat(parameters.stream(), Stream.of(parameter)).toList();
            return this;
        }

        Description needs(Right right) {
            rights = Stream.concat(rights.stream(), Stream.of(right)).toList();
            return this;
        }

        Description exactlyOneOf(String... names) {
            exactlyOneOf = Arrays.stream(names).collect(Collectors.toUnmodifiableSet());
            return this;
        }

        Description atMostOneOf(String... names) {
            atMostOneOf = Arrays.stream(names).collect(Collectors.toUnmodifiableSet());
            return this;
        }
    }
}
