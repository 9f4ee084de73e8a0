package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * {@code pod.isolate}: a policy of the cluster for one pod, or for those of one template; and where this engine runs on the pod's
 * node, {@link KernelHalf}, which comes first. The pod is cut off if either of them does it, and what is in force is said.
 *
 * <p>One pod is selected by a label with its own uid, which the pods that replace it do not have. The policy belongs to the
 * pod, and goes with it. It never allows what was not allowed before, and what others still allow is told: then the step has
 * failed, however much the policy has taken away.
 *
 * <p>A policy that is there already is never made wider. It is made narrower, or to last longer, for another response, which
 * then holds it: the one before it no longer takes it away.
 */
final class PodIsolation implements ClusterStep {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String ALLOW = "pounce.dev/allow";
    private static final String GRANTED = "pounce.dev/granted";

    /** Responses that held the policy and were released while a later one holds it. */
    private static final String GIVEN_UP = "pounce.dev/given-up";

    /** What enforces policies and has an API of its own, by its group. */
    private static final Map<String, String> ENFORCERS = Map.of(
            "cilium.io", "Cilium",
            "projectcalico.org", "Calico",
            "crd.projectcalico.org", "Calico",
            "crd.antrea.io", "Antrea",
            "kubeovn.io", "Kube-OVN",
            "k8s.ovn.org", "OVN-Kubernetes",
            "networking.k8s.aws", "the AWS VPC CNI");

    private static final String CALICO = "projectcalico.org";
    private static final String CALICO_STORE = "crd.projectcalico.org";

    private enum Engine {
        NETWORKPOLICY,
        CILIUM,
        CALICO
    }

    /** Where policies of one kind are. */
    private record PolicyKind(Engine engine, String group, String version, String resource, String kind) {
        ApiPath in(String namespace) {
            return ApiPath.of(group, version, resource).in(namespace);
        }

        String name(String part) {
            return engine == Engine.CALICO ? "default." + part : part; // the tier is part of the name
        }
    }

    private static final PolicyKind KUBERNETES =
            new PolicyKind(Engine.NETWORKPOLICY, "networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy");
    private static final PolicyKind CILIUM =
            new PolicyKind(Engine.CILIUM, "cilium.io", "v2", "ciliumnetworkpolicies", "CiliumNetworkPolicy");

    private static PolicyKind calico(String group) {
        return new PolicyKind(
                Engine.CALICO, group, group.equals(CALICO) ? "v3" : "v1", "networkpolicies", "NetworkPolicy");
    }

    /**
     * Who is cut off.
     *
     * @param uid of the pod, or of what has made it
     * @param owner the same, as a policy's owner
     * @param label that the pod has to get; empty if it is selected by those that it has
     * @param labels that all of them have
     * @param exact whether these are all
     */
    private record Subject(
            PodRef pod,
            JsonNode selector,
            String uid,
            ObjectNode owner,
            Optional<String> label,
            Map<String, String> labels,
            boolean exact,
            String words) {}

    /** One policy to be. */
    private record Draft(String name, ObjectNode spec) {}

    /**
     * All that was found out.
     *
     * @param drafts the one that cuts off first
     * @param open what stays open whatever we do, for a person
     * @param remarks for a person
     */
    private record Design(List<Draft> drafts, Set<Direction> granted, Optional<String> open, List<String> remarks) {}

    private final KernelHalf kernel;

    /** @param own empty when this engine cannot ask its node's kernel */
    PodIsolation(Optional<OwnNode> own) {
        this.kernel = new KernelHalf(own);
    }

    @Override
    public Outcome carryOut(Attempt attempt) throws StepEnds {
        AllowList allow = AllowList.of(attempt.parameters());
        Optional<KernelHalf.Cut> atOnce = kernel.atOnce(attempt, allow);
        KernelHalf.Cut cut = atOnce.orElse(KernelHalf.Cut.NOT_ASKED_FOR);
        try {
            JsonNode pod = attempt.meantPod();
            if (atOnce.isEmpty()) {
                cut = kernel.cut(attempt, pod, allow, !allow.isNobody() && mayBeCilium(attempt));
            }
            cut = cut.of(pod);
            return byPolicy(attempt, pod, cut);
        } catch (StepEnds noPolicy) {
            if (!cut.holds() && cut.before().isEmpty()) {
                throw noPolicy;
            }
            // What is in force in the kernel must not be forgotten, whatever there is to say of the policy
            String ofPolicy = notByPolicy(attempt, noPolicy.outcome().words());
            return cut.holds() && oneOfMany(attempt).isEmpty()
                    ? attempt.done(cut.words() + "; " + ofPolicy)
                    : new Outcome.Failed(
                            ofPolicy + "; " + cut.remark(oneOfMany(attempt)), isRetryable(noPolicy.outcome()));
        }
    }

    /** One that nobody has answered for, or whose second part was refused, may be in force all the same. */
    private static String notByPolicy(Attempt attempt, String why) {
        return attempt.changed()
                ? "what a policy does besides is not certain: " + why + "; looked for: "
                        + observePolicy(attempt).words()
                : "no policy was made: " + why;
    }

    private static boolean isRetryable(Outcome outcome) {
        return outcome instanceof Outcome.Failed failed && failed.retryable();
    }

    private static boolean mayBeCilium(Attempt attempt) {
        try {
            return groups(attempt).contains(CILIUM.group());
        } catch (StepEnds unknown) {
            return true;
        }
    }

    /** The pod, if others are to be cut off, too. */
    private static Optional<PodRef> oneOfMany(Attempt attempt) {
        return attempt.parameters().text("scope").filter("workload"::equals).map(scope -> attempt.pod());
    }

    private static Outcome byPolicy(Attempt attempt, JsonNode pod, KernelHalf.Cut cut) throws StepEnds {
        refuseWhatNoPolicyReaches(pod);
        PolicyKind kind = kind(attempt);
        Subject subject = subject(attempt, pod, kind.engine());
        String name = kind.name(name(attempt, subject));
        AllowList asked = AllowList.of(attempt.parameters());
        Optional<JsonNode> existing =
                attempt.read(kind.in(subject.pod().namespace()).named(name));
        if (existing.isPresent()) {
            return again(attempt, kind, subject, name, existing.get(), asked, isLabelled(pod, subject), cut);
        }
        Design design = design(attempt, kind, subject, name, asked, EnumSet.allOf(Direction.class));
        attempt.changes(subject.pod(), before(kind, subject, design.drafts(), cut.before()));
        for (Draft draft : design.drafts()) {
            create(attempt, kind, subject, draft, asked, design.granted());
        }
        if (!isLabelled(pod, subject)) {
            label(attempt, kind, subject, design.drafts());
        }
        return concluded(attempt, kind, subject, design, asked, "policy " + name + " cuts off ", cut);
    }

    /** There is a policy of that name. */
    private static Outcome again(
            Attempt attempt,
            PolicyKind kind,
            Subject subject,
            String name,
            JsonNode existing,
            AllowList asked,
            boolean labelled,
            KernelHalf.Cut cut)
            throws StepEnds {
        if (!Ours.isOurs(existing, subject.uid())) {
            throw StepEnds.failed("the name " + name + " is taken by a policy that is not ours, which stays as it is");
        }
        if (!Ours.isAsWeLeftIt(existing)) {
            throw StepEnds.failed("policy " + name + " is ours and was changed by somebody since, and stays as it is");
        }
        AllowList had =
                Ours.annotation(existing, ALLOW).flatMap(AllowList::parse).orElse(AllowList.NOBODY);
        AllowList wanted = asked.inBoth(had);
        Design design = design(attempt, kind, subject, name, wanted, granted(existing));
        Draft draft = design.drafts().getFirst();
        Instant until = until(attempt);
        boolean same = Ours.fingerprint(draft.spec()).equals(Ours.fingerprint(existing.path("spec")));
        boolean ours = Ours.annotation(existing, Ours.RESPONSE)
                .filter(attempt.response()::equals)
                .isPresent();
        boolean longEnough =
                ours || Ours.until(existing).filter(end -> !end.isBefore(until)).isPresent();
        if (same && longEnough && labelled) {
            Outcome outcome =
                    concluded(attempt, kind, subject, design, wanted, "policy " + name + " already cuts off ", cut);
            return outcome instanceof Outcome.Failed || !cut.before().isEmpty()
                    ? outcome
                    : new Outcome.AlreadySo("policy " + name + " cuts off " + subject.words() + " since before, until "
                            + Ours.annotation(existing, Ours.UNTIL).orElse("it is released"));
        }
        Map<String, String> was = new TreeMap<>(cut.before());
        if (!ours) {
            Ours.annotation(existing, Ours.RESPONSE).ifPresent(response -> was.put("heldBefore", response));
            Ours.until(existing).ifPresent(end -> was.put("untilBefore", end.toString()));
            was.put("specBefore", existing.path("spec").toString());
            was.put("allowBefore", had.text());
            was.put("grantedBefore", text(granted(existing)));
        }
        attempt.changes(subject.pod(), before(kind, subject, design.drafts(), was));
        if (!same || !longEnough) {
            String holder = ours ? Ours.until(existing).map(Instant::toString).orElse("") : until.toString();
            patch(attempt, kind, subject, existing, draft.spec(), attempt.response(), holder, wanted, design.granted());
        }
        if (!labelled) {
            label(attempt, kind, subject, List.of());
        }
        return concluded(
                attempt,
                kind,
                subject,
                design,
                wanted,
                "policy " + name + " of before " + (same ? "" : "was made narrower and ") + "cuts off ",
                cut);
    }

    private static Outcome concluded(
            Attempt attempt,
            PolicyKind kind,
            Subject subject,
            Design design,
            AllowList allow,
            String begin,
            KernelHalf.Cut cut) {
        StringBuilder text = new StringBuilder(begin).append(subject.words());
        List<String> denied = attempt.parameters().words("deny");
        if (!denied.isEmpty()) {
            text.append(" from ").append(String.join(", ", denied.subList(0, Math.min(5, denied.size()))));
        } else if (!allow.isNobody()) {
            text.append(" but for ").append(allow.display());
        }
        Optional<String> open = design.open();
        if (open.isPresent() && !(cut.holds() && subject.exact())) {
            return new Outcome.Failed(
                    text + ", but not from everybody: " + open.get()
                            + (kind.engine() == Engine.NETWORKPOLICY
                                    ? "; a NetworkPolicy cannot forbid what another allows, node.isolate-container and"
                                            + " the engines cilium and calico can"
                                    : "")
                            + (cut.holds() ? "; " + cut.remark(oneOfMany(attempt)) : ""),
                    false);
        }
        open.ifPresent(others -> text.append(", but for what others allow and the kernel of its node refuses: ")
                .append(others));
        design.remarks().forEach(remark -> text.append("; ").append(remark));
        text.append("; ").append(enforcement(attempt, kind)).append("; ").append(cut.remark(oneOfMany(attempt)));
        return attempt.done(text.toString());
    }

    /** Whether anything makes the policy come true: no more can be told from here than what has an API. */
    private static String enforcement(Attempt attempt, PolicyKind kind) {
        try {
            List<String> found = groups(attempt).stream()
                    .filter(ENFORCERS::containsKey)
                    .map(ENFORCERS::get)
                    .sorted()
                    .distinct()
                    .toList();
            if (!found.isEmpty()) {
                return String.join(" and ", found) + (found.size() == 1 ? " is" : " are") + " there to enforce it";
            }
            return kind.engine() == Engine.NETWORKPOLICY
                    ? "it is in force if the network plug-in enforces policies, and no sign of one that does was found"
                            + " (looked for the API of "
                            + String.join(
                                    ", ",
                                    ENFORCERS.values().stream()
                                            .sorted()
                                            .distinct()
                                            .toList()) + ")"
                    : "no sign was found of what would enforce it";
        } catch (StepEnds unknown) {
            return "whether anything enforces it could not be found out";
        }
    }

    private static Set<String> groups(Attempt attempt) throws StepEnds {
        Set<String> groups = new HashSet<>();
        attempt.read(new Request("GET", "/apis", Map.of(), "", "")).ifPresent(list -> list.path("groups")
                .forEach(group -> groups.add(group.path("name").asText())));
        return groups;
    }

    private static void refuseWhatNoPolicyReaches(JsonNode pod) throws StepEnds {
        if (pod.path("spec").path("hostNetwork").asBoolean()) {
            throw StepEnds.failed("it is in its node's own network, where no policy for pods reaches it;"
                    + " node.isolate-container may");
        }
        String phase = pod.path("status").path("phase").asText();
        if (phase.equals("Succeeded") || phase.equals("Failed")) {
            throw StepEnds.gone("its containers have ended (" + phase + ")");
        }
    }

    private static PolicyKind kind(Attempt attempt) throws StepEnds {
        return switch (attempt.parameters().text("engine").orElse("networkpolicy")) {
            case "cilium" -> CILIUM;
            case "calico" -> {
                Set<String> groups = groups(attempt);
                if (!groups.contains(CALICO) && !groups.contains(CALICO_STORE)) {
                    throw StepEnds.failed("the API server knows no policies of Calico: it is not installed");
                }
                yield calico(groups.contains(CALICO) ? CALICO : CALICO_STORE);
            }
            default -> {
                if (!attempt.parameters().words("deny").isEmpty()) {
                    throw StepEnds.failed("a NetworkPolicy cannot deny some addresses and leave the rest as it is: use"
                            + " the engine cilium or calico");
                }
                yield KUBERNETES;
            }
        };
    }

    private static Subject subject(Attempt attempt, JsonNode pod, Engine engine) throws StepEnds {
        JsonNode metadata = pod.path("metadata");
        String uid = metadata.path("uid").asText();
        PodRef ref = new PodRef(attempt.pod().namespace(), attempt.pod().name(), Optional.of(uid));
        if (attempt.parameters().text("scope").filter("workload"::equals).isPresent()) {
            Optional<Owner> owner = Owner.of(pod);
            if (owner.isPresent()) {
                JsonNode selector = owner.get().selector(attempt, pod);
                return new Subject(
                        ref,
                        selector,
                        owner.get().uid(),
                        owner.get().reference(),
                        Optional.empty(),
                        LabelSelector.texts(selector.path("matchLabels")),
                        false,
                        "the pods of " + owner.get().display());
            }
        }
        String label = "pounce.dev/isolated" + (engine == Engine.NETWORKPOLICY ? "" : "-" + word(engine))
                + denied(attempt).map(hash -> "-" + hash).orElse("");
        ObjectNode selector = JSON.createObjectNode();
        selector.putObject("matchLabels").put(label, uid);
        Map<String, String> labels = LabelSelector.labels(pod);
        labels.put(label, uid);
        return new Subject(
                ref,
                selector,
                uid,
                JSON.createObjectNode()
                        .put("apiVersion", "v1")
                        .put("kind", "Pod")
                        .put("name", ref.name())
                        .put("uid", uid),
                Optional.of(label),
                labels,
                true,
                ref.display());
    }

    private static String word(Engine engine) {
        return engine.name().toLowerCase(Locale.ROOT);
    }

    /** What tells one list of denied addresses from another: each has a policy of its own, and ends for itself. */
    private static Optional<String> denied(Attempt attempt) {
        List<String> denied = attempt.parameters().words("deny");
        return denied.isEmpty()
                ? Optional.empty()
                : Optional.of(Ours.fingerprint(JSON.valueToTree(AllowList.ranges(denied).stream()
                                .map(IpRange::text)
                                .sorted()
                                .toList()))
                        .substring(0, 8));
    }

    private static String name(Attempt attempt, Subject subject) {
        return "pounce-" + denied(attempt).map(hash -> "deny-").orElse("isolate-") + Ours.shortened(subject.uid())
                + denied(attempt).map(hash -> "-" + hash).orElse("");
    }

    private static Design design(
            Attempt attempt, PolicyKind kind, Subject subject, String name, AllowList allow, Set<Direction> most)
            throws StepEnds {
        List<IpRange> denied = AllowList.ranges(attempt.parameters().words("deny"));
        return switch (kind.engine()) {
            case NETWORKPOLICY -> {
                PoliciesInForce others = others(attempt, subject, name);
                Set<Direction> granted = granted(others, most);
                yield new Design(
                        List.of(new Draft(name, NetworkPolicyDocument.isolating(subject.selector(), allow, granted))),
                        granted,
                        others.allowBeyond(allow, subject.pod().namespace()),
                        notGranted(allow, granted));
            }
            case CILIUM -> {
                ObjectNode spec = denied.isEmpty()
                        ? CiliumDocument.isolating(subject.selector(), allow)
                        : CiliumDocument.denying(subject.selector(), denied);
                if (CiliumDocument.selectsAll(spec)) {
                    throw StepEnds.failed("Cilium cannot tell " + subject.words() + " from other pods");
                }
                yield new Design(
                        List.of(new Draft(name, spec)),
                        EnumSet.noneOf(Direction.class),
                        Optional.empty(),
                        allow.isNobody() ? List.of() : List.of("what it may still reach is left to other policies"));
            }
            case CALICO -> calico(attempt, kind, subject, name, allow, most, denied);
        };
    }

    private static Design calico(
            Attempt attempt,
            PolicyKind kind,
            Subject subject,
            String name,
            AllowList allow,
            Set<Direction> most,
            List<IpRange> denied)
            throws StepEnds {
        long order = attempt.parameters().number("order").orElse(0L);
        PoliciesInForce others = others(attempt, subject, "");
        CalicoInForce calico = calicoOthers(attempt, kind, subject);
        Optional<String> open = calico.before(order);
        Set<Direction> granted = calico.isNone() ? granted(others, most) : EnumSet.noneOf(Direction.class);
        if (denied.isEmpty()) {
            return new Design(
                    List.of(new Draft(name, CalicoDocument.isolating(subject.selector(), allow, granted, order))),
                    granted,
                    open,
                    notGranted(allow, granted));
        }
        if (!calico.isNone()) {
            throw StepEnds.failed("policies of Calico's own may be in force for it (" + calico.names()
                    + "), so that leaving the rest as it is cannot be vouched for; nothing was changed");
        }
        List<Draft> drafts = new ArrayList<>();
        drafts.add(new Draft(name, CalicoDocument.denying(subject.selector(), denied, order)));
        if (!granted.isEmpty()) {
            drafts.add(new Draft(name + "-rest", CalicoDocument.rest(subject.selector(), granted)));
        }
        return new Design(drafts, granted, open, List.of());
    }

    private static PoliciesInForce others(Attempt attempt, Subject subject, String name) throws StepEnds {
        JsonNode list = attempt.read(KUBERNETES.in(subject.pod().namespace()))
                .orElseThrow(() -> StepEnds.failed("the API server knows no NetworkPolicies"));
        return PoliciesInForce.of(list, policy -> {
            JsonNode selector = policy.path("spec").path("podSelector");
            return !policy.path("metadata").path("name").asText().equals(name)
                    && (subject.exact()
                            ? LabelSelector.selects(selector, subject.labels())
                            : LabelSelector.couldSelect(selector, subject.labels()));
        });
    }

    private static CalicoInForce calicoOthers(Attempt attempt, PolicyKind kind, Subject subject) throws StepEnds {
        List<JsonNode> others = new ArrayList<>();
        for (ApiPath path : List.of(
                kind.in(subject.pod().namespace()),
                ApiPath.of(kind.group(), kind.version(), "globalnetworkpolicies"))) {
            Optional<JsonNode> list = attempt.read(path);
            if (list.isPresent()) {
                list.get().path("items").forEach(policy -> {
                    String selector = policy.path("spec").path("selector").asText("all()");
                    if (!Ours.isOurs(policy, subject.uid())
                            && CalicoInForce.couldSelect(selector, subject.labels(), subject.exact())) {
                        others.add(policy);
                    }
                });
            }
        }
        return new CalicoInForce(others);
    }

    /** Where nothing was refused before, what ours allows adds nothing. */
    private static Set<Direction> granted(PoliciesInForce others, Set<Direction> most) {
        Set<Direction> granted = EnumSet.noneOf(Direction.class);
        for (Direction direction : most) {
            if (!others.restrict(direction)) {
                granted.add(direction);
            }
        }
        return granted;
    }

    private static List<String> notGranted(AllowList allow, Set<Direction> granted) {
        if (allow.isNobody()) {
            return List.of();
        }
        List<String> remarks = new ArrayList<>();
        for (Direction direction : Direction.values()) {
            if (!granted.contains(direction)) {
                remarks.add(direction.type.toLowerCase(Locale.ROOT)
                        + " was restricted before, so that nothing is allowed there that was not");
            }
        }
        return remarks;
    }

    private static Set<Direction> granted(JsonNode policy) {
        Set<Direction> granted = EnumSet.noneOf(Direction.class);
        String text = Ours.annotation(policy, GRANTED).orElse("");
        for (Direction direction : Direction.values()) {
            if (text.contains(direction.type)) {
                granted.add(direction);
            }
        }
        return granted;
    }

    private static String text(Set<Direction> directions) {
        return String.join(
                ",",
                directions.stream().map(direction -> direction.type).sorted().toList());
    }

    private static Instant until(Attempt attempt) {
        return attempt.parameters()
                .time("for")
                .map(time -> attempt.now().plus(time))
                .orElse(Instant.MAX)
                .truncatedTo(ChronoUnit.SECONDS);
    }

    private static boolean isLabelled(JsonNode pod, Subject subject) {
        return subject.label()
                .map(label -> subject.uid().equals(LabelSelector.labels(pod).get(label)))
                .orElse(true);
    }

    private static Map<String, String> before(
            PolicyKind kind, Subject subject, List<Draft> drafts, Map<String, String> more) {
        Map<String, String> before = new TreeMap<>(more);
        before.put("group", kind.group());
        before.put("policies", String.join(",", drafts.stream().map(Draft::name).toList()));
        before.put("uid", subject.uid());
        before.put(Action.TakeBack.HOW + "policy", "by policy " + before.get("policies"));
        subject.label().ifPresent(label -> before.put("label", label));
        return before;
    }

    private static void create(
            Attempt attempt, PolicyKind kind, Subject subject, Draft draft, AllowList allow, Set<Direction> granted)
            throws StepEnds {
        ObjectNode document = JSON.createObjectNode();
        document.put("apiVersion", kind.group() + "/" + kind.version()).put("kind", kind.kind());
        ObjectNode metadata = document.putObject("metadata").put("name", draft.name());
        Ours.mark(metadata, attempt.response(), subject.uid());
        metadata.withObject("/annotations")
                .put(ALLOW, allow.text())
                .put(GRANTED, text(granted))
                .put(Ours.UNTIL, until(attempt).toString())
                .put(Ours.SPEC, Ours.fingerprint(draft.spec()));
        metadata.putArray("ownerReferences").add(subject.owner());
        document.set("spec", draft.spec());
        ApiPath all = kind.in(subject.pod().namespace());
        // Strict: a field that this version does not know would be left out, and the policy would say something else
        Reply reply = attempt.tryChange(Request.create(all, document.toString()).with("fieldValidation", "Strict"));
        switch (reply) {
            case Reply.Ok ok -> {}
            case Reply.Refused refused
            when refused.isConflict() -> {
                // Asked twice, since the first answer was lost; or somebody was faster
                JsonNode there = attempt.read(all.named(draft.name()))
                        .orElseThrow(() ->
                                StepEnds.failedForNow("policy " + draft.name() + " was there and is not any more"));
                if (!Ours.isOurs(there, subject.uid())
                        || !Ours.annotation(there, Ours.RESPONSE)
                                .filter(attempt.response()::equals)
                                .isPresent()) {
                    throw StepEnds.failedForNow("policy " + draft.name() + " was made by somebody else meanwhile");
                }
            }
            case Reply.Refused refused
            when refused.isNotFound() ->
                throw StepEnds.failed(
                        kind.engine() == Engine.NETWORKPOLICY
                                ? refused.message()
                                : "the API server knows no " + kind.kind() + " of " + kind.group()
                                        + ": it is not installed");
            case Reply.Refused refused
            when refused.code() == 400 && refused.message().contains("enableDefaultDeny") ->
                throw StepEnds.failed("this Cilium is too old for it: it would refuse more than what is asked for"
                        + " (enableDefaultDeny is known since 1.16)");
            case Reply.Refused refused -> throw attempt.refusal(refused);
            case Reply.Unheard unheard -> throw StepEnds.unheard(unheard.why());
        }
    }

    /** @param made what is to go if the pod is gone by now */
    private static void label(Attempt attempt, PolicyKind kind, Subject subject, List<Draft> made) throws StepEnds {
        ObjectNode metadata = JSON.createObjectNode().put("uid", subject.uid());
        metadata.putObject("labels").put(subject.label().orElseThrow(), subject.uid());
        Reply reply = attempt.tryChangeUnlessConflict(mergePatch(Attempt.path(subject.pod()), metadata));
        if (reply instanceof Reply.Refused refused && (refused.isNotFound() || refused.isConflict())) {
            for (Draft draft : made) {
                attempt.tryChange(
                        Request.delete(kind.in(subject.pod().namespace()).named(draft.name()), "{}"));
            }
            throw StepEnds.gone(
                    refused.isNotFound() ? Attempt.isNoMore(subject.pod()) : Attempt.isAnother(subject.pod()));
        }
        attempt.heard(reply);
    }

    private static Request mergePatch(ApiPath path, ObjectNode metadata) {
        ObjectNode patch = JSON.createObjectNode();
        patch.set("metadata", metadata);
        return Request.patch(path, Request.MERGE_PATCH, patch.toString());
    }

    private static void patch(
            Attempt attempt,
            PolicyKind kind,
            Subject subject,
            JsonNode existing,
            JsonNode spec,
            String response,
            String until,
            AllowList allow,
            Set<Direction> granted)
            throws StepEnds {
        ObjectNode patch = JSON.createObjectNode();
        ObjectNode metadata = patch.putObject("metadata");
        metadata.put("uid", existing.path("metadata").path("uid").asText());
        metadata.put(
                "resourceVersion",
                existing.path("metadata").path("resourceVersion").asText());
        Ours.mark(metadata, response, subject.uid());
        metadata.withObject("/annotations")
                .put(ALLOW, allow.text())
                .put(GRANTED, text(granted))
                .put(Ours.SPEC, Ours.fingerprint(spec));
        if (!until.isEmpty()) {
            metadata.withObject("/annotations").put(Ours.UNTIL, until);
        }
        ObjectNode change = patch.putObject("spec");
        existing.path("spec").fieldNames().forEachRemaining(change::putNull);
        spec.properties().forEach(one -> change.set(one.getKey(), one.getValue()));
        Reply reply = attempt.tryChangeUnlessConflict(Request.patch(
                kind.in(subject.pod().namespace())
                        .named(existing.path("metadata").path("name").asText()),
                Request.MERGE_PATCH,
                patch.toString()));
        attempt.heard(reply);
    }

    @Override
    public Outcome takeBack(Action.TakeBack undo, Attempt attempt) throws StepEnds {
        Optional<Outcome> inKernel = kernel.release(undo, attempt);
        if (inKernel.isEmpty()) {
            return policyTakenBack(undo, attempt);
        }
        String said = "in the kernel of its node: " + inKernel.get().words();
        Outcome policy = new Outcome.Done("there was no policy");
        try {
            if (undo.before().containsKey("policies")) {
                policy = policyTakenBack(undo, attempt);
            }
        } catch (StepEnds ends) {
            policy = ends.outcome();
        }
        String both = policy.words() + "; " + said;
        if (policy instanceof Outcome.Failed || inKernel.get() instanceof Outcome.Failed) {
            return new Outcome.Failed(both, true);
        }
        return policy instanceof Outcome.Withheld ? new Outcome.Withheld(both) : attempt.done(both);
    }

    private static Outcome policyTakenBack(Action.TakeBack undo, Attempt attempt) throws StepEnds {
        Map<String, String> before = undo.before();
        PodRef pod = attempt.pod();
        String group = before.getOrDefault("group", "");
        PolicyKind kind =
                group.equals(KUBERNETES.group()) ? KUBERNETES : group.equals(CILIUM.group()) ? CILIUM : calico(group);
        String uid = before.getOrDefault("uid", "");
        List<String> said = new ArrayList<>();
        for (String name : before.getOrDefault("policies", "").split(",", -1)) {
            Optional<JsonNode> found = attempt.read(kind.in(pod.namespace()).named(name));
            if (found.isEmpty()) {
                said.add("policy " + name + " was gone");
                continue;
            }
            JsonNode policy = found.get();
            if (!Ours.isOurs(policy, uid)) {
                throw StepEnds.withheld("policy " + name + " is not ours any more");
            }
            String holder = Ours.annotation(policy, Ours.RESPONSE).orElse("");
            if (!holder.equals(attempt.response())) {
                if (isHandedBack(before, policy)) {
                    return attempt.done(handedBack(name, before));
                }
                giveUp(attempt, kind, pod, name, policy);
                throw StepEnds.withheld("policy " + name + " stays: response " + holder + " holds it until "
                        + Ours.annotation(policy, Ours.UNTIL).orElse("it is released"));
            }
            if (!Ours.isAsWeLeftIt(policy)) {
                throw StepEnds.withheld("policy " + name + " was changed by somebody since, and stays as it is");
            }
            if (isStillHeld(before, policy, attempt)) {
                restore(attempt, kind, pod, uid, policy, before);
                return attempt.done(handedBack(name, before));
            }
            delete(attempt, kind.in(pod.namespace()).named(name), policy);
            said.add("policy " + name + " was removed");
        }
        Optional<String> label = Optional.ofNullable(before.get("label"));
        if (label.isPresent()) {
            said.add(unlabel(attempt, pod, uid, label.get()));
        }
        return attempt.done(String.join("; ", said));
    }

    /** By a try before this one, of which another part has failed; who takes it by himself has another end. */
    private static boolean isHandedBack(Map<String, String> before, JsonNode policy) {
        return Ours.annotation(policy, Ours.RESPONSE).equals(Optional.ofNullable(before.get("heldBefore")))
                && Ours.annotation(policy, Ours.UNTIL).equals(Optional.ofNullable(before.get("untilBefore")));
    }

    private static String handedBack(String name, Map<String, String> before) {
        return "policy " + name + " is again as it was for response " + before.get("heldBefore") + ", until "
                + before.get("untilBefore");
    }

    /** The one before is released while another holds the policy: that other must not hand it back. */
    private static void giveUp(Attempt attempt, PolicyKind kind, PodRef pod, String name, JsonNode policy)
            throws StepEnds {
        if (givenUp(policy).contains(attempt.response())) {
            return;
        }
        String others = Ours.annotation(policy, GIVEN_UP).map(all -> all + ",").orElse("");
        ObjectNode metadata = JSON.createObjectNode()
                .put("uid", policy.path("metadata").path("uid").asText());
        metadata.putObject("annotations").put(GIVEN_UP, others + attempt.response());
        ObjectNode patch = JSON.createObjectNode();
        patch.set("metadata", metadata);
        attempt.heard(attempt.tryChangeUnlessConflict(
                Request.patch(kind.in(pod.namespace()).named(name), Request.MERGE_PATCH, patch.toString())));
    }

    private static List<String> givenUp(JsonNode policy) {
        return List.of(Ours.annotation(policy, GIVEN_UP).orElse("").split(",", -1));
    }

    private static boolean isStillHeld(Map<String, String> before, JsonNode policy, Attempt attempt) {
        return before.containsKey("heldBefore")
                && !givenUp(policy).contains(before.get("heldBefore"))
                && Attempt.time(JSON.getNodeFactory().textNode(before.getOrDefault("untilBefore", "")))
                        .map(end -> end.isAfter(attempt.now()))
                        .orElse(false);
    }

    private static void restore(
            Attempt attempt, PolicyKind kind, PodRef pod, String uid, JsonNode policy, Map<String, String> before)
            throws StepEnds {
        try {
            ObjectNode marks = JSON.createObjectNode();
            marks.putObject("metadata").putObject("annotations").put(GRANTED, before.getOrDefault("grantedBefore", ""));
            Subject subject = new Subject(
                    pod, JSON.createObjectNode(), uid, JSON.createObjectNode(), Optional.empty(), Map.of(), false, "");
            patch(
                    attempt,
                    kind,
                    subject,
                    policy,
                    JSON.readTree(before.getOrDefault("specBefore", "{}")),
                    before.getOrDefault("heldBefore", ""),
                    before.getOrDefault("untilBefore", ""),
                    AllowList.parse(before.getOrDefault("allowBefore", "")).orElse(AllowList.NOBODY),
                    granted(marks));
        } catch (JsonProcessingException journalled) {
            throw new IllegalStateException(journalled);
        }
    }

    static void delete(Attempt attempt, ApiPath path, JsonNode object) throws StepEnds {
        ObjectNode options = JSON.createObjectNode();
        options.putObject("preconditions")
                .put("uid", object.path("metadata").path("uid").asText())
                .put(
                        "resourceVersion",
                        object.path("metadata").path("resourceVersion").asText());
        Reply reply = attempt.tryChangeUnlessConflict(Request.delete(path, options.toString()));
        if (!(reply instanceof Reply.Refused refused && refused.isNotFound())) {
            attempt.heard(reply);
        }
    }

    private static String unlabel(Attempt attempt, PodRef pod, String uid, String label) throws StepEnds {
        Optional<JsonNode> now = attempt.read(Attempt.path(pod))
                .filter(found -> found.path("metadata").path("uid").asText().equals(uid));
        if (now.isEmpty()) {
            return "the pod was gone";
        }
        if (!uid.equals(LabelSelector.labels(now.get()).get(label))) {
            return "its label was gone";
        }
        ObjectNode metadata = JSON.createObjectNode().put("uid", uid);
        metadata.putObject("labels").putNull(label);
        Reply reply = attempt.tryChangeUnlessConflict(mergePatch(Attempt.path(pod), metadata));
        if (reply instanceof Reply.Refused refused && (refused.isNotFound() || refused.isConflict())) {
            return "the pod was gone";
        }
        attempt.heard(reply);
        return "its label was removed";
    }

    @Override
    public Outcome observe(Attempt attempt) throws StepEnds {
        Outcome policy = observePolicy(attempt);
        KernelHalf.Cut cut = kernel.observe(attempt, attempt.meantPod(), AllowList.of(attempt.parameters()));
        if (!cut.holds()) {
            return policy;
        }
        String both = policy.words() + "; " + cut.remark(oneOfMany(attempt));
        return policy instanceof Outcome.AlreadySo
                ? new Outcome.AlreadySo(both)
                : new Outcome.Failed(both, isRetryable(policy));
    }

    private static Outcome observePolicy(Attempt attempt) {
        try {
            return observePolicy(attempt, attempt.meantPod());
        } catch (StepEnds ends) {
            return ends.outcome();
        }
    }

    private static Outcome observePolicy(Attempt attempt, JsonNode pod) throws StepEnds {
        PolicyKind kind = kind(attempt);
        Subject subject = subject(attempt, pod, kind.engine());
        String name = kind.name(name(attempt, subject));
        Optional<JsonNode> policy =
                attempt.read(kind.in(subject.pod().namespace()).named(name));
        if (policy.filter(found -> Ours.isOurs(found, subject.uid()) && Ours.isAsWeLeftIt(found))
                .isEmpty()) {
            return new Outcome.Failed("there is no policy " + name + " of ours", true);
        }
        if (!isLabelled(pod, subject)) {
            return new Outcome.Failed("policy " + name + " is there, but the pod has not its label", true);
        }
        return new Outcome.AlreadySo("policy " + name + " cuts off " + subject.words());
    }
}
