package dev.pounce.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.ActionType;
import dev.pounce.action.Kind;
import dev.pounce.action.Parameter;
import dev.pounce.action.Right;
import dev.pounce.action.TargetKind;
import dev.pounce.source.DurationText;
import dev.pounce.source.Spelling;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "actions",
        description = "What the steps of action sets can do.",
        subcommands = {ActionsCommand.All.class, ActionsCommand.Show.class})
final class ActionsCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return 2;
    }

    @Command(name = "list", description = "Prints every action: its name, what it is aimed at, and what it does.")
    static final class All implements Callable<Integer> {

        @Spec
        CommandSpec spec;

        @Option(names = "-o", paramLabel = "FORMAT", description = "text or json", defaultValue = "text")
        Output output = Output.TEXT;

        @Override
        public Integer call() {
            PrintWriter out = spec.commandLine().getOut();
            switch (output) {
                case TEXT -> {
                    Table table = new Table("ACTION", "TARGET", "UNDO", "WHAT IT DOES");
                    for (ActionType type : ActionType.values()) {
                        table.row(type.verb(), targets(type), type.undo().orElse("-"), type.summary());
                    }
                    table.print(out);
                }
                case JSON -> {
                    ArrayNode all = JsonNodeFactory.instance.arrayNode();
                    Stream.of(ActionType.values()).map(ActionsCommand::json).forEach(all::add);
                    out.println(all.toPrettyString());
                }
            }
            return 0;
        }
    }

    @Command(
            name = "show",
            description = "Prints the parameters of an action with their defaults, the rights it needs, and its undo.")
    static final class Show implements Callable<Integer> {

        @Spec
        CommandSpec spec;

        @Parameters(paramLabel = "ACTION", description = "Such as pod.terminate.")
        String verb = "";

        @Option(names = "-o", paramLabel = "FORMAT", description = "text or json", defaultValue = "text")
        Output output = Output.TEXT;

        @Override
        public Integer call() {
            ActionType type = ActionType.of(verb)
                    .orElseThrow(() -> new Refusal("there is no action '" + verb + "'"
                            + Spelling.closest(
                                            verb,
                                            Stream.of(ActionType.values())
                                                    .map(ActionType::verb)
                                                    .toList())
                                    .map(near -> "; did you mean '" + near + "'?")
                                    .orElse("; 'pounce actions list' prints all")));
            PrintWriter out = spec.commandLine().getOut();
            switch (output) {
                case TEXT -> print(type, out);
                case JSON -> out.println(json(type).toPrettyString());
            }
            return 0;
        }

        private static void print(ActionType type, PrintWriter out) {
            out.println(type.verb());
            out.println("  " + type.summary());
            out.println();
            out.println("  target  " + targets(type));
            out.println("  lane    " + type.lane().display());
            out.println("  within  " + DurationText.display(type.patience()) + ", unless the step says otherwise");
            out.println("  undo    " + type.undo().orElse("none"));
            out.println();
            out.println(type.parameters().isEmpty() ? "  no parameters" : "  parameters");
            parameters(type.parameters(), "    ", out);
            oneOf(type).forEach(rule -> out.println("    " + rule));
            out.println();
            out.println(type.rights().isEmpty() ? "  no rights are needed" : "  rights");
            type.rights().forEach(right -> out.println("    " + right.display()));
        }

        private static void parameters(List<Parameter> parameters, String indent, PrintWriter out) {
            for (Parameter parameter : parameters) {
                String given = parameter.required()
                        ? ", required"
                        : parameter
                                .fallback()
                                .map(value -> ", default " + display(value))
                                .orElse("");
                out.println(indent + parameter.name() + ": " + parameter.description());
                if (parameter.kind() instanceof Kind.Inner inner) {
                    parameters(inner.parameters(), indent + "    ", out);
                } else {
                    out.println(indent + "    " + parameter.kind().expected() + given);
                }
            }
        }
    }

    private static String targets(ActionType type) {
        return type.targets().stream().map(TargetKind::display).collect(Collectors.joining(" or "));
    }

    private static List<String> oneOf(ActionType type) {
        return Stream.of(
                        type.exactlyOneOf().isEmpty() ? "" : "exactly one of " + sorted(type.exactlyOneOf()),
                        type.atMostOneOf().isEmpty() ? "" : "at most one of " + sorted(type.atMostOneOf()))
                .filter(rule -> !rule.isEmpty())
                .toList();
    }

    private static String sorted(java.util.Set<String> names) {
        return names.stream().sorted().collect(Collectors.joining(", "));
    }

    private static String display(Object value) {
        return value instanceof java.time.Duration time ? DurationText.display(time) : value.toString();
    }

    private static ObjectNode json(ActionType type) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("action", type.verb()).put("family", type.family().display()).put("summary", type.summary());
        ArrayNode targets = json.putArray("targets");
        type.targets().forEach(target -> targets.add(target.display()));
        json.put("lane", type.lane().display()).put("within", DurationText.display(type.patience()));
        type.undo().ifPresent(undo -> json.put("undo", undo));
        json.put("disruption", type.disruption());
        json.set("parameters", json(type.parameters()));
        if (!type.exactlyOneOf().isEmpty()) {
            ArrayNode names = json.putArray("exactly_one_of");
            type.exactlyOneOf().stream().sorted().forEach(names::add);
        }
        if (!type.atMostOneOf().isEmpty()) {
            ArrayNode names = json.putArray("at_most_one_of");
            type.atMostOneOf().stream().sorted().forEach(names::add);
        }
        ArrayNode rights = json.putArray("rights");
        type.rights().forEach(right -> rights.add(json(right)));
        return json;
    }

    private static ArrayNode json(List<Parameter> parameters) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        for (Parameter parameter : parameters) {
            ObjectNode json = array.addObject();
            json.put("name", parameter.name())
                    .put("required", parameter.required())
                    .put("expected", parameter.kind().expected())
                    .put("description", parameter.description());
            parameter.fallback().ifPresent(value -> {
                switch (value) {
                    case Long number -> json.put("default", number);
                    case Boolean truth -> json.put("default", truth);
                    default -> json.put("default", display(value));
                }
            });
            json.put("fields", parameter.kind().takesFields());
            if (parameter.kind() instanceof Kind.Inner inner) {
                json.set("parameters", json(inner.parameters()));
            }
        }
        return array;
    }

    private static ObjectNode json(Right right) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        switch (right) {
            case Right.Api api -> {
                json.put("apiGroup", api.group()).put("resource", api.resource());
                ArrayNode verbs = json.putArray("verbs");
                api.verbs().forEach(verbs::add);
                api.when().ifPresent(when -> {
                    ObjectNode condition = json.putObject("when").put("parameter", when.parameter());
                    ArrayNode values = condition.putArray("values");
                    when.values().stream().sorted().forEach(values::add);
                });
            }
            case Right.Capability capability -> json.put("capability", capability.name());
            case Right.Elsewhere elsewhere ->
                json.put("system", elsewhere.system()).put("permission", elsewhere.permission());
        }
        return json;
    }
}
