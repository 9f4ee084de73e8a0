package dev.pounce.guard;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Right;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.EndpointRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.asset.WorkloadRef;
import dev.pounce.cluster.Api;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import dev.pounce.planning.ActionSet;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.NeededRights;
import dev.pounce.planning.NeededRights.Permission;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * What the API server says that this engine may do, asked before it is needed: by one access review for each right that the
 * loaded sets need. A set that lacks one is not armed.
 *
 * <p>When the server cannot be asked, what it said last stays; a right about which it never said anything counts as missing for
 * the steps that need it, and for no others.
 */
public final class Permissions {

    private static final ApiPath REVIEWS = ApiPath.of("authorization.k8s.io", "v1", "selfsubjectaccessreviews");
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int NOT_FOUND = 404;

    /** Groups that a cluster has only if somebody installed what they belong to. */
    private static final Set<String> EXTENSIONS = Set.of("cilium.io", "projectcalico.org", "crd.projectcalico.org");

    /** What was said; not yet, while there is nothing. */
    private enum Said {
        YES,
        NO
    }

    private final Api api;
    private final InstantSource clock;
    private final List<String> namespaces;
    private final Set<Permission> ofItself;

    private volatile Map<Permission, Said> said = Map.of();
    private volatile Map<String, Said> groups = Map.of();
    private volatile Map<String, List<String>> missing = Map.of(); // by action set
    private volatile String problem = "it was not asked yet";

    /**
     * @param namespaces to which the engine is confined; all of them when there is none
     * @param more what the engine needs whatever its sets are, besides following the cluster
     */
    public Permissions(Api api, InstantSource clock, Collection<String> namespaces, Set<Permission> more) {
        this.api = api;
        this.clock = clock;
        this.namespaces = namespaces.isEmpty() ? List.of("") : List.copyOf(namespaces);
        Set<Permission> all = new TreeSet<>(NeededRights.toFollow());
        all.addAll(more);
        this.ofItself = Set.copyOf(all);
    }

    /** Asks the API server. Blocks, some milliseconds for each right; for a thread that may. */
    public void check(ActionSets sets) {
        Map<Permission, Said> answers = new HashMap<>();
        Map<String, Said> found = new HashMap<>();
        Set<Permission> needed = new TreeSet<>(ofItself);
        sets.all().forEach(set -> needed.addAll(NeededRights.of(NeededRights.of(set))));
        Optional<String> failure =
                ask(needed, answers, found, () -> clock.instant().plus(PATIENCE));
        Map<Permission, Said> allSaid = new HashMap<>(said);
        allSaid.putAll(answers);
        allSaid.keySet().retainAll(needed);
        Map<String, Said> allGroups = new HashMap<>(groups);
        allGroups.putAll(found);
        said = Map.copyOf(allSaid);
        groups = Map.copyOf(allGroups);
        problem = failure.orElse("");
        Map<String, List<String>> lacking = new LinkedHashMap<>();
        for (ActionSet set : sets.all()) {
            List<String> reasons = refused(NeededRights.of(set), said, groups);
            if (!reasons.isEmpty()) {
                lacking.put(set.name(), reasons);
            }
        }
        missing = Map.copyOf(lacking);
    }

    /**
     * What a set would lack if it were loaded, as {@link #missing} says it. Asks for what was not asked before, and again for what
     * was refused, since somebody may have granted it for this set; remembers nothing. What the server does not say in time is as
     * it was before, and else not known to be missing.
     *
     * @param patience for which it may block
     */
    public List<String> wouldLack(ActionSet set, Duration patience) {
        Map<Permission, Said> saidBefore = said;
        Map<String, Said> foundBefore = groups;
        Map<Permission, Said> answers = new HashMap<>(saidBefore);
        answers.values().removeIf(Said.NO::equals);
        Map<String, Said> found = new HashMap<>(foundBefore);
        found.values().removeIf(Said.NO::equals);
        Instant until = clock.instant().plus(patience);
        Collection<Right> rights = NeededRights.of(set);
        @SuppressWarnings("unused") // what is known is enough
        Optional<String> failure = ask(NeededRights.of(rights), answers, found, () -> until);
        saidBefore.forEach(answers::putIfAbsent);
        foundBefore.forEach(found::putIfAbsent);
        return refused(rights, answers, found);
    }

    /** Why sets are not armed, by their names; each reason is such as {@code the engine may not patch pods}. */
    public Map<String, List<String>> missing() {
        return missing;
    }

    /** What the engine needs whatever its sets are, and may not. */
    public List<String> missingOfItself() {
        return ofItself.stream()
                .filter(permission -> said.get(permission) == Said.NO)
                .sorted()
                .map(Permissions::words)
                .toList();
    }

    /** Why the API server could not be asked the last time; empty when it could. */
    public String problem() {
        return problem;
    }

    /** Why a step of this set must not be tried. */
    Optional<String> objectionTo(String actionSet, Asset target, Collection<Right> needed) {
        Optional<String> where = namespace(target).filter(in -> !namespaces.contains(in));
        if (where.isPresent() && !namespaces.contains("")) {
            return Optional.of("the engine acts in no namespace but "
                    + String.join(", ", namespaces.stream().sorted().toList()));
        }
        List<String> reasons = missing.getOrDefault(actionSet, List.of());
        if (!reasons.isEmpty()) {
            return Optional.of("action set '" + actionSet + "' is not armed: " + String.join("; ", reasons));
        }
        // Steps of sets that were loaded after the last check are judged by what they need themselves
        List<String> refused = refused(needed, said, groups);
        if (!refused.isEmpty()) {
            return Optional.of(String.join("; ", refused));
        }
        return unsaid(needed).stream()
                .findFirst()
                .map(permission -> "whether the engine may " + permission.display() + " is not known"
                        + (problem.isEmpty() ? "" : ": " + problem));
    }

    private static Optional<String> namespace(Asset target) {
        return switch (target) {
            case PodRef pod -> Optional.of(pod.namespace());
            case ObjectRef object -> object.namespace();
            case WorkloadRef workload -> Optional.of(workload.namespace());
            case NodeRef onNode -> Optional.empty();
            case ProcessRef onNode -> Optional.empty();
            case ContainerRef onNode -> Optional.empty();
            case EndpointRef elsewhere -> Optional.empty();
        };
    }

    private static List<String> refused(
            Collection<Right> rights, Map<Permission, Said> said, Map<String, Said> groups) {
        List<String> reasons = new ArrayList<>();
        Set<Permission> permissions = NeededRights.of(rights);
        Set<String> extensions = extensionsOf(permissions);
        if (!extensions.isEmpty() && extensions.stream().allMatch(group -> groups.get(group) == Said.NO)) {
            reasons.add("the cluster has no API " + String.join(" or ", extensions));
        }
        permissions.stream()
                .filter(permission -> said.get(permission) == Said.NO && groups.get(permission.group()) != Said.NO)
                .map(Permissions::words)
                .forEach(reasons::add);
        return List.copyOf(reasons);
    }

    private Set<Permission> unsaid(Collection<Right> rights) {
        return NeededRights.of(rights).stream()
                .filter(permission -> !said.containsKey(permission) && groups.get(permission.group()) != Said.NO)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> extensionsOf(Set<Permission> permissions) {
        return permissions.stream()
                .map(Permission::group)
                .filter(EXTENSIONS::contains)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String words(Permission permission) {
        return "the engine may not " + permission.display();
    }

    /** Asks for all that is not among the answers yet. Returns what went wrong, and stops there. */
    private Optional<String> ask(
            Collection<Permission> needed,
            Map<Permission, Said> answers,
            Map<String, Said> found,
            Supplier<Instant> deadline) {
        Optional<String> failure = Optional.empty();
        for (Permission permission : needed) {
            if (failure.isEmpty() && EXTENSIONS.contains(permission.group())) {
                failure = ask(permission.group(), found, deadline);
            }
            if (failure.isEmpty() && found.get(permission.group()) != Said.NO && !answers.containsKey(permission)) {
                failure = ask(permission, answers, deadline);
            }
        }
        return failure;
    }

    private Optional<String> ask(String group, Map<String, Said> found, Supplier<Instant> deadline) {
        if (found.containsKey(group)) {
            return Optional.empty();
        }
        Request discovery = new Request("GET", "/apis/" + group, Map.of(), "", "");
        return switch (api.send(discovery, deadline.get())) {
            case Reply.Ok ok -> {
                found.put(group, Said.YES);
                yield Optional.empty();
            }
            case Reply.Refused refused
            when refused.code() == NOT_FOUND -> {
                found.put(group, Said.NO);
                yield Optional.empty();
            }
            case Reply.Refused refused -> Optional.of(refused.message());
            case Reply.Unheard unheard -> Optional.of(unheard.why());
        };
    }

    private Optional<String> ask(Permission permission, Map<Permission, Said> answers, Supplier<Instant> deadline) {
        boolean allowed = true;
        for (String namespace :
                permission.isClusterWide() || ofItself.contains(permission) ? List.of("") : namespaces) {
            switch (api.send(Request.review(REVIEWS, review(permission, namespace)), deadline.get())) {
                case Reply.Ok(int code, var body) ->
                    allowed &= body.path("status").path("allowed").asBoolean(false);
                case Reply.Refused refused -> {
                    return Optional.of(refused.message());
                }
                case Reply.Unheard unheard -> {
                    return Optional.of(unheard.why());
                }
            }
        }
        answers.put(permission, allowed ? Said.YES : Said.NO);
        return Optional.empty();
    }

    private static String review(Permission permission, String namespace) {
        ObjectNode review = JsonNodeFactory.instance.objectNode();
        review.put("apiVersion", "authorization.k8s.io/v1").put("kind", "SelfSubjectAccessReview");
        int slash = permission.resource().indexOf('/');
        ObjectNode attributes = review.putObject("spec").putObject("resourceAttributes");
        attributes
                .put("group", permission.group())
                .put(
                        "resource",
                        slash < 0
                                ? permission.resource()
                                : permission.resource().substring(0, slash))
                .put("verb", permission.verb());
        if (slash >= 0) {
            attributes.put("subresource", permission.resource().substring(slash + 1));
        }
        if (!namespace.isEmpty()) {
            attributes.put("namespace", namespace);
        }
        return review.toString();
    }
}
