package dev.pounce.action;

import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.EndpointRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.ProcessRef;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** Parameters and targets that each action accepts, some of them odd. */
public final class ActionSamples {

    private static final NodeRef NODE = new NodeRef("worker-1");

    private ActionSamples() {}

    /** What a file could say: texts, lists of texts and maps. Optional ones are there or not, as chance will have it. */
    public static Map<String, Object> given(ActionType type, Random random) {
        Map<String, Object> given = given(type.parameters(), random);
        for (String name : type.atMostOneOf()) {
            if (type.objectionTo(given.keySet()).isPresent()) {
                given.remove(name);
            }
        }
        if (!type.exactlyOneOf().isEmpty()) {
            List<String> names = type.exactlyOneOf().stream().sorted().toList();
            String kept = names.get(random.nextInt(names.size()));
            given.keySet().removeAll(type.exactlyOneOf());
            type.parameters().stream()
                    .filter(parameter -> parameter.name().equals(kept))
                    .forEach(parameter -> given.put(kept, value(parameter.kind(), random)));
        }
        return given;
    }

    private static Map<String, Object> given(List<Parameter> parameters, Random random) {
        Map<String, Object> given = new LinkedHashMap<>();
        for (Parameter parameter : parameters) {
            if (parameter.required() || random.nextBoolean()) {
                given.put(parameter.name(), value(parameter.kind(), random));
            }
        }
        return given;
    }

    private static Object value(Kind kind, Random random) {
        return switch (kind) {
            case Kind.Text text -> text(text.form(), random);
            case Kind.Choice choice ->
                choice.words().get(random.nextInt(choice.words().size()));
            case Kind.Amount amount ->
                Long.toString(amount.least() + random.nextLong(amount.most() - amount.least() + 1));
            case Kind.Flag flag -> Boolean.toString(random.nextBoolean());
            case Kind.Time time -> {
                long millis = time.least().toMillis()
                        + random.nextLong(time.most().minus(time.least()).toMillis() + 1);
                yield dev.pounce.source.DurationText.display(Duration.ofMillis(millis));
            }
            case Kind.Portion portion -> random.nextInt(101) + (random.nextBoolean() ? "%" : "");
            case Kind.Words words -> {
                List<String> list = new ArrayList<>();
                for (int i = random.nextInt(4); i >= 0; i--) {
                    list.add(text(words.form(), random));
                }
                yield list;
            }
            case Kind.WordMap map -> {
                Map<String, Object> entries = new LinkedHashMap<>();
                for (int i = random.nextInt(4); i >= 0; i--) {
                    entries.put(text(map.key(), random), text(map.value(), random));
                }
                yield entries;
            }
            case Kind.Inner inner -> given(inner.parameters(), random);
        };
    }

    private static String text(Form form, Random random) {
        List<String> texts =
                switch (form) {
                    case TEXT ->
                        List.of("id", "-c", "a \"quoted\" word", "ünï 😀", "\\", "'", "a\u2028b", "x".repeat(4000));
                    case SCRIPT -> List.of("#!/bin/sh\necho \"$1\" ${HOME}\n", "\tid", "ps | grep '😀'");
                    case PATH, FIXED_PATH -> List.of("/bin/sh", "/etc/p w", "/");
                    case URL -> List.of("https://example.com/a?b=c", "http://127.0.0.1:8080");
                    case STORE -> List.of("file:///var/evidence", "s3://bucket/prefix", "gs://bucket");
                    case LABEL_KEY -> List.of("team", "example.com/team", "a_b.c");
                    case LABEL_VALUE -> List.of("", "yes", "a.b_c-d", "1.0");
                    case ANNOTATION_VALUE -> List.of("", "any text: {at} \"all\"", "😀");
                    case NAMESPACE -> List.of("shop", "kube-system");
                    case CONTAINER -> List.of("app", "*");
                    case VARIABLE -> List.of("NAME", "_x1");
                    case CIDR -> List.of("10.0.0.53", "10.0.0.0/8", "fd00::/8", "::1", "0.0.0.0/0");
                    case HEADER -> List.of("X-Token", "Accept");
                    case NAME -> List.of("f", "arn:aws:lambda:eu-west-1:1:function:f", "$LATEST");
                };
        return texts.get(random.nextInt(texts.size()));
    }

    /** Of any kind that the action can be aimed at. */
    public static Asset target(ActionType type, Random random) {
        TargetKind kind = type.targets().get(random.nextInt(type.targets().size()));
        return switch (kind) {
            case PROCESS -> new ProcessRef(NODE, 4711, 123_456_789_012L, random.nextBoolean() ? 7 : 0);
            case CONTAINER -> new ContainerRef(NODE, "0123456789abcdef".repeat(4));
            case POD -> new PodRef("shop", "cart-1", random.nextBoolean() ? Optional.of("uid-1") : Optional.empty());
            case NODE -> NODE;
            case WORKLOAD -> new ObjectRef("deployments.apps", Optional.of("shop"), "cart");
            case OBJECT ->
                random.nextBoolean()
                        ? new ObjectRef("secrets", Optional.of("shop"), "token")
                        : new ObjectRef("clusterroles.rbac.authorization.k8s.io", Optional.empty(), "all");
            case ENDPOINT -> new EndpointRef("https://example.com/a?b=c");
        };
    }

    /** Any action of a type. */
    public static Action action(ActionType type, Random random) {
        Asset target = target(type, random);
        return switch (type) {
            case PROCESS_KILL ->
                new Action.KillProcess(
                        (ProcessRef) target,
                        List.copyOf(EnumSet.allOf(Action.Scope.class)).get(random.nextInt(3)),
                        random.nextBoolean() ? Optional.of(new ContainerRef(NODE, "c1")) : Optional.empty());
            case PROCESS_SUSPEND -> new Action.SuspendProcess((ProcessRef) target);
            case PROCESS_RESUME -> new Action.ResumeProcess((ProcessRef) target);
            default -> new Action.OnCluster(type, target, type.read(given(type, random)));
        };
    }
}
