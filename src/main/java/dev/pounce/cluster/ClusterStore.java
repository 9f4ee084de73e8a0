package dev.pounce.cluster;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of the cluster's objects, and the ways to find them. Every question takes microseconds and gives copies.
 *
 * <p>Any thread.
 */
final class ClusterStore {

    private final Map<String, Map<String, Pod>> pods = new HashMap<>(); // by namespace and name
    private final Map<String, Pod> byUid = new HashMap<>();
    private final NavigableMap<String, Pod> byContainer = new TreeMap<>();
    private final Map<String, Map<String, Pod>> byNode = new HashMap<>(); // and uid
    private final Map<String, Map<String, Pod>> byOwner = new HashMap<>(); // by the owner's uid, and the pod's
    private final Map<String, Map<String, Pod>> byIp = new HashMap<>(); // and uid
    private final Map<String, Controller> controllers = new HashMap<>(); // by uid
    private final Map<String, Set<String>> owned = new HashMap<>(); // controllers' uids by their owners'
    private final Map<String, Map<String, Budget>> budgets = new HashMap<>(); // by namespace and name
    private final Map<String, Node> nodes = new HashMap<>();

    synchronized int podCount() {
        return byUid.size();
    }

    synchronized @Nullable Pod pod(String namespace, String name) {
        return pods.getOrDefault(namespace, Map.of()).get(name);
    }

    synchronized @Nullable Pod podWithUid(String uid) {
        return byUid.get(uid);
    }

    /** At most two: two are as good as many. */
    synchronized List<Pod> podsWithContainer(String idPrefix) {
        Set<Pod> found = new HashSet<>();
        for (Map.Entry<String, Pod> one : byContainer.tailMap(idPrefix, true).entrySet()) {
            if (!one.getKey().startsWith(idPrefix) || found.size() > 1) {
                break;
            }
            found.add(one.getValue());
        }
        return List.copyOf(found);
    }

    synchronized List<Pod> podsWithIp(String ip) {
        return List.copyOf(byIp.getOrDefault(ip, Map.of()).values());
    }

    synchronized List<Pod> podsOfNode(String node) {
        return List.copyOf(byNode.getOrDefault(node, Map.of()).values());
    }

    synchronized @Nullable Node node(String name) {
        return nodes.get(name);
    }

    synchronized @Nullable Controller controller(String uid) {
        return controllers.get(uid);
    }

    /** Looks at all of them. */
    synchronized @Nullable Controller controller(String kind, String namespace, String name) {
        for (Controller one : controllers.values()) {
            if (one.name().equals(name)
                    && one.namespace().equals(namespace)
                    && one.kind().equals(kind)) {
                return one;
            }
        }
        return null;
    }

    /** Of this owner, and of the controllers that it owns. */
    synchronized List<Pod> podsOfOwner(String uid) {
        List<Pod> found = new ArrayList<>(byOwner.getOrDefault(uid, Map.of()).values());
        for (String child : owned.getOrDefault(uid, Set.of())) {
            found.addAll(byOwner.getOrDefault(child, Map.of()).values());
        }
        return found;
    }

    synchronized List<Budget> budgetsOf(Pod pod) {
        return budgets.getOrDefault(pod.namespace(), Map.of()).values().stream()
                .filter(budget -> budget.pods().means(pod.labels()))
                .toList();
    }

    synchronized int readyPodsIn(String namespace) {
        return Math.toIntExact(pods.getOrDefault(namespace, Map.of()).values().stream()
                .filter(Pod::ready)
                .count());
    }

    synchronized void put(Pod pod) {
        Pod before =
                pods.computeIfAbsent(pod.namespace(), none -> new HashMap<>()).put(pod.name(), pod);
        if (before != null) {
            forgetWays(before);
        }
        byUid.put(pod.uid(), pod);
        pod.containers().forEach(container -> byContainer.put(container.id(), pod));
        if (!pod.node().isEmpty()) {
            put(pod.node(), pod.uid(), pod, byNode);
        }
        if (hasAddressOfItsOwn(pod)) {
            put(pod.ip(), pod.uid(), pod, byIp);
        }
        pod.owner().ifPresent(owner -> put(owner.uid(), pod.uid(), pod, byOwner));
    }

    synchronized void remove(Pod pod) {
        Pod there = pods.getOrDefault(pod.namespace(), Map.of()).get(pod.name());
        if (there != null && there.uid().equals(pod.uid())) {
            remove(pod.namespace(), pod.name(), pods);
            forgetWays(there);
        }
    }

    private void forgetWays(Pod pod) {
        byUid.remove(pod.uid());
        pod.containers().forEach(container -> byContainer.remove(container.id(), pod));
        remove(pod.node(), pod.uid(), byNode);
        remove(pod.ip(), pod.uid(), byIp);
        pod.owner().ifPresent(owner -> remove(owner.uid(), pod.uid(), byOwner));
    }

    /** An ended pod's address may be another's already. */
    private static boolean hasAddressOfItsOwn(Pod pod) {
        return !pod.ip().isEmpty() && !pod.onHostNetwork() && !pod.hasEnded();
    }

    synchronized void replacePods(Collection<Pod> all) {
        Set<String> stay = new HashSet<>();
        all.forEach(pod -> stay.add(pod.uid()));
        List.copyOf(byUid.values()).stream()
                .filter(pod -> !stay.contains(pod.uid()))
                .forEach(this::remove);
        all.forEach(this::put);
    }

    synchronized void put(Controller controller) {
        remove(controller);
        controllers.put(controller.uid(), controller);
        controller.owner().ifPresent(owner -> owned.computeIfAbsent(owner.uid(), none -> new HashSet<>(2))
                .add(controller.uid()));
    }

    synchronized void remove(Controller controller) {
        Controller there = controllers.remove(controller.uid());
        if (there != null) {
            there.owner().ifPresent(owner -> {
                Set<String> children = owned.getOrDefault(owner.uid(), Set.of());
                if (children.remove(controller.uid()) && children.isEmpty()) {
                    owned.remove(owner.uid());
                }
            });
        }
    }

    synchronized void replaceControllers(String kind, Collection<Controller> all) {
        Map<String, Controller> stay = byKey(all, Controller::uid);
        List.copyOf(controllers.values()).stream()
                .filter(known -> known.kind().equals(kind) && !stay.containsKey(known.uid()))
                .forEach(this::remove);
        all.forEach(this::put);
    }

    synchronized void put(Budget budget) {
        put(budget.namespace(), budget.name(), budget, budgets);
    }

    synchronized void remove(Budget budget) {
        remove(budget.namespace(), budget.name(), budgets);
    }

    synchronized void replaceBudgets(Collection<Budget> all) {
        budgets.clear();
        all.forEach(this::put);
    }

    synchronized void put(Node node) {
        nodes.put(node.name(), node);
    }

    synchronized void remove(Node node) {
        nodes.remove(node.name());
    }

    synchronized void replaceNodes(Collection<Node> all) {
        nodes.clear();
        all.forEach(this::put);
    }

    private static <T> void put(String outer, String inner, T value, Map<String, Map<String, T>> into) {
        into.computeIfAbsent(outer, none -> new HashMap<>(2)).put(inner, value);
    }

    private static <T> void remove(String outer, String inner, Map<String, Map<String, T>> from) {
        Map<String, T> values = from.get(outer);
        if (values != null) {
            values.remove(inner);
            if (values.isEmpty()) {
                from.remove(outer);
            }
        }
    }

    private static <T> Map<String, T> byKey(Collection<T> all, Function<T, String> key) {
        Map<String, T> map = new LinkedHashMap<>();
        all.forEach(one -> map.put(key.apply(one), one));
        return map;
    }
}
