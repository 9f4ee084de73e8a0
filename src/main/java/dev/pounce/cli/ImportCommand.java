package dev.pounce.cli;

import dev.pounce.Policy;
import dev.pounce.detection.language.RuleSet;
import dev.pounce.planning.talon.TalonFiles;
import dev.pounce.planning.talon.TalonFiles.Imported;
import dev.pounce.source.Problems;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "import",
        description = "Turns what another product goes by into action sets.",
        subcommands = ImportCommand.Talon.class,
        synopsisSubcommandLabel = "COMMAND")
final class ImportCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return 2;
    }

    @Command(
            name = "talon",
            description = {
                "Writes the action sets that answer as Falco Talon's rules do.",
                "",
                "Files are taken together in the order in which they are given, as Talon does. What Talon would do otherwise, or was surely not meant, is written",
                "as a comment above the set. Exit code 1, and nothing written, when a file has an error."
            },
            footer = {
                "",
                "Examples:",
                "  pounce import talon rules.yaml rules_override.yaml > actionsets/from-talon.yaml",
                "  pounce import talon rules.yaml -o actionsets/"
            })
    static final class Talon implements Callable<Integer> {

        @Spec
        CommandSpec spec;

        @Parameters(arity = "1..*", paramLabel = "FILE", description = "Talon's rule files, or folders of them.")
        List<Path> files = List.of();

        @Option(
                names = "-o",
                paramLabel = "FOLDER",
                defaultValue = "-",
                description = "Where to put a file for each rule; - for all on stdout (default: -).")
        String output = "-";

        @Override
        public Integer call() {
            Problems problems = new Problems();
            List<Imported> sets = TalonFiles.importAll(files, Policy.whereIn(RuleSet.empty()), problems)
                    .orElseThrow(() -> new Refusal(problems.all().stream()
                            .map(problem -> problem.render() + System.lineSeparator())
                            .collect(Collectors.joining("", "", "nothing was written: the files above have errors"))));
            if (output.equals("-")) {
                PrintWriter out = spec.commandLine().getOut();
                out.print(sets.stream().map(Imported::yaml).collect(Collectors.joining("---\n")));
                out.flush();
            } else {
                write(sets, Path.of(output));
            }
            long warnings = problems.all().stream()
                    .filter(problem -> !problem.isError())
                    .count();
            spec.commandLine()
                    .getErr()
                    .println(sets.size()
                            + (sets.size() == 1 ? " action set, " : " action sets, ")
                            + warnings
                            + (warnings == 1 ? " warning" : " warnings"));
            return 0;
        }

        /** A file that is there already is not written over: somebody may have changed it. */
        private static void write(List<Imported> sets, Path folder) {
            Optional<Path> taken = sets.stream()
                    .map(set -> folder.resolve(set.name() + ".yaml"))
                    .filter(Files::exists)
                    .findFirst();
            if (taken.isPresent()) {
                throw new Refusal("nothing was written: " + taken.get() + " is there already");
            }
            try {
                Files.createDirectories(folder);
                for (Imported set : sets) {
                    Files.writeString(folder.resolve(set.name() + ".yaml"), set.yaml(), StandardOpenOption.CREATE_NEW);
                }
            } catch (IOException failed) {
                throw new Refusal("not all could be written to " + folder + ": " + failed);
            }
        }
    }
}
