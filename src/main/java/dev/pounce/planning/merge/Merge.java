package dev.pounce.planning.merge;

import dev.pounce.planning.merge.facts.Belongs;
import dev.pounce.planning.merge.facts.ComesFirst;
import dev.pounce.planning.merge.facts.Contradicts;
import dev.pounce.planning.merge.facts.Covers;
import dev.pounce.planning.merge.facts.Falls;
import dev.pounce.planning.merge.facts.Needs;
import dev.pounce.planning.merge.facts.Proposed;
import dev.pounce.planning.merge.facts.Remains;
import dev.pounce.planning.merge.facts.Replaces;
import dev.pounce.planning.merge.facts.SameAs;
import dev.pounce.planning.merge.facts.Stands;
import dev.pounce.planning.merge.rules.CompiledRules;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.drools.modelcompiler.KieBaseBuilder;
import org.kie.api.KieBase;
import org.kie.api.KieServices;
import org.kie.api.conf.KieBaseMutabilityOption;
import org.kie.api.runtime.KieSession;
import org.kie.api.runtime.KieSessionConfiguration;
import org.kie.api.runtime.conf.ThreadSafeOption;

/**
 * Decides which of the steps that several action sets want are done, and which not and why.
 *
 * <p>Any number of threads: the rules are shared and immutable, and each merge has a session of its own, which is
 * disposed of at its end. Takes some tens of microseconds; ask {@link #isNeeded} first. Which steps survive does not
 * depend on the order of the sets; which set speaks for a step that several want equally does.
 */
@RegisterForReflection(
        targets = { // Drools looks at the members of fact classes when it builds the rules
            Belongs.class,
            ComesFirst.class,
            Contradicts.class,
            Covers.class,
            Falls.class,
            Needs.class,
            Proposed.class,
            Remains.class,
            Replaces.class,
            SameAs.class,
            Stands.class
        })
public final class Merge {

    /**
     * @param steps in the order in which they are tried
     * @param leftOut in the order in which they were proposed
     */
    public record Merged(List<Kept> steps, List<Dropped> leftOut) {
        public Merged {
            steps = List.copyOf(steps);
            leftOut = List.copyOf(leftOut);
        }
    }

    /**
     * A step that is done, once, for all who want it.
     *
     * @param speaker whose id, mode and set it has
     * @param wantedBy the speaker among them, in the order in which they were proposed
     * @param after speakers of the steps for which the speaker's set says that it waits
     * @param behind speakers of steps that are to be tried before this one, whether or not they succeed: evidence
     *     before what destroys it, and what another set does in place of a step that this one waits for
     */
    public record Kept(Proposed speaker, List<Proposed> wantedBy, List<Proposed> after, List<Proposed> behind) {
        public Kept {
            wantedBy = List.copyOf(wantedBy);
            after = List.copyOf(after);
            behind = List.copyOf(behind);
        }
    }

    /** @param because in words a person reads */
    public record Dropped(Proposed proposed, String because) {}

    // "Allowed", though nobody changes them: otherwise a session forgets a conclusion that no rule asks for.
    private final KieBase rules =
            KieBaseBuilder.createKieBaseFromModel(CompiledRules.model(), KieBaseMutabilityOption.ALLOWED);

    private final KieSessionConfiguration configuration = KieServices.get().newKieSessionConfiguration();

    /** Takes some ten milliseconds, and half a second more the first time that a JVM meets Drools. */
    public Merge() {
        configuration.setOption(ThreadSafeOption.NO); // each session has one owner
    }

    /** Whether {@link #merge} could say anything but "all of them, as they are". Takes well below a microsecond. */
    public static boolean isNeeded(List<Proposed> proposals) {
        for (int i = 1; i < proposals.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (proposals.get(j).mayTouch(proposals.get(i))) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * @param proposals in the order of their places
     * @param needs which step waits for which other of its set
     */
    public Merged merge(List<Proposed> proposals, List<Needs> needs) {
        Conclusions conclusions = conclude(proposals, needs);
        Map<Proposed, String> dropped = conclusions.dropped();
        Map<Proposed, Group> groups = conclusions.groups(proposals, dropped.keySet());
        conclusions.order(needs, groups);

        Set<Group> line = new LinkedHashSet<>();
        groups.values().forEach(group -> group.queue(line));
        List<Dropped> leftOut = new ArrayList<>(dropped.size());
        dropped.forEach((proposed, because) -> leftOut.add(new Dropped(proposed, because)));
        return new Merged(line.stream().map(Group::kept).toList(), leftOut);
    }

    private Conclusions conclude(List<Proposed> proposals, List<Needs> needs) {
        KieSession session = rules.newKieSession(configuration, null);
        try {
            proposals.forEach(session::insert);
            needs.forEach(session::insert);
            session.fireAllRules();
            return new Conclusions(session.getObjects());
        } finally {
            session.dispose(); // the rules keep it otherwise
        }
    }
}
