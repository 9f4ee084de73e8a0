package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import dev.pounce.detection.language.Condition;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A trigger, said in the words that matter to a test. */
public final class ATrigger {

    private final String name;
    private List<String> rules = List.of();
    private List<String> tags = List.of();
    private Optional<Priority> minimum = Optional.empty();
    private Optional<String> source = Optional.empty();
    private Optional<Selector.Where> where = Optional.empty();
    private Optional<Trigger.Cooldown> cooldown = Optional.empty();
    private Optional<Pattern> pattern = Optional.empty();

    private ATrigger(String name) {
        this.name = name;
    }

    public static ATrigger named(String name) {
        return new ATrigger(name);
    }

    public ATrigger rules(String... values) {
        rules = List.of(values);
        return this;
    }

    public ATrigger tags(String... values) {
        tags = List.of(values);
        return this;
    }

    public ATrigger minimum(Priority value) {
        minimum = Optional.of(value);
        return this;
    }

    public ATrigger source(String value) {
        source = Optional.of(value);
        return this;
    }

    public ATrigger where(String text, Condition<Detection> condition) {
        where = Optional.of(new Selector.Where(text, condition));
        return this;
    }

    public ATrigger cooldown(Trigger.Per per, Duration length) {
        cooldown = Optional.of(new Trigger.Cooldown(per, length));
        return this;
    }

    /** Instead of one detection of what is said of it otherwise. */
    public ATrigger pattern(Pattern value) {
        pattern = Optional.of(value);
        return this;
    }

    public Trigger build() {
        return new Trigger(name, pattern.orElseGet(() -> new Pattern.One(selector())), cooldown);
    }

    /** One for each rule. */
    public static List<Selector> selectors(String... rules) {
        return List.of(rules).stream().map(ATrigger::selector).toList();
    }

    public static Selector selector(String rule) {
        return named("selector").rules(rule).selector();
    }

    /** What it looks at, for a pattern of several. */
    public Selector selector() {
        return new Selector(
                rules,
                tags.stream().map(List::of).toList(),
                minimum.map(Selector::atLeast).orElse(Set.of()),
                source,
                where);
    }
}
