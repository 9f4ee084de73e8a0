package dev.pounce.planning.merge;

import dev.pounce.planning.merge.facts.Proposed;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** One step of the plan, and all who want it. Equal only to itself. */
final class Group {

    final Proposed speaker;
    final List<Proposed> members = new ArrayList<>(1);
    final Set<Group> after = new LinkedHashSet<>(0);
    final Set<Group> behind = new LinkedHashSet<>(0);

    Group(Proposed speaker) {
        this.speaker = speaker;
    }

    /** Whether that closes no circle. */
    boolean canBeBehind(Group other) {
        return other != this && !other.isBehind(this);
    }

    private boolean isBehind(Group other) {
        return after.contains(other)
                || behind.contains(other)
                || after.stream().anyMatch(group -> group.isBehind(other))
                || behind.stream().anyMatch(group -> group.isBehind(other));
    }

    /** Into the line, after all that come before it. */
    void queue(Set<Group> line) {
        after.forEach(group -> group.queue(line));
        behind.forEach(group -> group.queue(line));
        line.add(this);
    }

    Merge.Kept kept() {
        return new Merge.Kept(speaker, members, speakersOf(after), speakersOf(behind));
    }

    private static List<Proposed> speakersOf(Set<Group> groups) {
        return groups.stream().map(group -> group.speaker).toList();
    }
}
