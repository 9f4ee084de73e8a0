package dev.pounce.planning;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Form;
import dev.pounce.action.Kind;
import dev.pounce.action.Parameter;
import dev.pounce.action.Parameters;
import dev.pounce.action.TargetKind;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.EndpointRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.asset.WorkloadRef;
import dev.pounce.detection.Detection;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An action whose target is not known yet: what an action set says, before there is an incident. Texts among its
 * parameters may name fields, as {@code ${proc.exepath}}, whose values the detection brings. Immutable.
 */
public final class ActionTemplate {

    private final ActionType type;
    private final Map<String, Object> given;
    private final Set<String> fieldsUsed = new LinkedHashSet<>();

    /** With texts taken apart; empty if there is nothing to replace, and then everything is settled now. */
    private final Map<String, Object> open;

    private final @Nullable Parameters settled;

    private ActionTemplate(ActionType type, Map<String, Object> given) {
        this.type = type;
        this.given = given;
        Map<String, Object> taken = takenApart(type.parameters(), given);
        this.settled = fieldsUsed.isEmpty() ? type.read(joined(taken)) : null;
        this.open = fieldsUsed.isEmpty() ? Map.of() : taken;
        type.objectionTo(given.keySet()).ifPresent(objection -> {
            throw new IllegalArgumentException(objection.found() + ", expected " + objection.expected());
        });
    }

    /** With the defaults of all its parameters. */
    public static ActionTemplate of(ActionType type) {
        return of(type, Map.of());
    }

    /**
     * @param given texts, lists of texts and maps, as people write them; numbers and times as texts or as themselves
     * @throws IllegalArgumentException with words for a person, if it could never become an action
     */
    public static ActionTemplate of(ActionType type, Map<String, ?> given) {
        return new ActionTemplate(type, Collections.unmodifiableMap(new LinkedHashMap<String, Object>(given)));
    }

    public ActionType type() {
        return type;
    }

    /** The key in an action set, such as {@code process.kill}. */
    public String verb() {
        return type.verb();
    }

    /** What was written about it, without defaults. */
    public Map<String, Object> given() {
        return given;
    }

    /** Names of the fields that its parameters take from the detection. */
    public Set<String> fieldsUsed() {
        return Collections.unmodifiableSet(fieldsUsed);
    }

    /** For a person, such as {@code process.kill of the process and its descendants}. */
    public String display() {
        if (type == ActionType.PROCESS_KILL && settled != null) {
            return switch (scope(settled)) {
                case PROCESS -> verb();
                case TREE -> verb() + " of the process and its descendants";
                case CONTAINER -> verb() + " of every process in its container";
            };
        }
        return given.isEmpty()
                ? verb()
                : given.entrySet().stream()
                        .map(entry -> entry.getKey() + " " + entry.getValue())
                        .collect(Collectors.joining(", ", verb() + " (", ")"));
    }

    /** What the detection speaks of, as far as an action can touch it. */
    public record Targets(
            @Nullable ProcessRef process,
            @Nullable ContainerRef container,
            @Nullable PodRef pod,
            @Nullable NodeRef node,
            @Nullable ObjectRef object) {

        /** The first of each kind; a node that is not named is that of the process or container. */
        public static Targets of(Detection detection) {
            ProcessRef process = null;
            ContainerRef container = null;
            PodRef pod = null;
            NodeRef node = null;
            ObjectRef object = null;
            List<Asset> assets = detection.assets();
            for (int i = 0; i < assets.size(); i++) {
                switch (assets.get(i)) {
                    case ProcessRef one -> process = process == null ? one : process;
                    case ContainerRef one -> container = container == null ? one : container;
                    case PodRef one -> pod = pod == null ? one : pod;
                    case NodeRef one -> node = node == null ? one : node;
                    case ObjectRef one -> object = object == null ? one : object;
                    case WorkloadRef one -> {} // only told of: a deletion must not find it
                    case EndpointRef one -> {}
                }
            }
            if (node == null && process != null) {
                node = process.node();
            } else if (node == null && container != null) {
                node = container.node();
            }
            return new Targets(process, container, pod, node, object);
        }

        private @Nullable Asset of(TargetKind kind) {
            return switch (kind) {
                case PROCESS -> process;
                case CONTAINER -> container;
                case POD -> pod;
                case NODE -> node;
                case WORKLOAD -> object != null && kind.fits(object) ? object : null;
                case OBJECT -> object;
                case ENDPOINT -> null; // named by the parameters
            };
        }
    }

    /** What became of a template: an action, or the reason why there is none. */
    public sealed interface Resolved {
        record Aimed(Action action) implements Resolved {}

        record NoTarget(String reason) implements Resolved {}
    }

    public Resolved aimAt(Targets targets, Detection detection) {
        Parameters parameters = settled;
        if (parameters == null) {
            Map<String, Object> plain = new LinkedHashMap<>();
            String missing = fill(open, detection, plain);
            if (missing != null) {
                return new Resolved.NoTarget("the detection carries no " + missing);
            }
            try {
                parameters = type.read(plain);
            } catch (IllegalArgumentException unfit) {
                return new Resolved.NoTarget("what the detection says does not fit: " + unfit.getMessage());
            }
        }
        return switch (type) {
            case PROCESS_KILL, PROCESS_SUSPEND, PROCESS_RESUME -> onProcess(targets, parameters);
            default -> onCluster(targets, parameters);
        };
    }

    private Resolved onProcess(Targets targets, Parameters parameters) {
        ProcessRef process = targets.process();
        if (process == null) {
            return new Resolved.NoTarget("the detection names no process");
        }
        if (type == ActionType.PROCESS_SUSPEND) {
            return new Resolved.Aimed(new Action.SuspendProcess(process));
        }
        if (type == ActionType.PROCESS_RESUME) {
            return new Resolved.Aimed(new Action.ResumeProcess(process));
        }
        Action.Scope scope = scope(parameters);
        ContainerRef container = targets.container();
        return scope == Action.Scope.CONTAINER && container == null
                ? new Resolved.NoTarget("the process was in no container")
                : new Resolved.Aimed(new Action.KillProcess(process, scope, Optional.ofNullable(container)));
    }

    private Resolved onCluster(Targets targets, Parameters parameters) {
        for (TargetKind kind : type.targets()) {
            Asset target = kind == TargetKind.ENDPOINT ? new EndpointRef(type.endpoint(parameters)) : targets.of(kind);
            if (target != null) {
                return new Resolved.Aimed(new Action.OnCluster(type, target, parameters));
            }
        }
        return new Resolved.NoTarget("the detection names no "
                + type.targets().stream().map(TargetKind::display).collect(Collectors.joining(" and no ")));
    }

    private static Action.Scope scope(Parameters parameters) {
        return Action.Scope.parse(parameters.text("scope").orElseThrow()).orElseThrow();
    }

    /** Checks names and whatever does not depend on a detection. */
    private Map<String, Object> takenApart(List<Parameter> declared, Map<?, ?> written) {
        Map<String, Object> taken = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : written.entrySet()) {
            String name = String.valueOf(entry.getKey());
            Parameter parameter = declared.stream()
                    .filter(one -> one.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("there is no parameter '" + name + "'"));
            Object value = Objects.requireNonNull(entry.getValue());
            if (parameter.kind() instanceof Kind.Inner inner && value instanceof Map<?, ?> map) {
                taken.put(name, takenApart(inner.parameters(), map));
            } else if (parameter.kind().takesFields() && value.toString().contains("${")) {
                taken.put(name, takenApart(value));
            } else if (parameter.kind().read(value).isEmpty()
                    || (value.toString().contains("${") && !isScript(parameter.kind()))) {
                throw new IllegalArgumentException("'" + value + "' as " + name + ", expected "
                        + parameter.kind().expected());
            } else {
                taken.put(name, value);
            }
        }
        for (Parameter parameter : declared) {
            if (parameter.required() && !written.containsKey(parameter.name())) {
                throw new IllegalArgumentException("'" + parameter.name() + "' is missing, expected "
                        + parameter.kind().expected());
            }
        }
        return taken;
    }

    /** A shell has uses of its own for what looks like a field. */
    static boolean isScript(Kind kind) {
        return kind instanceof Kind.Text text && text.form() == Form.SCRIPT;
    }

    private Object takenApart(Object value) {
        return switch (value) {
            case String text
            when FieldText.namesFields(text) -> {
                FieldText template = FieldText.parse(text);
                fieldsUsed.addAll(template.fields());
                yield template;
            }
            case List<?> list -> list.stream().map(this::takenApart).toList();
            case Map<?, ?> map -> {
                Map<String, Object> inner = new LinkedHashMap<>();
                map.forEach((key, one) -> inner.put(String.valueOf(key), takenApart(one)));
                yield inner;
            }
            default -> value;
        };
    }

    /** Without a field in it, a text that was taken apart is only one with an escape in it. */
    private static Map<String, Object> joined(Map<String, Object> taken) {
        Map<String, Object> joined = new LinkedHashMap<>();
        taken.forEach((name, value) -> joined.put(name, joined(value)));
        return joined;
    }

    private static Object joined(Object value) {
        return switch (value) {
            case FieldText text -> text.withoutFields();
            case List<?> list -> list.stream().map(ActionTemplate::joined).toList();
            case Map<?, ?> map -> {
                Map<String, Object> inner = new LinkedHashMap<>();
                map.forEach((key, one) -> inner.put(String.valueOf(key), joined(one)));
                yield inner;
            }
            default -> value;
        };
    }

    /** The field that is missing, or null. */
    private static @Nullable String fill(Map<?, ?> from, Detection detection, Map<String, Object> into) {
        for (Map.Entry<?, ?> entry : from.entrySet()) {
            String name = String.valueOf(entry.getKey());
            switch (entry.getValue()) {
                case FieldText text -> {
                    Object value = text.in(detection);
                    if (value == null) {
                        return text.missingIn(detection);
                    }
                    into.put(name, value);
                }
                case Map<?, ?> map -> {
                    Map<String, Object> inner = new LinkedHashMap<>();
                    String missing = fill(map, detection, inner);
                    if (missing != null) {
                        return missing;
                    }
                    into.put(name, inner);
                }
                case List<?> list -> {
                    List<Object> filled = new ArrayList<>();
                    for (Object element : list) {
                        Object value = element instanceof FieldText text ? text.in(detection) : element;
                        if (value == null && element instanceof FieldText text) {
                            return text.missingIn(detection);
                        } else if (value instanceof List<?> several) {
                            filled.addAll(several);
                        } else if (value != null) {
                            filled.add(value);
                        }
                    }
                    into.put(name, filled);
                }
                default -> into.put(name, entry.getValue());
            }
        }
        return null;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ActionTemplate template && type == template.type && given.equals(template.given);
    }

    @Override
    public int hashCode() {
        return Objects.hash(type, given);
    }

    @Override
    public String toString() {
        return display();
    }
}
