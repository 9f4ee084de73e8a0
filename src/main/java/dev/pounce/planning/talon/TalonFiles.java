package dev.pounce.planning.talon;

import dev.pounce.planning.WhereCompiler;
import dev.pounce.source.Place;
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
