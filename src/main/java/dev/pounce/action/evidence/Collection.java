package dev.pounce.action.evidence;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.Parameters;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.PodRef;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/** One step under way: of which pod, to where, until when, what of it is kept and what is not. For one thread. */
final class Collection {

    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern(
                    "yyyyMMdd'T'HHmmss.SSSSSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    /** Kept from the deadline for what ends an upload. */
    private static final Duration LONGEST_END = Duration.ofSeconds(5);

    private final Action.OnCluster action;
    private final Circumstances why;
    private final Instant deadline;
    private final Instant readUntil;
    private final PodInSight pod;
    private final Optional<ContainerRef> seen;
    private final EvidenceStore store;
    private final BiFunction<PodRef, Instant, Optional<PodInSight>> look;
    private final InstantSource clock;
    private final String stamp;
    private final List<Item.Kept> kept = new ArrayList<>();
    private final List<String> elsewhere = new ArrayList<>();
    private final List<String> missed = new ArrayList<>();
    private final List<String> remarks = new ArrayList<>();
    private boolean retryable = true;
    private long bytes;
    private int begun;

    Collection(
            Action.OnCluster action,
            Circumstances why,
            Instant deadline,
            PodInSight pod,
            Optional<ContainerRef> seen,
            EvidenceStore store,
            BiFunction<PodRef, Instant, Optional<PodInSight>> look,
            InstantSource clock) {
        this.action = action;
        this.why = why;
        this.deadline = deadline;
        this.pod = pod;
        this.seen = seen;
        this.store = store;
        this.look = look;
        this.clock = clock;
        Instant now = clock.instant();
        Duration end = Duration.between(now, deadline).dividedBy(4);
        this.readUntil = deadline.minus(end.compareTo(LONGEST_END) > 0 ? LONGEST_END : end);
        this.stamp = STAMP.format(now);
    }

    Action.OnCluster action() {
        return action;
    }

    Parameters parameters() {
        return action.parameters();
    }

    PodInSight pod() {
        return pod;
    }

    /** What was kept so far, of all items. */
    long bytes() {
        return bytes;
    }

    /** Where its items are, below the store. Response ids are in the order of time. */
    String folder() {
        return plain(why.response()) + "/" + plain(why.step());
    }

    /** The end of this item's time, when so many are to come with it: one that hangs leaves the others theirs. */
    Instant share(int left) {
        Instant now = clock.instant();
        Duration rest = Duration.between(now, readUntil);
        return rest.isNegative() ? now : now.plus(rest.dividedBy(Math.max(1, left)));
    }

    /** False at once when there is no time for it, and when the engine ends. */
    boolean pause(Duration time, Instant until) {
        if (!clock.instant().plus(time).isBefore(until)) {
            return false;
        }
        try {
            Thread.sleep(time);
            return true;
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Those that are meant: by name, all, the one that was seen, or the first. */
    Chosen chosen() {
        Optional<String> name = parameters().text("container");
        boolean every = action.type() == ActionType.EVIDENCE_TRACE || name.equals(Optional.of("*"));
        if (every) {
            return new Chosen.These(pod.containers(), true);
        }
        Optional<PodInSight.Container> one = name.isPresent()
                ? pod.named(name.get())
                : seen.flatMap(pod::seen).or(() -> pod.containers().stream().findFirst());
        if (one.isEmpty()) {
            return new Chosen.None(pod.ref().display() + " has no container " + name.orElse("") + ", but "
                    + String.join(
                            ", ",
                            pod.containers().stream()
                                    .map(PodInSight.Container::name)
                                    .toList()));
        }
        if (name.isEmpty() && seen.isPresent() && seen.flatMap(pod::seen).isEmpty()) {
            remarks.add("the container that was seen is not there any more, this is of "
                    + one.get().name());
        }
        return new Chosen.These(List.of(one.get()), false);
    }

    sealed interface Chosen {
        record These(List<PodInSight.Container> containers, boolean all) implements Chosen {
            public These {
                containers = List.copyOf(containers);
            }
        }

        record None(String why) implements Chosen {}
    }

    boolean isPrevious(PodInSight.Container container) {
        return seen.isPresent() && PodInSight.isPrevious(container, seen.get());
    }

    /**
     * Something to be written.
     *
     * @param name its end, such as {@code app.log}
     */
    Item begin(PodInSight.Container container, String name, String contentType, ObjectNode what, long limit) {
        ObjectNode of = Item.description();
        of.put("container", container.name());
        of.put("containerId", isPrevious(container) ? container.previousId() : container.id());
        return begin(name, contentType, what, of, limit);
    }

    /** @param of what of the pod or node it is */
    Item begin(String name, String contentType, ObjectNode what, ObjectNode of, long limit) {
        String number = String.format(Locale.ROOT, "%02d", ++begun);
        what.put("response", why.response());
        what.put("step", why.step());
        if (!pod.isNode()) {
            what.putObject("pod")
                    .put("namespace", pod.ref().namespace())
                    .put("name", pod.ref().name())
                    .put("uid", pod.ref().uid().orElse(""));
        }
        what.put("node", pod.node());
        what.setAll(of);
        String key = folder() + "/" + stamp + "-" + plain(pod.ref().name()) + "-" + number + "-" + plain(name);
        return new Item(store, key, contentType, what, limit, clock, deadline);
    }

    /**
     * Makes an item durable; what cannot be made so is missed.
     *
     * @param containers those that might have been taken for others
     */
    void keep(Item item, String called, List<PodInSight.Container> containers, Optional<String> cut) {
        Map<String, String> doubt = doubt(containers);
        try {
            Item.Kept one = item.keep(cut, doubt);
            bytes += one.bytes();
            kept.add(one);
            doubt.values().forEach(said -> missed(called + " for certain: " + said, false));
        } catch (EvidenceStore.Trouble trouble) {
            missed(called + ": " + trouble.why(), trouble.isRetryable());
        }
    }

    /** The server finds pods by name: was it the same one all the time? */
    private Map<String, String> doubt(List<PodInSight.Container> containers) {
        if (pod.ref().uid().isEmpty() || containers.isEmpty()) {
            return Map.of(); // named by its id alone, which nobody else gets
        }
        Optional<PodInSight> now = look.apply(pod.ref(), deadline);
        boolean same = now.isPresent()
                && now.get().ref().uid().equals(pod.ref().uid())
                && containers.stream().allMatch(container -> now.get()
                        .named(container.name())
                        .map(one -> one.id().equals(container.id()))
                        .orElse(false));
        return same
                ? Map.of()
                : Map.of(
                        "doubt",
                        now.isEmpty()
                                ? "whether it is still the same container could not be found out afterwards"
                                : "the container was started again, or its pod replaced, while this was read");
    }

    /** @param what and why not; without what was read of it */
    void missed(String what, boolean again) {
        missed.add(what);
        retryable &= again;
    }

    /** Kept, but not by us: where it is. */
    void keptElsewhere(String what) {
        elsewhere.add(what);
    }

    /** Worth saying, and nobody's failure. */
    void remark(String what) {
        remarks.add(what);
    }

    /** True also when only a part could be kept: then it is a failure that says what there is. */
    Outcome outcome() {
        StringBuilder text = new StringBuilder();
        if (!kept.isEmpty()) {
            text.append("kept in ").append(store.at(folder())).append(": ");
            text.append(String.join(", ", kept.stream().map(Item.Kept::display).toList()));
        }
        if (!elsewhere.isEmpty()) {
            text.append(text.isEmpty() ? "" : "; ").append(String.join("; ", elsewhere));
        }
        if (!missed.isEmpty()) {
            text.append(text.isEmpty() ? "" : "; ").append("not kept: ").append(String.join("; ", missed));
        }
        if (!remarks.isEmpty()) {
            text.append(text.isEmpty() ? "" : "; ").append(String.join("; ", remarks));
        }
        boolean some = !kept.isEmpty() || !elsewhere.isEmpty();
        if (missed.isEmpty() && some) {
            return new Outcome.Done(text.toString());
        }
        return new Outcome.Failed(
                text.isEmpty() ? "there was nothing to keep" : text.toString(),
                !some && retryable && !missed.isEmpty());
    }

    static String plain(String text) {
        String plain = text.replaceAll("[^A-Za-z0-9._-]", "_").replaceAll("^\\.+", "_");
        return plain.length() <= 120 ? plain : plain.substring(plain.length() - 120);
    }
}
