package dev.pounce.cli;

import dev.pounce.Policy;
import dev.pounce.planning.ActionSets;
import dev.pounce.source.Problems;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** Reads action sets for a command that only thinks about them: errors end it, warnings go to stderr. */
final class PolicyFiles {

    private PolicyFiles() {}

    static List<Path> rulesOr(List<Path> named) {
        return named.isEmpty() ? List.of(Home.directory().resolve("rules/detection")) : named;
    }

    static List<Path> actionSetsOr(List<Path> named) {
        return named.isEmpty() ? List.of(Home.directory().resolve("actionsets")) : named;
    }

    /** @param rules for the macros and lists that conditions use */
    static ActionSets read(List<Path> rules, List<Path> actionSets, PrintWriter err) {
        Problems problems = new Problems();
        ActionSets sets = Policy.read(rules, actionSets, problems)
                .map(Policy::actionSets)
                .orElseThrow(() -> new Refusal(problems.all().stream()
                        .map(problem -> problem.render() + System.lineSeparator())
                        .collect(Collectors.joining("", "", "the files above have errors"))));
        problems.all().forEach(warning -> err.println(warning.render()));
        return sets;
    }
}
