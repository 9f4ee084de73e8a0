package dev.pounce;

import dev.pounce.planning.Mode;
import java.nio.file.Path;
import java.util.List;

/**
 * What the command line says about one run of the engine.
 *
 * @param state the directory of the journal and the sockets
 * @param rules files and folders of detection rules, in the order in which they are read
 * @param actionSets files and folders of action sets
 * @param ceiling no action set goes further than this
 * @param probe the native probe's program
 * @param version ours
 * @param node the name of this machine
 */
public record EngineSettings(
        Path state, List<Path> rules, List<Path> actionSets, Mode ceiling, Path probe, String version, String node) {
    public EngineSettings {
        rules = List.copyOf(rules);
        actionSets = List.copyOf(actionSets);
    }
}
