package dev.pounce.correlation;

import static org.drools.model.DSL.declarationOf;
import static org.drools.model.DSL.on;
import static org.drools.model.PatternDSL.alphaIndexedBy;
import static org.drools.model.PatternDSL.pattern;
import static org.drools.model.PatternDSL.rule;

import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import dev.pounce.detection.language.Condition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.drools.model.Index.ConstraintType;
import org.drools.model.Model;
import org.drools.model.PatternDSL.PatternDef;
import org.drools.model.Rule;
import org.drools.model.Variable;
import org.drools.model.impl.ModelImpl;
import org.drools.modelcompiler.KieBaseBuilder;
import org.jspecify.annotations.Nullable;
import org.kie.api.KieBase;
import org.kie.api.KieServices;
import org.kie.api.conf.KieBaseMutabilityOption;
import org.kie.api.runtime.KieSession;
import org.kie.api.runtime.KieSessionConfiguration;
import org.kie.api.runtime.conf.ThreadSafeOption;

/** A rule book as a Drools network. Immutable once built; sessions of it share everything. */
final class RuleNetwork {

    private final RuleBook book;
    private final KieBase base;
    private final Map<String, Integer> places = new HashMap<>();
    private final @Nullable Watch[] watches;

    // A word that no trigger looks for has no key, makes no fact, and costs one look into a map.
    private final Map<String, String> ruleKeys = new HashMap<>();
    private final Map<String, String> tagKeys = new HashMap<>();
    private final Map<String, String> sourceKeys = new HashMap<>();
    private final Map<Priority, String> priorityKeys = new EnumMap<>(Priority.class);
    private @Nullable String anyKey;

    /** Takes about 0.1 ms per trigger, and half a second more the first time in a JVM. */
    RuleNetwork(RuleBook book) {
        this.book = book;
        ModelImpl model = new ModelImpl();
        ExpressionIds ids = new ExpressionIds();
        this.watches = new @Nullable Watch[book.triggers().size()];
        for (int place = 0; place < book.triggers().size(); place++) {
            Trigger trigger = book.triggers().get(place);
            places.put(trigger.name(), place);
            watches[place] = Watch.of(trigger, place).orElse(null);
            for (Rule rule : rulesFor(trigger, place, ids)) {
                model.addRule(rule);
            }
        }
        this.base = KieBaseBuilder.createKieBaseFromModel((Model) model, KieBaseMutabilityOption.DISABLED);
    }

    RuleBook book() {
        return book;
    }

    Trigger trigger(int place) {
        return book.triggers().get(place);
    }

    /** Null if there is none of that name. */
    @Nullable
    Trigger trigger(String name) {
        Integer place = places.get(name);
        return place == null ? null : book.triggers().get(place);
    }

    /** Null for a trigger without a memory. */
    @Nullable
    Watch watch(int place) {
        return watches[place];
    }

    boolean hasMemory() {
        for (Watch watch : watches) {
            if (watch != null) {
                return true;
            }
        }
        return false;
    }

    /**
     * Goes on with the watches of the network before, where a trigger waits for the same; so what they have half seen needs
     * no carrying over. On the correlator's thread.
     *
     * @return all watches that hold from now on
     */
    Set<Watch> takeOver(RuleNetwork earlier) {
        Set<Watch> all = Collections.newSetFromMap(new IdentityHashMap<>());
        for (int place = 0; place < watches.length; place++) {
            Integer before = earlier.places.get(trigger(place).name());
            if (before != null && trigger(place).hasThePatternOf(earlier.trigger(before))) {
                watches[place] = earlier.watches[before];
            }
            Watch watch = watches[place];
            if (watch != null) {
                watch.moveTo(place);
                all.add(watch);
            }
        }
        return all;
    }

    /** For one thread; to be disposed of, for the base keeps it otherwise. */
    KieSession openSession() {
        KieSessionConfiguration configuration = KieServices.get().newKieSessionConfiguration();
        configuration.setOption(ThreadSafeOption.NO); // the correlator lets one thread in at a time
        return base.newKieSession(configuration, null);
    }

    int openSessions() {
        return base.getKieSessions().size();
    }

    /** The facts to insert for this detection; none if no trigger can match. */
    void clues(Detection detection, Matches matches, List<Clue> found) {
        add(ruleKeys.get(detection.rule()), detection, matches, found);
        if (!tagKeys.isEmpty()) {
            List<String> tags = detection.tags();
            for (int i = 0; i < tags.size(); i++) {
                add(tagKeys.get(tags.get(i)), detection, matches, found);
            }
        }
        if (!sourceKeys.isEmpty()) {
            add(sourceKeys.get(detection.source()), detection, matches, found);
        }
        if (!priorityKeys.isEmpty()) {
            add(priorityKeys.get(detection.priority()), detection, matches, found);
        }
        add(anyKey, detection, matches, found);
    }

    private static void add(@Nullable String key, Detection detection, Matches matches, List<Clue> found) {
        if (key != null) {
            found.add(new Clue(key, detection, matches));
        }
    }

    private List<Rule> rulesFor(Trigger trigger, int place, ExpressionIds ids) {
        List<Rule> rules = new ArrayList<>();
        List<Selector> selectors = trigger.pattern().selectors();
        for (int number = 0; number < selectors.size(); number++) {
            Selector selector = selectors.get(number);
            int selected = number;
            for (String key : keysOf(selector)) {
                Variable<Clue> clue = declarationOf(Clue.class, "clue");
                PatternDef<Clue> pattern = pattern(clue)
                        .expr(
                                "key = " + ExpressionIds.quoted(key),
                                candidate -> candidate.key().equals(key),
                                alphaIndexedBy(String.class, ConstraintType.EQUAL, 0, Clue::key, key));
                demandTheRest(selector, pattern, ids);
                // The name is unique: trigger names are, and a number behind the last # tells its rules apart.
                rules.add(rule(trigger.name() + "#" + rules.size())
                        .build(pattern, on(clue).execute(matched -> matched.matches()
                                .add(place, selected))));
            }
        }
        return rules;
    }

    /** By which words the selector is looked up: its narrowest criterion, which then needs no other check. */
    private Set<String> keysOf(Selector selector) {
        Set<String> keys = new LinkedHashSet<>();
        if (!selector.rules().isEmpty()) {
            selector.rules().forEach(name -> keys.add(ruleKeys.computeIfAbsent(name, n -> "rule " + n)));
        } else if (!selector.tags().isEmpty()) {
            // The first of each list; whether the others are there too is checked behind it
            selector.tags().forEach(tags -> keys.add(tagKeys.computeIfAbsent(tags.getFirst(), t -> "tag " + t)));
        } else if (selector.source().isPresent()) {
            keys.add(sourceKeys.computeIfAbsent(selector.source().get(), s -> "source " + s));
        } else if (!selector.priorities().isEmpty()) {
            for (Priority priority : selector.priorities()) {
                keys.add(priorityKeys.computeIfAbsent(priority, p -> "priority " + p));
            }
        } else {
            anyKey = "any";
            keys.add(anyKey);
        }
        return keys;
    }

    private static void demandTheRest(Selector selector, PatternDef<Clue> pattern, ExpressionIds ids) {
        if (!selector.priorities().isEmpty()) {
            Set<Priority> wanted = selector.priorities();
            pattern.expr(
                    "priority one of " + wanted.stream().sorted().toList(),
                    clue -> wanted.contains(clue.detection().priority()));
        }
        selector.source()
                .ifPresent(source -> pattern.expr(
                        "source = " + ExpressionIds.quoted(source),
                        clue -> clue.detection().source().equals(source)));
        boolean foundByAllOfTags =
                selector.rules().isEmpty() && selector.tags().stream().allMatch(tags -> tags.size() == 1);
        if (!selector.tags().isEmpty() && !foundByAllOfTags) {
            List<List<String>> wanted = selector.tags();
            pattern.expr(
                    "tags all of one of "
                            + wanted.stream().map(ExpressionIds::quoted).toList(),
                    clue -> carriesAllOfOne(wanted, clue.detection().tags()));
        }
        selector.where().ifPresent(where -> {
            Condition<Detection> condition = where.condition();
            pattern.expr(ids.of(where), clue -> holds(condition, clue));
        });
    }

    private static boolean carriesAllOfOne(List<List<String>> wanted, List<String> tags) {
        for (int i = 0; i < wanted.size(); i++) {
            if (tags.containsAll(wanted.get(i))) {
                return true;
            }
        }
        return false;
    }

    private static boolean holds(Condition<Detection> condition, Clue clue) {
        try {
            return condition.test(clue.detection());
        } catch (RuntimeException bug) {
            // Out of a predicate it would end the whole firing, and other sets would miss their match.
            clue.matches().conditionFailed();
            return false;
        }
    }

    /**
     * Drools shares a node between rules by the id of its expression alone: two predicates of one id, and
     * the second is never asked. So an id says field, operator and value, quoted so that no two values read
     * alike.
     */
    private static final class ExpressionIds {

        private final IdentityHashMap<Condition<Detection>, Integer> conditions = new IdentityHashMap<>();

        /** The same text may have been compiled with different macros, so the condition counts. */
        String of(Selector.Where where) {
            int number = conditions.computeIfAbsent(where.condition(), unseen -> conditions.size());
            return "where #" + number + " " + quoted(where.text());
        }

        static String quoted(String text) {
            return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
        }

        static String quoted(List<String> words) {
            return words.stream().sorted().map(ExpressionIds::quoted).toList().toString();
        }
    }
}
