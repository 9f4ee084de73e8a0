package dev.pounce.planning;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Right;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.ClusterView;
import dev.pounce.cluster.OwnResources;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the engine must be allowed for its action sets, and no more: the sum of what their steps need, and what following the
 * cluster takes.
 */
public final class NeededRights {

    /**
     * One thing that somebody may be allowed to do.
     *
     * @param group of the API; empty for the core
     * @param resource in the plural, with its subresource behind a slash
     */
    public record Permission(String group, String resource, String verb) implements Comparable<Permission> {

        /** Such as {@code patch pods}. */
        public String display() {
            return verb + " " + resource + (group.isEmpty() ? "" : "." + group);
        }

        /** Of a kind that is in no namespace. */
        public boolean isClusterWide() {
            return CLUSTER_WIDE.contains(
                    resource.contains("/") ? resource.substring(0, resource.indexOf('/')) : resource);
        }

        @Override
        public int compareTo(Permission other) {
            int byGroup = group.compareTo(other.group);
            int byResource = byGroup != 0 ? byGroup : resource.compareTo(other.resource);
            return byResource != 0 ? byResource : verb.compareTo(other.verb);
        }
    }

    private static final Set<String> CLUSTER_WIDE = Set.of(
            "nodes",
            "namespaces",
            "clusterroles",
            "clusterrolebindings",
            "globalnetworkpolicies",
            OwnResources.ACTION_SETS.resource(),
            OwnResources.CONTAINMENTS.resource());

    private NeededRights() {}

    /** To know pods, workloads, budgets and nodes; see {@link ClusterView}. */
    public static Set<Permission> toFollow() {
        Set<Permission> permissions = new TreeSet<>();
        for (ApiPath path : ClusterView.NEEDED) {
            permissions.add(new Permission(path.group(), path.resource(), "list"));
            permissions.add(new Permission(path.group(), path.resource(), "watch"));
        }
        return permissions;
    }

    /** To load the cluster's ActionSets, to say how they are taken, and to show what is in force as Containments. */
    public static Set<Permission> forOwnResources() {
        Set<Permission> permissions = new TreeSet<>();
        for (ApiPath path : List.of(OwnResources.ACTION_SETS, OwnResources.CONTAINMENTS)) {
            for (String verb : List.of("list", "watch")) {
                permissions.add(new Permission(path.group(), path.resource(), verb));
            }
            permissions.add(new Permission(path.group(), path.resource() + "/status", "patch"));
        }
        for (String verb : List.of("create", "patch", "delete")) {
            permissions.add(
                    new Permission(OwnResources.CONTAINMENTS.group(), OwnResources.CONTAINMENTS.resource(), verb));
        }
        return permissions;
    }

    /** Of the API, in alphabetical order. */
    public static Set<Permission> of(Collection<Right> rights) {
        Set<Permission> permissions = new TreeSet<>();
        for (Right right : rights) {
            if (right instanceof Right.Api api) {
                api.verbs().forEach(verb -> permissions.add(new Permission(api.group(), api.resource(), verb)));
            }
        }
        return permissions;
    }

    /** Of all steps of a set. */
    public static Set<Right> of(ActionSet set) {
        Set<Right> rights = new LinkedHashSet<>();
        set.steps().forEach(step -> rights.addAll(of(step.action())));
        return rights;
    }

    /** Of a step, with whatever a detection will fill in. */
    public static Collection<Right> of(ActionTemplate template) {
        return template.type().rightsForWritten(template.given());
    }

    /** Of a step that is about to happen. */
    public static Collection<Right> of(Action action) {
        ActionType type = action.type();
        return type.rightsFor(action.parameters());
    }
}
