package dev.pounce.planning.merge;

import dev.pounce.planning.Mode;
import dev.pounce.planning.merge.facts.ComesFirst;
import dev.pounce.planning.merge.facts.Contradicts;
import dev.pounce.planning.merge.facts.Falls;
import dev.pounce.planning.merge.facts.Needs;
import dev.pounce.planning.merge.facts.Proposed;
import dev.pounce.planning.merge.facts.Replaces;
import dev.pounce.planning.merge.facts.SameAs;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the rules concluded, put in the order of places: the order in which they concluded it means nothing. */
final class Conclusions {

    private static final Comparator<Proposed> BY_PLACE = Comparator.comparingInt(Proposed::place);

    private final List<Contradicts> contradictions;
    private final List<Falls> falls;
    private final List<Replaces> replacements;
    private final List<SameAs> same;
    private final List<ComesFirst> firsts;

    Conclusions(Collection<?> facts) {
        contradictions = only(
                Contradicts.class,
                facts,
                Comparator.comparing(Contradicts::dropped, BY_PLACE).thenComparing(Contradicts::kept, BY_PLACE));
        falls = only(
                Falls.class,
                facts,
                Comparator.comparing(Falls::step, BY_PLACE).thenComparing(Falls::earlier, BY_PLACE));
        replacements = only(
                Replaces.class,
                facts,
                Comparator.comparing(Replaces::loser, BY_PLACE).thenComparing(Replaces::winner, BY_PLACE));
        same = only(
                SameAs.class,
                facts,
                Comparator.comparing(SameAs::other, BY_PLACE).thenComparing(SameAs::speaker, BY_PLACE));
        firsts = only(
                ComesFirst.class,
                facts,
                Comparator.comparing(ComesFirst::then, BY_PLACE).thenComparing(ComesFirst::first, BY_PLACE));
    }

    private static <T> List<T> only(Class<T> type, Collection<?> facts, Comparator<T> order) {
        List<T> found = new ArrayList<>(0);
        for (Object fact : facts) {
            if (type.isInstance(fact)) {
                found.add(type.cast(fact));
            }
        }
        found.sort(order);
        return found;
    }

    /** What is not done, in the order of places, and why. */
    Map<Proposed, String> dropped() {
        Map<Proposed, String> dropped = new TreeMap<>(BY_PLACE);
        for (Contradicts contradicts : contradictions) {
            dropped.putIfAbsent(
                    contradicts.dropped(),
                    "action set " + contradicts.kept().set() + " " + contradicts.because() + " ("
                            + contradicts.kept().named()
                            + "), which contradicts it; the less disruptive of the two is done");
        }
        for (Falls fall : falls) {
            dropped.putIfAbsent(
                    fall.step(), "it comes after step '" + fall.earlier().step() + "', which is left out");
        }
        for (Replaces replaces : replacements) {
            Replaces last = last(replaces.loser());
            dropped.putIfAbsent(replaces.loser(), last == null ? pointless(replaces) : pointless(last));
        }
        return dropped;
    }

    private static String pointless(Replaces replaces) {
        Proposed winner = replaces.winner();
        return replaces.loser().set().equals(winner.set())
                ? "step '" + winner.step() + "' further up " + replaces.because() + " already"
                : "action set " + winner.set() + " " + replaces.because() + " anyway (" + winner.named() + ")";
    }

    /** Of all that make a step pointless, the first that is itself done; null if none of them is. */
    private @Nullable Replaces last(Proposed loser) {
        for (Replaces replaces : replacements) {
            if (replaces.loser().equals(loser) && !loses(replaces.winner())) {
                return replaces;
            }
        }
        return null;
    }

    private boolean loses(Proposed step) {
        return replacements.stream().anyMatch(replaces -> replaces.loser().equals(step));
    }

    /** The step, or what is done in its place in the end. */
    private Proposed heirOf(Proposed step) {
        for (Replaces replaces : replacements) {
            if (replaces.loser().equals(step)) {
                Replaces last = last(step);
                return last == null ? heirOf(replaces.winner()) : last.winner();
            }
        }
        return step;
    }

    /** What is done, in the order of places: for each step the group of which it is part. */
    Map<Proposed, Group> groups(List<Proposed> proposals, Collection<Proposed> dropped) {
        Map<Proposed, Proposed> speakers = new HashMap<>();
        for (SameAs pair : same) {
            speakers.merge(pair.other(), pair.speaker(), (one, other) -> one.speaksFor(other) ? one : other);
        }
        Map<Proposed, Group> bySpeaker = new HashMap<>();
        Map<Proposed, Group> groups = new TreeMap<>(BY_PLACE);
        for (Proposed step : proposals) {
            if (!dropped.contains(step)) {
                Group group = bySpeaker.computeIfAbsent(speakers.getOrDefault(step, step), Group::new);
                group.members.add(step);
                groups.put(step, group);
            }
        }
        for (Group group : bySpeaker.values()) {
            group.members.sort(BY_PLACE);
        }
        return groups;
    }

    /** Says of each group which others come before it. */
    void order(List<Needs> needs, Map<Proposed, Group> groups) {
        List<Needs> inOrder = new ArrayList<>(needs);
        inOrder.sort(Comparator.comparing(Needs::step, BY_PLACE).thenComparing(Needs::earlier, BY_PLACE));
        // What a set demands goes first, so that it is never what closes a circle
        for (Needs need : inOrder) {
            Group group = groups.get(need.step());
            Group earlier = groups.get(need.earlier());
            if (group == null || earlier == null || !group.canBeBehind(earlier)) {
                continue;
            }
            // What another set wants without condition does not fall with what only one of them waits for
            if (group.members.stream().allMatch(member -> demands(member, earlier, inOrder, groups))) {
                group.after.add(earlier);
            } else if (!group.after.contains(earlier)) {
                group.behind.add(earlier);
            }
        }
        for (ComesFirst pair : firsts) {
            putBehind(groups.get(pair.then()), groups.get(pair.first()));
        }
        for (Needs need : inOrder) {
            Proposed heir = heirOf(need.earlier());
            // Who acts by itself waits for no person on behalf of another set
            boolean waitsForPerson = heir.mode() == Mode.ASK && need.step().mode() != Mode.ASK;
            if (!heir.equals(need.earlier()) && !waitsForPerson) {
                putBehind(groups.get(need.step()), groups.get(heir));
            }
        }
    }

    private static boolean demands(Proposed member, Group earlier, List<Needs> needs, Map<Proposed, Group> groups) {
        return needs.stream()
                .anyMatch(need -> need.step().equals(member) && earlier.equals(groups.get(need.earlier())));
    }

    private static void putBehind(@Nullable Group then, @Nullable Group first) {
        if (then != null && first != null && !then.after.contains(first) && then.canBeBehind(first)) {
            then.behind.add(first);
        }
    }
}
