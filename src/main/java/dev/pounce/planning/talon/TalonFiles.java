package dev.pounce.planning.talon;

import dev.pounce.correlation.Trigger;
import dev.pounce.planning.ActionSet;
import dev.pounce.planning.ActionSetReader;
import dev.pounce.planning.WhereCompiler;
import dev.pounce.planning.YamlText;
import dev.pounce.source.Place;
import dev.pounce.source.Printable;
import dev.pounce.source.Problem;
import dev.pounce.source.Problems;
import dev.pounce.source.SourceFiles;
import dev.pounce.source.Yaml;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Talon's rule files, any number of them, taken together in their order. Reports everything that is wrong in all of them
 * at once. Blocks for the files.
 */
public final class TalonFiles {

    private TalonFiles() {}

    /**
     * A rule as the action set that answers like it.
     *
     * @param rule its name
     * @param document of kind ActionSet, each value where it comes from
     * @param warnings about this rule
     */
    record Translated(
            String rule, Optional<String> description, Place place, Yaml.Mapping document, List<Problem> warnings) {}

    /** @param general warnings that are about no rule in particular */
    record Translations(List<Translated> sets, List<Problem> general) {}

    /**
     * Reads files, and the {@code *.yaml} and {@code *.yml} files of folders in alphabetical order. A set has the name of
     * its rule, whatever that is. Empty if there was any error: then what was loaded before should stay in force.
     */
    public static Optional<List<ActionSet>> read(List<Path> filesAndFolders, WhereCompiler where, Problems problems) {
        Problems own = new Problems();
        List<ActionSet> sets = new ArrayList<>();
        translate(filesAndFolders, where, own).ifPresent(translations -> {
            ActionSetReader reader = new ActionSetReader(where);
            for (Translated translated : translations.sets()) {
                reader.read(translated.document(), own)
                        .map(set -> named(translated.rule(), translated.place(), set))
                        .ifPresent(sets::add);
            }
        });
        problems.addAll(own);
        return own.hasErrors() ? Optional.empty() : Optional.of(List.copyOf(sets));
    }

    private static ActionSet named(String name, Place place, ActionSet set) {
        Trigger trigger =
                new Trigger(name, set.trigger().pattern(), set.trigger().cooldown());
        return new ActionSet(
                name,
                place,
                set.labels(),
                set.mode(),
                trigger,
                set.steps(),
                set.guards(),
                set.onFailure(),
                set.notified(),
                set.continues(),
                set.fieldsUsed());
    }

    /**
     * An action set as a file of ours.
     *
     * @param name as action sets may be named, made from the rule's
     * @param yaml one document, behind comments that say where it comes from and what is warned of
     */
    public record Imported(String name, String yaml) {}

    /**
     * The same as action sets to be kept as files. Warnings are comments of the set that they are about, or of the first.
     * Empty if there was any error.
     */
    public static Optional<List<Imported>> importAll(
            List<Path> filesAndFolders, WhereCompiler where, Problems problems) {
        Problems own = new Problems();
        List<Imported> imported = new ArrayList<>();
        translate(filesAndFolders, where, own).ifPresent(translations -> {
            ActionSetReader reader = new ActionSetReader(where);
            for (Translated translated : translations.sets()) {
                StringBuilder text = new StringBuilder();
                if (imported.isEmpty()) {
                    translations.general().forEach(warning -> comment(warning.render(), text));
                }
                comment("Talon's rule '" + translated.rule() + "', " + translated.place(), text);
                translated.description().ifPresent(description -> comment(description.strip(), text));
                translated.warnings().forEach(warning -> comment(warning.render(), text));
                reader.read(translated.document(), own)
                        .ifPresent(set -> imported.add(new Imported(
                                set.name(),
                                text.append(YamlText.of(translated.document())).toString())));
            }
        });
        problems.addAll(own);
        return own.hasErrors() ? Optional.empty() : Optional.of(List.copyOf(imported));
    }

    private static void comment(String lines, StringBuilder text) {
        for (String line : lines.lines().toList()) {
            text.append(("# " + Printable.of(line)).stripTrailing()).append('\n');
        }
    }

    /** Whether a list is one of Talon's rules and not of Falco's. */
    public static boolean isRuleFile(Yaml document) {
        return document instanceof Yaml.Sequence entries
                && entries.items().stream().anyMatch(TalonFiles::isEntry);
    }

    private static boolean isEntry(Yaml entry) {
        return entry instanceof Yaml.Mapping mapping
                && mapping.get("condition").isEmpty()
                && Stream.of("action", "actions", "actionner", "match")
                        .anyMatch(key -> mapping.get(key).isPresent());
    }

    /** Empty when there was an error. */
    static Optional<Translations> translate(List<Path> filesAndFolders, WhereCompiler where, Problems problems) {
        Problems general = new Problems();
        EntryReader reader = new EntryReader(general);
        int files = 0;
        for (Path path : filesAndFolders) {
            for (Path file : SourceFiles.of(path, general)) {
                files++;
                SourceFiles.read(file, general).ifPresent(text -> reader.read(file.toString(), text));
            }
        }
        if (files == 0) {
            String named = String.join(
                    ", ", filesAndFolders.stream().map(Path::toString).toList());
            general.error(
                    Place.startOf(named.isEmpty() ? "talon" : named),
                    "no rule file",
                    "at least one of Talon's rule files");
        }
        List<Translated> sets = translate(reader, where, general, problems);
        general.all().forEach(problems::add);
        return problems.hasErrors() ? Optional.empty() : Optional.of(new Translations(sets, general.all()));
    }

    private static List<Translated> translate(
            EntryReader reader, WhereCompiler where, Problems general, Problems problems) {
        Set<String> names = new HashSet<>();
        List<Translated> sets = new ArrayList<>();
        for (TalonRule rule : Merging.of(reader.shared(), reader.rules(), general)) {
            Problems own = new Problems();
            new Translation(new Criteria(where, own), names, own)
                    .actionSetFor(rule)
                    .ifPresent(document -> sets.add(
                            new Translated(rule.name(), rule.description(), rule.place(), document, own.all())));
            problems.addAll(own);
        }
        return sets;
    }
}
