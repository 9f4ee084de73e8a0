package dev.pounce.detection;

import dev.pounce.asset.Asset;
import dev.pounce.detection.language.CompiledCondition;
import dev.pounce.detection.language.EventTypeSet;
import dev.pounce.detection.language.EventTypes;
import dev.pounce.detection.language.FieldBinder;
import dev.pounce.detection.language.FieldUse;
import dev.pounce.detection.language.OutputTemplate;
import dev.pounce.detection.language.Rule;
import dev.pounce.detection.language.RuleSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Judges events of one kind by one set of rules. A rule is asked only about the event types on which its condition
 * can be true. Immutable and safe for any thread as long as the binder's extractors and the ids are; to change
 * the rules, replace the detector.
 */
public final class Detector<E> {

    /** What a detector has to know of its events beyond the fields. */
    public interface EventKind<E> {

        /** As {@code evt.type} says it: {@code execve}, {@code openat}, … */
        String type(E event);

        Instant time(E event);

        /** What the event speaks of, the acting process first. Asked only when a rule has fired. */
        List<Asset> assets(E event);

        /** The event types that are reported at all; those of rules are compared with it. */
        Set<String> reportedTypes();
    }

    private record CompiledRule<E>(
            Rule rule, CompiledCondition<E> condition, OutputTemplate.Renderer<E> output, EventTypeSet types) {}

    private final FieldBinder<E> binder;
    private final EventKind<E> kind;
    private final MatchMode mode;
    private final Supplier<String> ids;
    private final List<CompiledRule<E>> rules;
    private final Map<String, List<CompiledRule<E>>> byType;
    private final List<CompiledRule<E>> ofAnyType;

    /**
     * @param source rules of other sources are left out: {@code syscall}, {@code k8s_audit}, …
     * @param alwaysReported fields that each detection carries besides those of its output
     */
    public Detector(
            RuleSet rules,
            String source,
            FieldBinder<E> binder,
            EventKind<E> kind,
            MatchMode mode,
            Supplier<String> ids,
            Set<FieldUse> alwaysReported) {
        this.binder = binder;
        this.kind = kind;
        this.mode = mode;
        this.ids = ids;
        this.rules = rules.enabledRules().stream()
                .filter(rule -> rule.source().equals(source))
                .map(rule -> new CompiledRule<>(
                        rule, rule.compile(binder), rule.output().bind(binder, alwaysReported), rule.eventTypes()))
                .toList();
        Map<String, List<CompiledRule<E>>> index = new HashMap<>();
        for (String type : EventTypes.names()) {
            List<CompiledRule<E>> able = new ArrayList<>();
            for (CompiledRule<E> rule : this.rules) {
                if (rule.types().contains(type)) {
                    able.add(rule);
                }
            }
            index.put(type, List.copyOf(able));
        }
        this.byType = Map.copyOf(index);
        this.ofAnyType =
                this.rules.stream().filter(rule -> rule.types().except()).toList();
    }

    public FieldBinder<E> binder() {
        return binder;
    }

    /** Whether any rule could fire on events of this type. */
    public boolean isInterestedIn(String type) {
        return !byType.getOrDefault(type, ofAnyType).isEmpty();
    }

    /** Gives each detection to {@code sink}, in the order of the rules. */
    public void detect(E event, Consumer<Detection> sink) {
        List<CompiledRule<E>> able = byType.getOrDefault(kind.type(event), ofAnyType);
        for (CompiledRule<E> rule : able) {
            if (rule.condition().test(event)) {
                sink.accept(detection(rule, event));
                if (mode == MatchMode.FIRST) {
                    return;
                }
            }
        }
    }

    public List<Detection> detect(E event) {
        List<Detection> detections = new ArrayList<>();
        detect(event, detections::add);
        return detections;
    }

    private Detection detection(CompiledRule<E> compiled, E event) {
        Rule rule = compiled.rule();
        return new Detection(
                ids.get(),
                kind.time(event),
                rule.source(),
                rule.name(),
                rule.priority(),
                rule.tags(),
                compiled.output().render(event),
                compiled.output().values(event),
                kind.assets(event));
    }

    /** For each rule whether it can fire here, in their order. */
    public List<RuleCoverage> coverage() {
        return rules.stream()
                .map(rule -> RuleCoverage.of(rule.rule(), rule.condition().unsupported(), kind.reportedTypes()))
                .toList();
    }
}
