package dev.pounce.audit;

import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/** Which action sets are stopped because they had used up their budgets, by what the journal says. */
public final class TrippedBudgets {

    private static final Set<String> TYPES = Set.of("budget-tripped", "rearmed");

    private TrippedBudgets() {}

    /** Reads the whole journal; names in alphabetical order. */
    public static Set<String> in(Path state) {
        Set<String> tripped = new TreeSet<>();
        new JournalReader(state).forEach(1, TYPES::contains, entry -> {
            if (entry.type().equals("rearmed")) {
                tripped.remove(entry.text("action_set"));
            } else {
                tripped.add(entry.text("action_set"));
            }
        });
        return tripped;
    }
}
