package dev.pounce.correlation;

import static org.drools.model.DSL.declarationOf;
import static org.drools.model.DSL.expr;
import static org.drools.model.DSL.on;
import static org.drools.model.PatternDSL.alphaIndexedBy;
import static org.drools.model.PatternDSL.betaIndexedBy;
import static org.drools.model.PatternDSL.pattern;
import static org.drools.model.PatternDSL.rule;

import java.util.List;
import org.drools.model.Drools;
import org.drools.model.Index.ConstraintType;
import org.drools.model.Model;
import org.drools.model.PatternDSL.PatternDef;
import org.drools.model.Rule;
import org.drools.model.Variable;
import org.drools.model.impl.ModelImpl;
import org.drools.modelcompiler.KieBaseBuilder;
import org.kie.api.KieBase;
import org.kie.api.conf.KieBaseMutabilityOption;

/**
 * What patterns over time mean, as rules. There is one set of them for all triggers: a sighting finds what is remembered
 * of its subject (trigger and key) through an index, so neither triggers nor keys make it dearer.
 *
 * <p>Every rule takes the sighting that it answers out of the session before it does anything else, and the conditions of
 * the rules of one shape exclude each other. So each sighting is answered once, and what a consequence then changes in
 * a remembered fact is looked at by no condition before the next sighting.
 */
final class PatternRules {

    /** For rules about a subject of which nothing is known: had something been, another rule would have answered. */
    private static final int OTHERWISE = -1;

    private final Variable<Sighting> sighting = declarationOf(Sighting.class, "sighting");
    private final Variable<Progress> progress = declarationOf(Progress.class, "progress");
    private final Variable<Gathered> gathered = declarationOf(Gathered.class, "gathered");
    private final Variable<Tally> tally = declarationOf(Tally.class, "tally");
    private final Variable<Values> values = declarationOf(Values.class, "values");
    private final Variable<Awaited> awaited = declarationOf(Awaited.class, "awaited");

    private PatternRules() {}

    /** Takes some tens of milliseconds the first time in a JVM. */
    static KieBase newBase() {
        PatternRules rules = new PatternRules();
        ModelImpl model = new ModelImpl();
        rules.ofSequences().forEach(model::addRule);
        rules.ofAll().forEach(model::addRule);
        rules.ofCounts().forEach(model::addRule);
        rules.ofValueCounts().forEach(model::addRule);
        rules.ofAbsence().forEach(model::addRule);
        return KieBaseBuilder.createKieBaseFromModel((Model) model, KieBaseMutabilityOption.DISABLED);
    }

    private List<Rule> ofSequences() {
        return List.of(
                rule("a sequence begins")
                        .attribute(Rule.Attribute.SALIENCE, OTHERWISE)
                        .build(beginningOf(Shape.SEQUENCE), on(sighting).execute((drools, seen) -> {
                            drools.delete(seen);
                            remember(new Progress(seen), seen, drools);
                        })),
                rule("a sequence goes on")
                        .build(
                                sightingOf(Shape.SEQUENCE),
                                rememberedIn(progress),
                                expr("not complete", sighting, progress, (seen, known) -> !known.isCompletedBy(seen)),
                                on(sighting, progress).execute((drools, seen, known) -> {
                                    drools.delete(seen);
                                    if (known.continueWith(seen)) {
                                        seen.report().changed(known);
                                    }
                                })),
                rule("a sequence is complete")
                        .build(
                                sightingOf(Shape.SEQUENCE),
                                rememberedIn(progress),
                                expr("complete", sighting, progress, (seen, known) -> known.isCompletedBy(seen)),
                                on(sighting, progress).execute((drools, seen, known) -> {
                                    drools.delete(seen);
                                    seen.report().completed(known, known.complete(seen));
                                    if (known.isEmpty()) {
                                        forget(known, seen.report(), drools);
                                    }
                                })));
    }

    private List<Rule> ofAll() {
        return List.of(
                rule("the first of all is seen")
                        .attribute(Rule.Attribute.SALIENCE, OTHERWISE)
                        .build(beginningOf(Shape.ALL), on(sighting).execute((drools, seen) -> {
                            drools.delete(seen);
                            remember(new Gathered(seen), seen, drools);
                        })),
                rule("one more of all is seen")
                        .build(
                                sightingOf(Shape.ALL),
                                rememberedIn(gathered),
                                expr("not all", sighting, gathered, (seen, known) -> !known.isCompletedBy(seen)),
                                on(sighting, gathered).execute((drools, seen, known) -> {
                                    drools.delete(seen);
                                    known.add(seen);
                                    seen.report().changed(known);
                                })),
                rule("all have been seen")
                        .build(
                                sightingOf(Shape.ALL),
                                rememberedIn(gathered),
                                expr("all", sighting, gathered, (seen, known) -> known.isCompletedBy(seen)),
                                on(sighting, gathered).execute((drools, seen, known) -> {
                                    drools.delete(seen);
                                    seen.report().completed(known, known.complete(seen));
                                    forget(known, seen.report(), drools);
                                })));
    }

    private List<Rule> ofCounts() {
        return List.of(
                rule("a count begins")
                        .attribute(Rule.Attribute.SALIENCE, OTHERWISE)
                        .build(beginningOf(Shape.COUNT), on(sighting).execute((drools, seen) -> {
                            drools.delete(seen);
                            remember(new Tally(seen), seen, drools);
                        })),
                rule("one more is counted")
                        .build(
                                sightingOf(Shape.COUNT),
                                rememberedIn(tally),
                                expr("not enough", sighting, tally, (seen, known) -> !known.isCompletedBy(seen)),
                                on(sighting, tally).execute((drools, seen, known) -> {
                                    drools.delete(seen);
                                    known.add(seen);
                                    seen.report().changed(known);
                                })),
                rule("so many have been counted")
                        .build(
                                sightingOf(Shape.COUNT),
                                rememberedIn(tally),
                                expr("enough", sighting, tally, (seen, known) -> known.isCompletedBy(seen)),
                                on(sighting, tally).execute((drools, seen, known) -> {
                                    drools.delete(seen);
                                    seen.report().completed(known, known.complete(seen));
                                    forget(known, seen.report(), drools);
                                })));
    }

    private List<Rule> ofValueCounts() {
        return List.of(
                rule("a first value is seen")
                        .attribute(Rule.Attribute.SALIENCE, OTHERWISE)
                        .build(beginningOf(Shape.VALUE_COUNT), on(sighting).execute((drools, seen) -> {
                            drools.delete(seen);
                            remember(new Values(seen), seen, drools);
                        })),
                rule("a value is seen")
                        .build(
                                sightingOf(Shape.VALUE_COUNT),
                                rememberedIn(values),
                                expr("too few values", sighting, values, (seen, known) -> !known.isCompletedBy(seen)),
                                on(sighting, values).execute((drools, seen, known) -> {
                                    drools.delete(seen);
                                    known.add(seen);
                                    seen.report().changed(known);
                                })),
                rule("so many values have been seen")
                        .build(
                                sightingOf(Shape.VALUE_COUNT),
                                rememberedIn(values),
                                expr("enough values", sighting, values, (seen, known) -> known.isCompletedBy(seen)),
                                on(sighting, values).execute((drools, seen, known) -> {
                                    drools.delete(seen);
                                    seen.report().completed(known, known.complete(seen));
                                    forget(known, seen.report(), drools);
                                })));
    }

    private List<Rule> ofAbsence() {
        return List.of(
                rule("a wait begins")
                        .attribute(Rule.Attribute.SALIENCE, OTHERWISE)
                        .build(beginningOf(Shape.ABSENCE), on(sighting).execute((drools, seen) -> {
                            drools.delete(seen);
                            remember(new Awaited(seen), seen, drools);
                        })),
                rule("what was awaited has come")
                        .build(
                                sightingOf(Shape.ABSENCE),
                                rememberedIn(awaited),
                                expr("answered", sighting, awaited, (seen, wait) -> wait.isAnsweredBy(seen)),
                                on(sighting, awaited).execute((drools, seen, wait) -> {
                                    drools.delete(seen);
                                    forget(wait, seen.report(), drools);
                                    seen.report().changed(wait);
                                    if (seen.isFirst()) {
                                        remember(new Awaited(seen), seen, drools);
                                    }
                                })),
                rule("the wait goes on, and its deadline stays")
                        .build(
                                sightingOf(Shape.ABSENCE),
                                rememberedIn(awaited),
                                expr(
                                        "neither answered nor too late",
                                        sighting,
                                        awaited,
                                        (seen, wait) -> !wait.isAnsweredBy(seen) && !wait.isOverBefore(seen)),
                                on(sighting, awaited).execute((drools, seen, wait) -> drools.delete(seen))),
                rule("a wait was in vain")
                        .build(
                                sightingOf(Shape.ABSENCE),
                                rememberedIn(awaited),
                                expr("too late", sighting, awaited, (seen, wait) -> wait.isOverBefore(seen)),
                                on(sighting, awaited).execute((drools, seen, wait) -> {
                                    drools.delete(seen);
                                    forget(wait, seen.report(), drools);
                                    seen.report().inVain(wait);
                                    if (seen.isFirst()) {
                                        remember(new Awaited(seen), seen, drools);
                                    }
                                })));
    }

    private PatternDef<Sighting> beginningOf(Shape shape) {
        return sightingOf(shape).expr("something begins with it", Sighting::isBeginning);
    }

    private PatternDef<Sighting> sightingOf(Shape shape) {
        return pattern(sighting)
                .expr(
                        "of shape " + shape,
                        seen -> seen.shape() == shape,
                        alphaIndexedBy(Shape.class, ConstraintType.EQUAL, 0, Sighting::shape, shape));
    }

    /** What is remembered of the sighting's subject. */
    private <H extends HalfSeen> PatternDef<H> rememberedIn(Variable<H> state) {
        return pattern(state)
                .expr(
                        "of the same subject",
                        sighting,
                        (known, seen) -> known.subject().equals(seen.subject()),
                        betaIndexedBy(Subject.class, ConstraintType.EQUAL, 0, HalfSeen::subject, Sighting::subject));
    }

    private static void remember(HalfSeen state, Sighting seen, Drools drools) {
        drools.insert(state);
        seen.report().begun(state);
    }

    private static void forget(HalfSeen state, Report report, Drools drools) {
        drools.delete(state);
        report.ended(state);
    }
}
