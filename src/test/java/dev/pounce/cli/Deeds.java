package dev.pounce.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.ActionType;
import dev.pounce.action.Right;
import dev.pounce.action.kubernetes.FakeNode;
import dev.pounce.action.kubernetes.Trial;
import dev.pounce.asset.Asset;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.Api;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.ForeignPolicies;
import dev.pounce.cluster.RealCluster;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What each action does to a real cluster, in every situation in which it asks something else of the API server, and what is
 * needed for that.
 */
final class Deeds implements AutoCloseable {

    /**
     * One action in one situation.
     *
     * @param about the resource that the situation is there for; empty for whatever the action needs always
     * @param target one as it was before, whatever became of the one before it
     * @param over its undo comes when its time is over, and not because somebody released it
     */
    record Deed(ActionType type, String about, Map<String, ?> parameters, Supplier<Asset> target, boolean over) {

        Deed(ActionType type, Map<String, ?> parameters, Supplier<Asset> target) {
            this(type, "", parameters, target, false);
        }

        Deed about(String resource) {
            return new Deed(type, resource, parameters, target, over);
        }

        Deed whenItsTimeIsOver() {
            return new Deed(type, about, parameters, target, true);
        }

        @Override
        public String toString() {
            return type.verb() + " " + parameters + (about.isEmpty() ? "" : " about " + about);
        }
    }

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_UNQUOTED_FIELD_NAMES, JsonReadFeature.ALLOW_SINGLE_QUOTES)
            .build();

    private static final String TEMPLATE = "selector: {matchLabels: {app: '%1$s'}}, template: {metadata: {labels:"
            + " {app: '%1$s'}}, spec: {%2$s terminationGracePeriodSeconds: 0, containers: [{name: 'c', image: 'none'}]}}";
    private static final String NEVER_RUN = "schedulerName: 'nobody',";
    private static final String JOB =
            "suspend: true, template: {spec: {restartPolicy: 'Never', containers:" + " [{name: 'c', image: 'none'}]}}";

    private final RealCluster cluster;
    private final Api admin;
    private final Trial trial;
    private final Map<String, ForeignPolicies> foreign = new HashMap<>();
    private final Map<String, String> workloads = new HashMap<>();
    private @Nullable FakeNode fakeNode;
    private @Nullable PodRef running;
    private String owner = "";
    private int made;

    Deeds(RealCluster cluster) {
        this.cluster = cluster;
        this.admin = cluster.access().api();
        this.trial = new Trial(cluster.access());
    }

    /** Those of an action that goes to the API server. A new action does not compile until it stands here. */
    List<Deed> of(ActionType type) {
        Map<String, ?> none = Map.of();
        return switch (type) {
            case PROCESS_KILL,
                    PROCESS_SUSPEND,
                    PROCESS_RESUME,
                    NODE_ISOLATE_CONTAINER,
                    CALL_WEBHOOK,
                    CALL_LAMBDA,
                    CALL_FUNCTION -> List.of();
            case POD_TERMINATE ->
                List.of(
                        new Deed(type, none, this::ownedPod),
                        new Deed(type, Map.of("ignoreBudgets", "true"), this::ownedPod),
                        new Deed(type, Map.of("minHealthy", "0"), () -> podOf("ReplicaSet")),
                        new Deed(type, Map.of("minHealthy", "0"), () -> podOf("StatefulSet")).about("statefulsets"));
            case POD_LABEL -> List.of(new Deed(type, Map.of("labels", Map.of("a", "b")), this::pod));
            case POD_ANNOTATE -> List.of(new Deed(type, Map.of("annotations", Map.of("a", "b")), this::pod));
            case POD_QUARANTINE ->
                List.of(
                        new Deed(type, none, this::ownedPod),
                        new Deed(type, none, this::ownedPod).about("pods").whenItsTimeIsOver());
            case POD_EXEC -> List.of(new Deed(type, Map.of("argv", List.of("true")), this::runningPod));
            case POD_SCRIPT -> List.of(new Deed(type, Map.of("script", "true"), this::runningPod));
            case POD_ISOLATE -> isolations();
            case NODE_CORDON -> List.of(new Deed(type, none, this::podOnNode));
            case NODE_DRAIN ->
                List.of(
                        new Deed(type, none, this::podOnNode),
                        new Deed(type, Map.of("minHealthy", "0"), this::podOfReplicaSetOnNode));
            case NODE_TAINT -> List.of(new Deed(type, Map.of("key", "a"), this::podOnNode));
            case NODE_LABEL -> List.of(new Deed(type, Map.of("labels", Map.of("a", "b")), this::podOnNode));
            case NODE_ANNOTATE -> List.of(new Deed(type, Map.of("annotations", Map.of("a", "b")), this::podOnNode));
            case WORKLOAD_SCALE -> scalings();
            case OBJECT_DELETE -> deletions();
            case EVIDENCE_LOGS, EVIDENCE_PROCESSES, EVIDENCE_CAPTURE, EVIDENCE_TRACE, EVIDENCE_CHECKPOINT ->
                List.of(new Deed(type, none, this::runningPod));
            case EVIDENCE_FILES -> List.of(new Deed(type, Map.of("paths", List.of("/etc/passwd")), this::runningPod));
        };
    }

    private List<Deed> isolations() {
        ActionType type = ActionType.POD_ISOLATE;
        Map<String, ?> none = Map.of();
        Map<String, ?> workload = Map.of("scope", "workload");
        Map<String, ?> cilium = Map.of("engine", "cilium");
        Map<String, ?> calico = Map.of("engine", "calico");
        return List.of(
                new Deed(type, none, this::pod),
                new Deed(type, none, () -> isolatedWithList(none)).about("networkpolicies"),
                new Deed(type, workload, () -> unlistedPodOf("ReplicaSet")),
                new Deed(type, workload, () -> unlistedPodOf("StatefulSet")).about("statefulsets"),
                new Deed(type, workload, () -> unlistedPodOf("DaemonSet")).about("daemonsets"),
                // Of nobody's workload it is the pod alone
                new Deed(type, workload, this::pod).about("pods"),
                new Deed(type, workload, () -> isolatedWithList(none)).about("networkpolicies"),
                new Deed(type, cilium, () -> with("cilium", this::pod)),
                new Deed(type, cilium, () -> with("cilium", () -> isolatedWithList(cilium)))
                        .about("ciliumnetworkpolicies"),
                new Deed(type, calico, () -> with("calico's store", this::pod)),
                new Deed(type, calico, () -> with("calico's store", () -> isolatedWithList(calico)))
                        .about("networkpolicies"),
                new Deed(type, calico, () -> with("calico", this::pod)),
                new Deed(type, calico, () -> with("calico", () -> isolatedWithList(calico))).about("networkpolicies"));
    }

    private List<Deed> scalings() {
        ActionType type = ActionType.WORKLOAD_SCALE;
        Map<String, ?> none = Map.of("replicas", "0");
        return Stream.concat(
                        Stream.of(new Deed(type, none, () -> podOf("ReplicaSet"))),
                        Stream.of("Deployment", "StatefulSet")
                                .map(kind -> new Deed(type, none, () -> podOf(kind)).about(plural(kind) + "/scale")))
                .toList();
    }

    private List<Deed> deletions() {
        ActionType type = ActionType.OBJECT_DELETE;
        return type.rights().stream()
                .filter(Right.Api.class::isInstance)
                .map(Right.Api.class::cast)
                .filter(right -> right.verbs().contains("delete"))
                .map(right -> new Deed(type, Map.of(), () -> object(right)).about(right.resource()))
                .toList();
    }

    private Asset object(Right.Api right) {
        String name = cluster.namespace() + "-" + ++made;
        String spec =
                switch (right.resource()) {
                    case "services" -> "spec: {ports: [{port: 80}]}";
                    case "daemonsets", "deployments", "replicasets", "statefulsets" ->
                        "spec: {" + TEMPLATE.formatted(name, NEVER_RUN) + "}";
                    case "jobs" -> "spec: {" + JOB + "}";
                    case "cronjobs" -> "spec: {schedule: '0 0 1 1 *', jobTemplate: {spec: {" + JOB + "}}}";
                    case "rolebindings", "clusterrolebindings" ->
                        "roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'none'}";
                    default -> "";
                };
        boolean wide = right.resource().startsWith("cluster");
        ApiPath all = ApiPath.of(right.group(), "v1", right.resource());
        create(wide ? all : all.in(cluster.namespace()), name, spec);
        return new ObjectRef(right.resource(), wide ? Optional.empty() : Optional.of(cluster.namespace()), name);
    }

    private JsonNode create(ApiPath all, String name, String more) {
        ObjectNode object = object("{metadata: {}" + (more.isEmpty() ? "" : ", " + more) + "}");
        object.withObject("/metadata").put("name", name);
        return send(Request.create(all, object.toString()));
    }

    private static ObjectNode object(String text) {
        try {
            return (ObjectNode) JSON.readTree(text);
        } catch (JsonProcessingException ours) {
            throw new IllegalArgumentException(text, ours);
        }
    }

    private JsonNode send(Request request) {
        return switch (admin.send(request, Instant.now().plusSeconds(20))) {
            case Reply.Ok ok -> ok.body();
            case Reply.Refused refused -> throw new AssertionError(request + ": " + refused.message());
            case Reply.Unheard unheard -> throw new AssertionError(request + ": " + unheard.why());
        };
    }

    private PodRef pod(String metadata, String spec) {
        String name = "pod-" + ++made;
        JsonNode there = create(
                ApiPath.core("pods").in(cluster.namespace()),
                name,
                "metadata: {labels: {app: 'made'}" + metadata + "}, spec: {" + spec
                        + " terminationGracePeriodSeconds: 0, containers: [{name: 'c', image: 'none'}]}");
        return ref(there);
    }

    private PodRef ref(JsonNode pod) {
        JsonNode metadata = pod.path("metadata");
        return new PodRef(
                cluster.namespace(),
                metadata.path("name").asText(),
                Optional.of(metadata.path("uid").asText()));
    }

    private PodRef pod() {
        return pod("", NEVER_RUN);
    }

    /** Of an owner that neither replaces it nor ends one too many. */
    private PodRef ownedPod() {
        if (owner.isEmpty()) {
            owner = create(ApiPath.core("configmaps").in(cluster.namespace()), "owner", "")
                    .path("metadata")
                    .path("uid")
                    .asText();
        }
        return pod(
                ", ownerReferences: [{apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', controller: true, uid: '"
                        + owner + "'}]",
                NEVER_RUN);
    }

    /** Never isolated by the account that isolates it next, but by somebody of the same engine. */
    private PodRef isolatedWithList(Map<String, ?> parameters) {
        PodRef pod = pod();
        Map<String, Object> before = new HashMap<>(parameters);
        before.put("allow", Map.of("cidrs", List.of("192.0.2.0/24")));
        trial.carryOut(Trial.action(ActionType.POD_ISOLATE, pod, before));
        return pod;
    }

    /** A list of an earlier deed could be for the workload's pods, too. */
    private PodRef unlistedPodOf(String kind) {
        cluster.kubectl("delete", "networkpolicies", "--all");
        return podOf(kind);
    }

    private Asset with(String definitions, Supplier<Asset> target) {
        foreign.computeIfAbsent(definitions, which -> switch (which) {
            case "cilium" -> ForeignPolicies.ofCilium(cluster);
            case "calico" -> ForeignPolicies.ofCalico(cluster);
            default -> ForeignPolicies.ofCalicosStore(cluster);
        });
        return target.get();
    }

    /** One that runs. */
    private PodRef runningPod() {
        if (running == null) {
            String uid = cluster.pod("running", "app=running");
            running = new PodRef(cluster.namespace(), "running", Optional.of(uid));
        }
        return running;
    }

    private NodeRef node() {
        if (fakeNode == null) {
            fakeNode = FakeNode.named(cluster, "rights");
        }
        return fakeNode.ref();
    }

    private PodRef podOnNode() {
        return pod("", "nodeName: '" + node().name() + "',");
    }

    private static String plural(String kind) {
        return kind.toLowerCase(Locale.ROOT) + "s";
    }

    /** Its controller makes another when it is gone. */
    private PodRef podOf(String kind) {
        return podOf(kind, NEVER_RUN);
    }

    private PodRef podOfReplicaSetOnNode() {
        return podOf("ReplicaSet", "nodeName: '" + node().name() + "',");
    }

    private PodRef podOf(String kind, String where) {
        String app = workloads.computeIfAbsent(kind + where, missing -> {
            String name = kind.toLowerCase(Locale.ROOT) + "-" + ++made;
            create(
                    ApiPath.of("apps", "v1", plural(kind)).in(cluster.namespace()),
                    name,
                    "spec: {" + TEMPLATE.formatted(name, where) + "}");
            return name;
        });
        List<PodRef> found = new ArrayList<>();
        RealCluster.until("a pod of " + app, () -> {
            send(Request.get(ApiPath.core("pods").in(cluster.namespace())).with("labelSelector", "app=" + app))
                    .path("items")
                    .forEach(pod -> {
                        if (!pod.path("metadata").has("deletionTimestamp")) {
                            found.add(ref(pod));
                        }
                    });
            return !found.isEmpty();
        });
        return found.getFirst();
    }

    @Override
    public void close() {
        trial.close();
        foreign.values().forEach(ForeignPolicies::close);
        if (fakeNode != null) {
            fakeNode.close();
        }
    }
}
