package dev.pounce.planning.merge;

import dev.pounce.planning.merge.facts.Proposed;
import java.util.ArrayList;
import java.util.HashSet;
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
        return other != this && !other.isBehind(this, new HashSet<>());
    }

    /** @param asked those that need not be asked again: a net of steps has many ways through it */
    private boolean isBehind(Group other, Set<Group> asked) {
        if (!asked.add(this)) {
            return false;
        }
        return after.contains(other)
                || behind.contains(other)
                || after.stream().anyMatch(group -> group.isBehind(other, asked))
                || behind.stream().anyMatch(group -> group.isBehind(other, asked));
    }

    /** Into the line, after all that come before it. */
    void queue(Set<Group> line) {
        if (line.contains(this)) {
            return;
        }
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
