package dev.pounce.cli;

import dev.pounce.ClusterSettings;
import dev.pounce.action.Form;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --kubeconfig} and {@code --no-cluster}: which cluster is asked and changed, if any. */
final class ClusterOptions {

    private static final Path SERVICE_ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount/token");

    @Spec(Spec.Target.MIXEE)
    picocli.CommandLine.Model.CommandSpec spec;

    @Option(
            names = "--kubeconfig",
            paramLabel = "FILE",
            description = {
                "The cluster whose pods and nodes are answered for (default: $KUBECONFIG; inside of a pod, its",
                "service account; else none, and steps on the cluster are refused)."
            })
    Optional<Path> kubeconfig = Optional.empty();

    @Option(names = "--no-cluster", description = "Leaves clusters alone, even where one could be reached.")
    boolean none;

    @Option(
            names = "--cluster-actionsets",
            description = {
                "Loads the cluster's ActionSet resources, says in their status how they are taken, and shows what is in",
                "force as Containments. Needs the definitions that pounce crds prints."
            })
    boolean actionSets;

    @Option(
            names = "--namespace",
            paramLabel = "NAMESPACE",
            description = {
                "Act in this namespace only. May be given often (default: in all of them). What belongs to no",
                "namespace, such as a node, may be acted on nevertheless."
            })
    List<String> namespaces = List.of();

    /** @throws ParameterException when these options do not fit together */
    Optional<ClusterSettings> cluster(Map<String, String> environment) {
        for (String namespace : namespaces) {
            if (!Form.NAMESPACE.accepts(namespace)) {
                throw new ParameterException(
                        spec.commandLine(), "'" + namespace + "', expected " + Form.NAMESPACE.expected());
            }
        }
        if (none) {
            if (kubeconfig.isPresent()) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--kubeconfig and --no-cluster contradict each other; expected one of them");
            }
            return none();
        }
        Optional<Path> named = named(kubeconfig, environment);
        if (named.isPresent() && !Files.isReadable(named.get())) {
            throw new ParameterException(
                    spec.commandLine(), named.get() + " cannot be read; expected a kubeconfig, or --no-cluster");
        }
        return named.isPresent() || isInPod()
                ? Optional.of(new ClusterSettings(named.map(Path::toAbsolutePath), actionSets, namespaces))
                : none();
    }

    /** The file that somebody has named, by the option or by {@code KUBECONFIG}; nobody has named that of the home. */
    static Optional<Path> named(Optional<Path> option, Map<String, String> environment) {
        return option.or(() -> Optional.ofNullable(environment.get("KUBECONFIG"))
                .filter(text -> !text.isBlank())
                .map(Path::of));
    }

    /** Whether there is a cluster without a file: that of our own pod. */
    static boolean isInPod() {
        return Files.isReadable(SERVICE_ACCOUNT);
    }

    private Optional<ClusterSettings> none() {
        if (actionSets) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--cluster-actionsets without a cluster; expected --kubeconfig, or to run in a pod");
        }
        return Optional.empty();
    }
}
