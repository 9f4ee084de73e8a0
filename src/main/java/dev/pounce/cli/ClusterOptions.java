package dev.pounce.cli;

import dev.pounce.ClusterSettings;
import dev.pounce.action.Form;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --kubeconfig} and {@code --no-cluster}: which cluster is asked and changed, if any. */
final class ClusterOptions {

    private static final Path SERVICE_ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount/token");
    private static final Pattern LIST = Pattern.compile(Pattern.quote(File.pathSeparator));

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
            names = "--follow-node",
            description = {
                "Follows the pods of this node only, and asks the API server for what else a guard has",
                "to know: for an agent on each of many nodes. $FALCO_HOSTNAME is to be the node's name."
            })
    boolean followNode;

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
                ? Optional.of(new ClusterSettings(named.map(Path::toAbsolutePath), followNode, actionSets, namespaces))
                : none();
    }

    /**
     * The file that somebody has named, by the option or by {@code KUBECONFIG}; nobody has named that of the home.
     *
     * @throws Refusal when the variable is a list of several, which kubectl would merge
     */
    static Optional<Path> named(Optional<Path> option, Map<String, String> environment) {
        if (option.isPresent()) {
            return option;
        }
        List<String> files = LIST.splitAsStream(environment.getOrDefault("KUBECONFIG", ""))
                .filter(text -> !text.isBlank())
                .toList();
        if (files.size() > 1) {
            throw new Refusal("found " + files.size() + " files in KUBECONFIG: " + String.join(", ", files)
                    + "; expected one, or --kubeconfig FILE. 'kubectl config view --flatten' makes one of them");
        }
        return files.stream().map(Path::of).findFirst();
    }

    /** Whether there is a cluster without a file: that of our own pod. */
    static boolean isInPod() {
        return Files.isReadable(SERVICE_ACCOUNT);
    }

    private Optional<ClusterSettings> none() {
        if (actionSets || followNode) {
            throw new ParameterException(
                    spec.commandLine(),
                    (actionSets ? "--cluster-actionsets" : "--follow-node")
                            + " without a cluster; expected --kubeconfig, or to run in a pod");
        }
        return Optional.empty();
    }
}
