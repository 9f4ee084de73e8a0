package dev.pounce.cli;

import dev.pounce.Policy;
import dev.pounce.planning.ActionSetSchema;
import dev.pounce.planning.talon.TalonFiles;
import dev.pounce.source.Problem;
import dev.pounce.source.Problems;
import dev.pounce.source.SourceFiles;
import dev.pounce.source.Yaml;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "check",
        description = {
            "Reads detection rules and action sets as the engine would, and prints everything that is wrong.",
            "Folders are searched for *.yaml and *.yml. Which is which is seen from the file: rules are a list,",
            "an action set is a mapping, a list with actions in it is one of Falco Talon's. Rules are taken together, in",
            "alphabetical order of their files.",
            "Exit code 0 when the engine would load them, 1 when it would not."
        })
final class CheckCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Option(
            names = "--schema",
            description = {
                "Print the JSON Schema of action sets instead, which is made from the same model, for editors.",
                "It says what a schema can say; this command says the rest."
            })
    boolean schema;

    @Parameters(arity = "0..*", paramLabel = "PATH", description = "Files and folders.")
    List<Path> paths = List.of();

    @Option(names = "-o", paramLabel = "FORMAT", description = "text or json", defaultValue = "text")
    Output output = Output.TEXT;

    @Override
    public Integer call() {
        if (schema) {
            spec.commandLine().getOut().print(ActionSetSchema.json());
            spec.commandLine().getOut().flush();
            return 0;
        }
        if (paths.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "Missing required parameter: 'PATH'");
        }
        Problems problems = new Problems();
        List<Path> rules = new ArrayList<>();
        List<Path> actionSets = new ArrayList<>();
        List<Path> talon = new ArrayList<>();
        int files = 0;
        for (Path path : paths) {
            for (Path file : SourceFiles.below(path, problems)) {
                files++;
                sort(file, rules, actionSets, talon, problems);
            }
        }
        Optional<Policy> policy = Policy.read(rules, actionSets, talon, problems);
        List<Problem> found = problems.all();
        PrintWriter out = spec.commandLine().getOut();
        switch (output) {
            case TEXT -> {
                found.forEach(problem -> out.println(problem.render()));
                out.println(summary(files, found, policy));
            }
            case JSON -> found.forEach(problem -> out.println(ProblemJson.of(problem)));
        }
        return problems.hasErrors() ? 1 : 0;
    }

    private static void sort(Path file, List<Path> rules, List<Path> actionSets, List<Path> talon, Problems problems) {
        Problems unreadable = new Problems();
        Optional<Yaml> first = SourceFiles.read(file, unreadable)
                .flatMap(text -> Yaml.read(file.toString(), text, unreadable).stream()
                        .filter(document -> !(document instanceof Yaml.Scalar nothing && nothing.isNull()))
                        .findFirst());
        if (first.isPresent()) {
            if (TalonFiles.isRuleFile(first.get())) {
                talon.add(file);
            } else {
                (first.get() instanceof Yaml.Sequence ? rules : actionSets).add(file);
            }
        } else {
            problems.addAll(unreadable); // nothing of it can be read: no reader would say more
        }
    }

    private static String summary(int files, List<Problem> found, Optional<Policy> policy) {
        long errors = found.stream().filter(Problem::isError).count();
        String counted =
                files + (files == 1 ? " file" : " files") + ", " + errors + (errors == 1 ? " error" : " errors") + ", "
                        + (found.size() - errors) + (found.size() - errors == 1 ? " warning" : " warnings");
        return policy.map(loaded -> counted + ": " + loaded.rules().rules().size() + " rules and "
                        + loaded.actionSets().all().size() + " action sets would be loaded")
                .orElse(counted + ": nothing of this would be loaded");
    }
}
