package dev.pounce.cli;

import dev.pounce.Policy;
import dev.pounce.detection.language.RuleFileReader;
import dev.pounce.detection.language.RuleSet;
import dev.pounce.planning.ActionSet;
import dev.pounce.planning.ActionSetReader;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.WhereCompiler;
import dev.pounce.planning.talon.TalonFiles;
import dev.pounce.source.Problems;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;

/** Reads action sets for a command that only thinks about them: errors end it, warnings go to stderr. */
final class PolicyFiles {

    /**
     * Without Quarkus nobody sets levels, and Drools words a trace of each firing that goes nowhere: a fifth of a replay.
     * Kept, since a logger that nobody holds forgets its level.
     */
    private static final Logger DROOLS = Logger.getLogger("org.drools");

    static {
        DROOLS.setLevel(Level.WARNING);
    }

    private PolicyFiles() {}

    static List<Path> rulesOr(List<Path> named) {
        return named.isEmpty() ? List.of(Home.directory().resolve("rules/detection")) : named;
    }

    static List<Path> actionSetsOr(List<Path> named) {
        return named.isEmpty() ? List.of(Home.directory().resolve("actionsets")) : named;
    }

    /** @param rules for the macros and lists that conditions use; who else reports detections is not known here */
    static ActionSets read(List<Path> rules, List<Path> actionSets, List<Path> talon, PrintWriter err) {
        Problems problems = new Problems();
        RuleFileReader.Outcome read = RuleFileReader.load(rules);
        read.problems().stream().filter(problem -> problem.isError()).forEach(problems::add);
        List<ActionSet> sets = new ArrayList<>();
        WhereCompiler where = Policy.whereIn(read.rules().orElse(RuleSet.empty()));
        new ActionSetReader(where).readAll(actionSets, problems).ifPresent(found -> sets.addAll(found.all()));
        if (!talon.isEmpty()) {
            ActionSets ours = new ActionSets(sets);
            TalonFiles.read(talon, where, problems)
                    .flatMap(theirs -> Policy.together(ours, theirs, problems))
                    .ifPresent(all -> {
                        sets.clear();
                        sets.addAll(all.all());
                    });
        }
        if (problems.hasErrors()) {
            throw new Refusal(problems.all().stream()
                    .map(problem -> problem.render() + System.lineSeparator())
                    .collect(Collectors.joining("", "", "the files above have errors")));
        }
        problems.all().forEach(warning -> err.println(warning.render()));
        return new ActionSets(sets);
    }
}
