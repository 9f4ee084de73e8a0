package dev.pounce;

import dev.pounce.audit.JournalEntry.LoadedFile;
import dev.pounce.probe.Later;
import dev.pounce.source.Problem;
import dev.pounce.source.Problems;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * Looks once a second whether the rule and action set files are other than those in force, and loads them when they have
 * been the same twice in a row: an editor that truncates and then writes is not caught in between, and one that
 * never comes to the writing (a full disk) does not take the rules away. A change with an error is said once, and what was
 * loaded before stays.
 *
 * <p>Compares contents and not times or events: so a rename, a swapped link of a ConfigMap and a save in place are all
 * seen, and a touch is not.
 */
final class PolicyWatch {

    private static final Logger LOG = Logger.getLogger(PolicyWatch.class);
    private static final Duration EVERY = Duration.ofSeconds(1);

    private final EngineSettings settings;
    private final Consumer<Policy> use;
    private final Later later;
    private List<LoadedFile> inForce;
    private List<LoadedFile> judged;
    private List<LoadedFile> lastSeen;

    /** @param inForce the files that were loaded at the start */
    PolicyWatch(EngineSettings settings, List<LoadedFile> inForce, Consumer<Policy> use, Later later) {
        this.settings = settings;
        this.use = use;
        this.later = later;
        this.inForce = inForce;
        this.judged = inForce;
        this.lastSeen = inForce;
    }

    void start() {
        later.run(EVERY, this::look);
    }

    private void look() {
        try {
            List<LoadedFile> now = Policy.fingerprint(settings.rules(), settings.actionSets(), settings.talon());
            boolean settled = now.equals(lastSeen);
            lastSeen = now;
            if (settled && !now.equals(judged)) {
                load(now);
                judged = now; // not before: what could not be put in force is tried again
            }
        } catch (RuntimeException bug) {
            LOG.error("Looking for changed files failed; what is loaded stays", bug);
        }
        later.run(EVERY, this::look);
    }

    private void load(List<LoadedFile> now) {
        Optional<String> emptied = now.stream()
                .filter(file -> file.sha256().equals(Policy.EMPTY) && !inForce.contains(file))
                .map(LoadedFile::path)
                .filter(path -> inForce.stream().anyMatch(file -> file.path().equals(path)))
                .findFirst();
        if (emptied.isPresent()) {
            LOG.errorv(
                    "{0} is empty now, as a file is that could not be saved: the rules and action sets loaded before stay"
                            + " in force; if nothing is to be in it, leave a comment there",
                    emptied.get());
            return;
        }
        Problems problems = new Problems();
        Optional<Policy> policy = Policy.read(settings.rules(), settings.actionSets(), settings.talon(), problems);
        if (policy.isPresent()) {
            use.accept(policy.get());
            inForce = now;
            return;
        }
        for (Problem problem : problems.all()) {
            LOG.error(problem.render());
        }
        LOG.error("The changed files have errors: the rules and action sets loaded before stay in force");
    }
}
