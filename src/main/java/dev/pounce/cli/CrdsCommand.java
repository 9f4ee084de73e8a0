package dev.pounce.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.planning.ActionSetResource;
import dev.pounce.planning.YamlText;
import dev.pounce.source.Problems;
import dev.pounce.source.Yaml;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "crds",
        description = {
            "Prints the definitions of Pounce's own Kubernetes resources, made from the model of action sets:",
            "ActionSet (what is answered, and how) and Containment (what is in force).",
            "",
            "Example:",
            "  pounce crds | kubectl apply --server-side -f -"
        })
final class CrdsCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Option(names = "-o", paramLabel = "FORMAT", description = "text (which is YAML) or json", defaultValue = "text")
    Output output = Output.TEXT;

    @Override
    public Integer call() {
        StringBuilder text = new StringBuilder();
        for (ObjectNode definition :
                List.of(ActionSetResource.definition(), ActionSetResource.containmentDefinition())) {
            switch (output) {
                case JSON -> text.append(definition).append('\n');
                case TEXT -> text.append("---\n").append(yaml(definition));
            }
        }
        spec.commandLine().getOut().print(text);
        spec.commandLine().getOut().flush();
        return 0;
    }

    /** JSON is YAML already. */
    private static String yaml(ObjectNode json) {
        Yaml document = Yaml.read("crd", json.toString(), new Problems()).getFirst();
        return YamlText.of((Yaml.Mapping) document);
    }
}
