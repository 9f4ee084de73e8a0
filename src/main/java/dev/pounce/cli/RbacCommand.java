package dev.pounce.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Form;
import dev.pounce.action.Right;
import dev.pounce.action.TargetKind;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.NeededRights;
import dev.pounce.planning.NeededRights.Permission;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "rbac",
        description = {
            "Prints the rights in a Kubernetes cluster that the engine needs for these action sets, and no others:",
            "what their steps do, and what it takes to know pods, workloads and nodes. To be applied as it is."
        },
        footer = {
            "",
            "Examples:",
            "  pounce rbac --actionsets my-sets/ | kubectl apply -f -",
            "  pounce rbac --namespace shop --namespace bank --service-account pounce/pounce"
        })
final class RbacCommand implements Callable<Integer> {

    enum Format {
        YAML,
        JSON
    }

    @Spec
    CommandSpec spec;

    @Option(
            names = "--rules",
            paramLabel = "PATH",
            description = "Detection rules, whose macros and lists the sets use (default: the ones we ship).")
    List<Path> rules = List.of();

    @Option(
            names = "--actionsets",
            paramLabel = "PATH",
            description = "Action sets: a file, or a folder. May be given often (default: the ones we ship).")
    List<Path> actionSets = List.of();

    @Option(
            names = "--talon",
            paramLabel = "PATH",
            description = "Falco Talon's rule files. May be given often; without --actionsets they alone count.")
    List<Path> talon = List.of();

    @Option(
            names = "--namespace",
            paramLabel = "NAMESPACE",
            description = {
                "Act in this namespace only, as pounce run --namespace does. May be given often (default: in all of",
                "them). What is known is known of the whole cluster nevertheless."
            })
    List<String> namespaces = List.of();

    @Option(
            names = "--cluster-actionsets",
            description =
                    "Also what pounce run --cluster-actionsets needs: ActionSets and Containments of the cluster.")
    boolean ownResources;

    @Option(
            names = "--service-account",
            paramLabel = "NAMESPACE/NAME",
            description = "Print this service account, too, and bind the roles to it.")
    String account = "";

    @Option(names = "-o", paramLabel = "FORMAT", defaultValue = "yaml", description = "yaml or json")
    Format output = Format.YAML;

    @Override
    public Integer call() {
        namespaces.forEach(this::checkName);
        if (!account.isEmpty()) {
            if (account.indexOf('/') < 1) {
                throw new ParameterException(
                        spec.commandLine(), "'" + account + "' as --service-account, expected NAMESPACE/NAME");
            }
            checkName(account.substring(0, account.indexOf('/')));
            checkName(account.substring(account.indexOf('/') + 1));
        }
        ActionSets sets = PolicyFiles.read(
                PolicyFiles.rulesOr(rules),
                actionSets.isEmpty() && !talon.isEmpty() ? List.of() : PolicyFiles.actionSetsOr(actionSets),
                talon,
                spec.commandLine().getErr());
        Set<Permission> clusterWide = new TreeSet<>(NeededRights.toFollow());
        Set<Permission> inNamespaces = new TreeSet<>();
        Set<String> elsewhere = new TreeSet<>();
        if (ownResources) {
            clusterWide.addAll(NeededRights.forOwnResources());
        }
        sets.all().stream().flatMap(set -> set.steps().stream()).forEach(step -> {
            Collection<Right> needed = NeededRights.of(step.action());
            // What belongs to no namespace has its Events in the default one
            boolean eventsElsewhere = step.action().type().targets().stream()
                    .anyMatch(kind -> kind == TargetKind.NODE || kind == TargetKind.OBJECT);
            NeededRights.of(needed).forEach(permission -> (namespaces.isEmpty()
                                    || permission.isClusterWide()
                                    || (eventsElsewhere && permission.resource().equals("events"))
                            ? clusterWide
                            : inNamespaces)
                    .add(permission));
            needed.stream()
                    .filter(right -> !(right instanceof Right.Api))
                    .map(Right::display)
                    .forEach(elsewhere::add);
        });
        inNamespaces.removeAll(clusterWide);
        List<ObjectNode> objects = RbacManifest.of(clusterWide, inNamespaces, namespaces, account);
        PrintWriter out = spec.commandLine().getOut();
        switch (output) {
            case YAML -> {
                out.println("# What the engine needs for "
                        + (sets.all().size() == 1 ? "1 action set" : sets.all().size() + " action sets")
                        + "; made by: pounce rbac");
                if (!elsewhere.isEmpty()) {
                    out.println("# Not granted here: " + String.join(", ", elsewhere));
                }
                objects.forEach(object -> {
                    out.println("---");
                    out.print(RbacManifest.yaml(object));
                });
            }
            case JSON -> {
                ObjectNode list = JsonNodeFactory.instance.objectNode();
                list.put("apiVersion", "v1").put("kind", "List");
                ArrayNode items = list.putArray("items");
                objects.forEach(items::add);
                out.println(list.toPrettyString());
            }
        }
        out.flush();
        return 0;
    }

    private void checkName(String name) {
        if (!Form.NAMESPACE.accepts(name)) {
            throw new ParameterException(spec.commandLine(), "'" + name + "', expected " + Form.NAMESPACE.expected());
        }
    }
}
