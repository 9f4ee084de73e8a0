package dev.pounce.cli;

import static dev.pounce.cluster.RealCluster.until;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.action.Action;
import dev.pounce.action.ActionSamples;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.Parameters;
import dev.pounce.action.RemoteActuator;
import dev.pounce.action.cloud.AwsAccess;
import dev.pounce.action.cloud.GoogleAccess;
import dev.pounce.action.cloud.Web;
import dev.pounce.action.evidence.EvidenceActuator;
import dev.pounce.action.evidence.EvidenceStores;
import dev.pounce.action.evidence.NodeEvidence;
import dev.pounce.action.kubernetes.KubernetesActuator;
import dev.pounce.action.kubernetes.OwnObjects;
import dev.pounce.action.kubernetes.PodStreams;
import dev.pounce.asset.Answer;
import dev.pounce.asset.Asset;
import dev.pounce.cluster.AnAccount;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.ClusterView;
import dev.pounce.cluster.OwnResources;
import dev.pounce.cluster.RealCluster;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import dev.pounce.guard.Permissions;
import dev.pounce.planning.ActionSetReader;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.NeededRights;
import dev.pounce.planning.NeededRights.Permission;
import dev.pounce.source.Problems;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

/**
 * What {@code pounce rbac} prints is enough, and nothing of it goes unused: a service account that may do exactly that does
 * everything that an engine does, and with each verb taken away in turn something does not come out as before.
 */
class RbacIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private static final Clock CLOCK = Clock.systemUTC();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ME = "rights";

    @TempDir
    static Path folder;

    private static Deeds deeds;
    private static AnAccount account;
    private static Web web;
    private static KubernetesActuator kubernetes;
    private static EvidenceActuator evidence;
    private static int responses;

    @BeforeAll
    static void makeAccount() throws IOException {
        Files.createDirectory(folder.resolve("no-rules"));
        deeds = new Deeds(CLUSTER);
        account = new AnAccount(CLUSTER, "engine", List.of());
        kubernetes = new KubernetesActuator(
                account.access(), CLOCK, new Random(1), ME, pod -> Optional.empty(), Optional.empty());
        web = new Web("test", CLOCK);
        Map<String, String> env = Map.of();
        evidence = new EvidenceActuator(
                account.access().api(),
                new PodStreams(account.access(), CLOCK),
                new OfNode(),
                new EvidenceStores(
                        folder.resolve("kept"),
                        new AwsAccess(env::get, folder, web, CLOCK),
                        new GoogleAccess(env::get, web, CLOCK),
                        web,
                        CLOCK),
                container -> new Answer.Unknown<>("nobody asks"),
                CLOCK);
    }

    @AfterAll
    static void removeAccount() {
        evidence.close();
        kubernetes.close();
        web.close();
        deeds.close();
        account.close();
    }

    /** What the node tells is not the API server's affair. */
    private record OfNode() implements NodeEvidence {
        @Override
        public Optional<String> objection(ActionType type, String node, List<String> containerIds) {
            return Optional.empty();
        }

        @Override
        public Read read(
                ActionType type,
                String node,
                List<String> containers,
                Parameters given,
                OutputStream to,
                Instant deadline) {
            try {
                to.write("read".getBytes(StandardCharsets.UTF_8));
                return new Read("", false);
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
    }

    /** The set that was printed for last. */
    private static ActionSets printedFor() {
        Problems problems = new Problems();
        return new ActionSetReader((text, place, found) -> Optional.empty())
                .readAll(List.of(folder.resolve("set.yaml")), problems)
                .orElseThrow(() -> new AssertionError(problems.all().toString()));
    }

    /** What a role allows, in its namespace if it has one. */
    private record Printed(Set<Permission> everywhere, Set<Permission> inNamespace) {}

    private static Printed rbac(Collection<Step> steps, String... more) {
        try {
            StringBuilder set = new StringBuilder("""
                    apiVersion: pounce.dev/v1
                    kind: ActionSet
                    metadata: { name: rights }
                    spec:
                      mode: enforce
                      when: { detection: { rules: [Any] } }
                      steps:
                    """);
            int id = 0;
            for (Step step : steps) {
                set.append("  - { id: s")
                        .append(++id)
                        .append(", ")
                        .append(step.type().verb())
                        .append(": ");
                set.append(JSON.writeValueAsString(step.parameters())).append(" }\n");
            }
            Path file = folder.resolve("set.yaml");
            Files.writeString(file, set.toString().replace("\n  - ", "\n    - "));
            StringWriter out = new StringWriter();
            StringWriter err = new StringWriter();
            int exit = new CommandLine(new RbacCommand())
                    .setCaseInsensitiveEnumValuesAllowed(true)
                    .setOut(new PrintWriter(out, true))
                    .setErr(new PrintWriter(err, true))
                    .execute(Stream.concat(
                                    Stream.of(
                                            "--rules",
                                            folder.resolve("no-rules").toString(),
                                            "--actionsets",
                                            file.toString(),
                                            "-o",
                                            "json"),
                                    Stream.of(more))
                            .toArray(String[]::new));
            assertThat(exit).as("%s", err).isZero();
            Printed printed = new Printed(new TreeSet<>(), new TreeSet<>());
            for (JsonNode role : JSON.readTree(out.toString()).path("items")) {
                boolean everywhere = role.path("kind").asText().equals("ClusterRole");
                role.path("rules").forEach(rule -> rule.path("resources").forEach(resource -> rule.path("verbs")
                        .forEach(verb -> (everywhere ? printed.everywhere() : printed.inNamespace())
                                .add(new Permission(
                                        rule.path("apiGroups").path(0).asText(), resource.asText(), verb.asText())))));
            }
            return printed;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** As a person writes it. */
    private record Step(ActionType type, Map<String, ?> parameters) {}

    private static Set<AnAccount.Rule> rules(Set<Permission> permissions) {
        Set<AnAccount.Rule> rules = new HashSet<>();
        permissions.forEach(one -> rules.add(new AnAccount.Rule(one.group(), one.resource(), one.verb())));
        return rules;
    }

    private static Set<Permission> without(Set<Permission> all, Permission one) {
        Set<Permission> others = new TreeSet<>(all);
        others.remove(one);
        return others;
    }

    @ParameterizedTest
    @EnumSource
    void ofAnAction(ActionType type) {
        // Given: its deeds, by what they are printed
        Map<Set<Permission>, List<Deeds.Deed>> byPrinted = new LinkedHashMap<>();
        for (Deeds.Deed deed : deeds.of(type)) {
            byPrinted
                    .computeIfAbsent(
                            rbac(List.of(new Step(type, deed.parameters()))).everywhere(), none -> new ArrayList<>())
                    .add(deed);
        }
        Set<Permission> ever = new TreeSet<>();
        byPrinted.forEach((printed, same) -> ever.addAll(ofTheStep(same.getFirst())));
        assertThat(ever)
                .as("every right of it is printed for one of its deeds")
                .isEqualTo(NeededRights.of(type.rights()));
        if (byPrinted.isEmpty()) {
            assertThat(rbac(List.of(new Step(type, ActionSamples.given(type, new Random(1)))))
                            .everywhere())
                    .isEqualTo(NeededRights.toFollow());
        }

        // When / Then
        byPrinted.forEach(RbacIT::eachIsEnoughAndNeeded);
    }

    private static Set<Permission> ofTheStep(Deeds.Deed deed) {
        return NeededRights.of(deed.type().rightsForWritten(new HashMap<>(deed.parameters())));
    }

    private static void eachIsEnoughAndNeeded(Set<Permission> printed, List<Deeds.Deed> same) {
        Set<Permission> ofTheStep = ofTheStep(same.getFirst());
        Set<Permission> all = new TreeSet<>(NeededRights.toFollow());
        all.addAll(ofTheStep);
        assertThat(printed).isEqualTo(all);
        Set<Permission> unused = new TreeSet<>(ofTheStep);
        for (Deeds.Deed deed : same) {
            account.may(rules(printed));
            List<String> before = cameOf(deed);
            assertThat(before).as("%s", deed).allMatch(RbacIT::isWell);
            for (Permission one : List.copyOf(unused)) {
                if (deed.about().isEmpty()
                        || deed.about().equals(one.resource())
                        || one.resource().equals("events")) {
                    account.may(rules(without(printed, one)));
                    List<String> now = cameOf(deed);
                    if (now.stream().skip(1).anyMatch(line -> !isWell(line))) { // whatever its rehearsal says
                        assertThat(now.toString())
                                .as("%s without the right to %s", deed, one.display())
                                .containsAnyOf("403", "forbidden", "may not", "could not be", "Event was lost");
                        unused.remove(one);
                    }
                }
            }
        }
        assertThat(unused).as("what %s makes no use of", same).isEmpty();
    }

    /** Whether it is as it should be with all rights; a runtime without checkpoints is not the API server's affair. */
    private static boolean isWell(String line) {
        return line.matches("(Rehearsed: WouldAct|Done: (Done|Failed.*kubelet refused \\(50[0-9]\\))|Looked at: [A-Z]"
                        + "|Taken back: Done|Told).*")
                && !line.contains("could not be")
                && !line.matches(".*\\b403\\b.*");
    }

    private static List<String> cameOf(Deeds.Deed deed) {
        ActionType type = deed.type();
        Asset target = deed.target().get();
        Action.OnCluster action = new Action.OnCluster(type, target, type.read(deed.parameters()));
        // Events of an earlier run may still be there
        String response = CLUSTER.namespace() + "-" + ++responses;
        Circumstances why =
                new Circumstances(response, "step-1", Instant.now().plusSeconds(1), Optional.empty(), () -> "{}");
        RemoteActuator actuator = kubernetes.types().contains(type) ? kubernetes : evidence;
        List<Action.TakeBack> undos = new CopyOnWriteArrayList<>();
        List<String> came = new ArrayList<>();
        came.add("Rehearsed: " + join(actuator.rehearse(action, why, soon())));
        long lost = kubernetes.lostEvents();
        Outcome outcome = join(actuator.carryOut(action, why, soon(), undos::add));
        came.add("Done: " + outcome);
        came.add("Looked at: " + join(actuator.observe(action, soon())));
        int worthTelling = isWorthTelling(outcome) ? 1 : 0;
        if (!undos.isEmpty()) {
            Outcome takenBack = join(actuator.takeBack(undo(deed, undos.getLast()), soon()));
            came.add("Taken back: " + takenBack);
            worthTelling += isWorthTelling(takenBack) ? 1 : 0;
        }
        if (worthTelling > 0 && actuator == kubernetes) {
            // All of them: one that comes later would be the next deed's
            int all = worthTelling;
            until("its Events", () -> kubernetes.lostEvents() - lost + told(response) >= all);
            came.add(kubernetes.lostEvents() > lost ? "The Event was lost" : "Told by an Event");
        }
        return came;
    }

    private static boolean isWorthTelling(Outcome outcome) {
        return outcome instanceof Outcome.Done
                || outcome instanceof Outcome.Failed
                || outcome instanceof Outcome.Withheld;
    }

    private static Action.TakeBack undo(Deeds.Deed deed, Action.TakeBack undo) {
        Map<String, String> before = new HashMap<>(undo.before());
        if (deed.over()) {
            before.put("until", Instant.now().toString());
        } else {
            before.put(Action.TakeBack.RELEASED, "by a test");
        }
        return new Action.TakeBack(undo.taken(), before);
    }

    private static int told(String response) {
        int told = 0;
        for (String namespace : List.of(CLUSTER.namespace(), "default")) {
            Request request = Request.get(
                            ApiPath.of("events.k8s.io", "v1", "events").in(namespace))
                    .with("fieldSelector", "reportingController=pounce.dev/pounce");
            for (JsonNode event : asAdmin(request).path("items")) {
                if (event.path("note").asText().contains("(response " + response + ")")) {
                    told++;
                }
            }
        }
        return told;
    }

    private static JsonNode asAdmin(Request request) {
        Reply reply = CLUSTER.access().api().send(request, soon());
        if (reply instanceof Reply.Ok(int code, JsonNode body)) {
            return body;
        }
        throw new AssertionError(request + ": " + reply);
    }

    @Test
    void inANamespaceItIsEnoughThere() {
        // Given
        List<Deeds.Deed> there = Stream.of(ActionType.POD_LABEL, ActionType.POD_ISOLATE, ActionType.NODE_LABEL)
                .map(type -> deeds.of(type).getFirst())
                .toList();
        Printed printed = rbac(
                there.stream()
                        .map(deed -> new Step(deed.type(), deed.parameters()))
                        .toList(),
                "--namespace",
                CLUSTER.namespace());
        Permissions confined = new Permissions(account.access().api(), CLOCK, List.of(CLUSTER.namespace()), Set.of());
        Permissions unconfined = new Permissions(account.access().api(), CLOCK, List.of(), Set.of());

        // When
        account.may(rules(printed.everywhere()), rules(printed.inNamespace()));
        confined.check(printedFor());
        unconfined.check(printedFor());

        // Then
        assertThat(confined.missing()).isEmpty();
        assertThat(unconfined.missing().toString())
                .contains("may not patch pods", "may not create networkpolicies")
                .doesNotContain("patch nodes", "events");
        assertThat(there).allSatisfy(deed -> assertThat(cameOf(deed)).allMatch(RbacIT::isWell));
    }

    @Test
    void ofFollowingTheCluster() {
        // Given
        Set<Permission> printed =
                rbac(List.of(new Step(ActionType.PROCESS_KILL, Map.of()))).everywhere();

        // When / Then
        account.may(rules(printed));
        assertThat(troubleWithFollowing("")).isEmpty();
        Permissions asked = new Permissions(account.access().api(), CLOCK, List.of(), Set.of());
        asked.check(printedFor());
        assertThat(asked.missingOfItself()).isEmpty();
        for (Permission one : printed) {
            account.may(rules(without(printed, one)));
            assertThat(troubleWithFollowing(one.resource()))
                    .as("without the right to %s", one.display())
                    .isEqualTo("this engine may not list and watch " + one.resource());
        }
    }

    /** @param resource with which there is to be trouble; empty for none at all */
    private static String troubleWithFollowing(String resource) {
        try (ClusterView view = ClusterView.follow(account.access())) {
            until("what " + resource + " come to", () -> view.health().stream()
                    .allMatch(one -> one.resource().equals(resource)
                            ? one.problem().contains("may not")
                            : one.synced() && one.problem().isEmpty()));
            return view.health().stream()
                    .map(ClusterView.Health::problem)
                    .filter(problem -> !problem.isEmpty())
                    .findAny()
                    .orElse("");
        }
    }

    @Test
    void ofTheClustersOwnResources() {
        // Given
        List<String> defined = RealCluster.define();
        Set<Permission> printed = rbac(List.of(new Step(ActionType.PROCESS_KILL, Map.of())), "--cluster-actionsets")
                .everywhere();
        Set<Permission> own = new TreeSet<>(printed);
        own.removeAll(NeededRights.toFollow());

        // When / Then
        try {
            account.may(rules(printed));
            assertThat(troubleWithOwnResources(1)).isEmpty();
            int round = 1;
            for (Permission one : own) {
                account.may(rules(without(printed, one)));
                assertThat(troubleWithOwnResources(++round))
                        .as("without the right to %s", one.display())
                        .isNotEmpty();
            }
        } finally {
            RealCluster.forget(defined);
        }
    }

    /** A set comes and is told of; something is in force, is not any more, and is shown so. */
    private static List<String> troubleWithOwnResources(int round) {
        String name = CLUSTER.namespace() + "-" + round;
        OwnObjects objects = new OwnObjects(account.access().api(), CLOCK, ME);
        OwnObjects.Standing standing = new OwnObjects.Standing(true, "", 1, Instant.now(), List.of(), 0, 0, 0);
        OwnObjects.Shown shown = new OwnObjects.Shown(
                name, "step-1", "pod.label", "pod/a/b", Instant.now(), Optional.empty(), Optional.of("none"));
        String containment = OwnObjects.nameOf(name, "step-1");
        List<String> trouble = new ArrayList<>();
        String set = "{\"apiVersion\":\"pounce.dev/v1\",\"kind\":\"ActionSet\",\"metadata\":{\"name\":\"" + name
                + "\"},\"spec\":{\"mode\":\"observe\",\"when\":{\"detection\":{\"rules\":[\"None\"]}},\"steps\":[{\"id\":\"a\","
                + "\"process.kill\":{}}]}}";
        trouble.addAll(troubleWith(
                OwnResources.ACTION_SETS, name, () -> asAdmin(Request.create(OwnResources.ACTION_SETS, set))));
        if (!objects.tell(name, standing)) {
            trouble.add("how the set is taken was not told");
        }
        asAdmin(Request.delete(OwnResources.ACTION_SETS.named(name), "{}"));
        if (!objects.tell(name, standing)) {
            trouble.add("that there is nobody to tell any more was not seen");
        }
        trouble.addAll(troubleWith(OwnResources.CONTAINMENTS, containment, () -> {
            if (!objects.show(shown)) {
                trouble.add("what is in force is not shown");
            }
        }));
        if (!objects.takeAway(containment, Optional.empty())) {
            trouble.add("what is not in force any more is still shown");
        }
        RealCluster.tryKubectl(
                "patch", "containment", containment, "--type=merge", "-p", "{\"metadata\":{\"finalizers\":null}}");
        RealCluster.tryKubectl("delete", "containment", containment, "--ignore-not-found");
        return trouble;
    }

    /** Of the chart's Job that has everything taken back before the engines go. */
    @Test
    void ofReleasingTheWholeCluster() throws IOException {
        // Given
        Matcher rule = Pattern.compile("apiGroups: \\[(.*)], resources: \\[(.*)], verbs: \\[(.*)]")
                .matcher(Files.readString(Path.of("k8s/chart/pounce/templates/release.yaml")));
        assertThat(rule.find()).isTrue();
        Set<Permission> given = new TreeSet<>();
        for (String verb : rule.group(3).split(", ")) {
            given.add(new Permission(rule.group(1), rule.group(2), verb));
        }
        List<String> defined = RealCluster.define();

        // When / Then
        try {
            account.may(rules(given));
            assertThat(whatReleasingComesTo(0)).isEqualTo("withheld: somebody has changed it");
            int round = 0;
            for (Permission one : given) {
                account.may(rules(without(given, one)));
                assertThat(whatReleasingComesTo(++round))
                        .as("without the right to %s", one.display())
                        .contains("may not");
            }
        } finally {
            RealCluster.forget(defined);
        }
    }

    private static String whatReleasingComesTo(int round) {
        String response = CLUSTER.namespace() + "-release-" + round;
        String name = OwnObjects.nameOf(response, "step-1");
        OwnObjects engine = new OwnObjects(CLUSTER.access().api(), CLOCK, ME);
        assertThat(engine.show(new OwnObjects.Shown(
                        response, "step-1", "pod.label", "pod/a/b", Instant.now(), Optional.empty(), Optional.empty())))
                .isTrue();
        List<Set<String>> known = new CopyOnWriteArrayList<>();
        Map<String, JsonNode> gone = new ConcurrentHashMap<>();
        try (OwnResources resources = OwnResources.follow(
                account.access(),
                OwnResources.CONTAINMENTS,
                all -> known.add(all.keySet()),
                one -> gone.put(one.path("metadata").path("name").asText(), one.path("status")))) {
            until("a list", () -> !known.isEmpty() || resources.problem().contains("may not"));
            Reply asked = new OwnObjects(account.access().api(), CLOCK, "release").askToRelease(name);
            assertThat(engine.takeAway(name, Optional.of(new OwnObjects.End("withheld", "somebody has changed it"))))
                    .isTrue();
            if (asked instanceof Reply.Refused refused) {
                return "may not: " + refused.message();
            }
            until(
                    "the end of " + name,
                    () -> gone.containsKey(name) || resources.problem().contains("may not"));
            return gone.containsKey(name)
                    ? gone.get(name).path("outcome").asText() + ": "
                            + gone.get(name).path("detail").asText()
                    : resources.problem();
        }
    }

    /** @param make after the first list, so that only a watch can tell of it */
    private static List<String> troubleWith(ApiPath path, String name, Runnable make) {
        List<Set<String>> known = new CopyOnWriteArrayList<>();
        try (OwnResources resources = OwnResources.follow(account.access(), path, all -> known.add(all.keySet()))) {
            until("a list", () -> !known.isEmpty() || resources.problem().contains("may not"));
            make.run();
            until(
                    "what comes of " + path,
                    () -> resources.problem().contains("may not")
                            || known.getLast().contains(name)
                            || !isThere(path.named(name)));
            return resources.problem().contains("may not") ? List.of(resources.problem()) : List.of();
        }
    }

    private static boolean isThere(ApiPath path) {
        return CLUSTER.access().api().send(Request.get(path), soon()) instanceof Reply.Ok;
    }

    private static Instant soon() {
        return Instant.now().plusSeconds(20);
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }
}
