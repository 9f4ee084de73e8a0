package dev.pounce;

import dev.pounce.audit.JournalEntry.LoadedFile;
import dev.pounce.detection.DetectionFields;
import dev.pounce.detection.language.CompiledCondition;
import dev.pounce.detection.language.ConditionText;
import dev.pounce.detection.language.FieldUse;
import dev.pounce.detection.language.Rule;
import dev.pounce.detection.language.RuleFileReader;
import dev.pounce.detection.language.RuleSet;
import dev.pounce.planning.ActionSet;
import dev.pounce.planning.ActionSetReader;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.WhereCompiler;
import dev.pounce.planning.talon.TalonFiles;
import dev.pounce.source.Problems;
import dev.pounce.source.SourceFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What people wrote and the engine goes by: detection rules and action sets, loaded together because the sets name the
 * rules. Immutable; a change of files makes another, and files with an error make none.
 *
 * @param files what it was read from, for the journal
 */
public record Policy(RuleSet rules, ActionSets actionSets, List<LoadedFile> files) {

    /** The hash of a file with nothing in it. */
    static final String EMPTY = sha256(new byte[0]);

    public Policy {
        files = List.copyOf(files);
    }

    /**
     * Reads everything, and reports everything that is wrong. Blocks for the files.
     *
     * @return empty when there was an error
     */
    public static Optional<Policy> read(List<Path> rulePaths, List<Path> actionSetPaths, Problems problems) {
        return read(rulePaths, actionSetPaths, List.of(), problems);
    }

    /**
     * The same with Falco Talon's rule files, whose rules come behind the action sets.
     *
     * @return empty when there was an error
     */
    public static Optional<Policy> read(
            List<Path> rulePaths, List<Path> actionSetPaths, List<Path> talonPaths, Problems problems) {
        // The fingerprint first: a file that changes while it is read is then read again, not missed
        List<LoadedFile> files = fingerprint(rulePaths, actionSetPaths, talonPaths);
        RuleFileReader.Outcome read = RuleFileReader.load(rulePaths);
        read.problems().forEach(problems::add);

        Optional<Set<String>> known = read.rules()
                .map(rules -> rules.rules().stream().map(Rule::name).collect(Collectors.toUnmodifiableSet()));
        WhereCompiler where = whereIn(read.rules().orElse(RuleSet.empty()));
        Optional<ActionSets> own = new ActionSetReader(where, known).readAll(actionSetPaths, problems);
        Optional<List<ActionSet>> talons =
                talonPaths.isEmpty() ? Optional.of(List.of()) : TalonFiles.read(talonPaths, where, problems);
        Optional<ActionSets> sets = own.flatMap(ours -> talons.flatMap(theirs -> together(ours, theirs, problems)));
        if (problems.hasErrors() || read.rules().isEmpty() || sets.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Policy(read.rules().get(), sets.get(), files));
    }

    /** Action sets and Falco Talon's rules as one; empty when two have the same name, which is then among the problems. */
    public static Optional<ActionSets> together(ActionSets ours, List<ActionSet> theirs, Problems problems) {
        List<ActionSet> all = new ArrayList<>(ours.all());
        for (ActionSet set : theirs) {
            ours.named(set.name())
                    .ifPresent(earlier -> problems.error(
                            set.place(),
                            "a rule with the name of action set '" + set.name() + "'",
                            "each name once; the other is at " + earlier.place()));
            all.add(set);
        }
        return problems.hasErrors() ? Optional.empty() : Optional.of(new ActionSets(all));
    }

    /** The {@code where} of action sets: the rules' own language, with their macros and lists. */
    public static WhereCompiler whereIn(RuleSet rules) {
        return (text, place, problems) -> {
            Optional<CompiledCondition<dev.pounce.detection.Detection>> compiled =
                    ConditionText.compile(text, place, rules, new DetectionFields(), problems);
            return compiled.map(where -> new WhereCompiler.Compiled(
                    where.condition(),
                    where.fields().stream()
                            .flatMap(use -> DetectionFields.carriedFor(use).stream())
                            .map(FieldUse::toString)
                            .collect(Collectors.toUnmodifiableSet())));
        };
    }

    /** Every file that these paths name now, with the hash of what is in it; unreadable ones are left to the readers. */
    static List<LoadedFile> fingerprint(List<Path> rulePaths, List<Path> actionSetPaths, List<Path> talonPaths) {
        List<LoadedFile> files = new ArrayList<>();
        for (Path path : Stream.of(rulePaths, actionSetPaths, talonPaths)
                .flatMap(List::stream)
                .toList()) {
            for (Path file : SourceFiles.of(path, new Problems())) {
                files.add(new LoadedFile(file.toString(), hashOf(file)));
            }
        }
        return List.copyOf(files);
    }

    private static String hashOf(Path file) {
        try {
            return Files.isRegularFile(file) ? sha256(Files.readAllBytes(file)) : "no file";
        } catch (IOException unreadable) {
            return "unreadable";
        }
    }

    static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }
}
