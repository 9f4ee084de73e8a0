package dev.pounce.endtoend;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.stream.Stream;

/**
 * Detection rules and action sets of a test's own. They name what the test itself started: an engine that may act must
 * not find anything else on a machine where other work goes on.
 */
final class PolicyFiles {

    private final Path rules;
    private final Path actionSets;

    private PolicyFiles(Path folder) {
        rules = folder.resolve("rules");
        actionSets = folder.resolve("actionsets");
    }

    static PolicyFiles in(Path folder) {
        PolicyFiles files = new PolicyFiles(folder);
        try {
            Files.createDirectories(files.rules);
            Files.createDirectories(files.actionSets);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        return files;
    }

    /** One rule, in a file of its own. */
    PolicyFiles rule(String name, String condition) {
        write(ruleFile(name), ruleText(name, condition));
        return this;
    }

    /** A rule for the execution of this program and no other. */
    PolicyFiles ruleForExecutionOf(String program, String name) {
        return rule(name, executionOf(program));
    }

    /** The rules that we ship. */
    PolicyFiles shippedRules() {
        try (Stream<Path> shipped = Files.list(Machine.home().resolve("rules/detection"))) {
            for (Path file : shipped.toList()) {
                Files.copy(file, rules.resolve(file.getFileName()));
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        return this;
    }

    /** @param action as in a step, such as {@code process.kill: { scope: tree }} */
    PolicyFiles answer(String rule, String mode, String action) {
        return answer(rule, "", mode, action);
    }

    /** @param where a condition, empty for none */
    PolicyFiles answer(String rule, String where, String mode, String action) {
        String name = "answer-" + Integer.toHexString(rule.hashCode());
        write(actionSets.resolve(name + ".yaml"), """
                apiVersion: pounce.dev/v1
                kind: ActionSet
                metadata: { name: %s }
                spec:
                  mode: %s
                  when:
                    detection:
                      rules: [%s]
                %s  steps:
                    - id: answer
                      %s
                """.formatted(
                        name, mode, rule, where.isEmpty() ? "" : "      where: " + where + "\n", action));
        return this;
    }

    Path ruleFile(String name) {
        return rules.resolve(name.replace(' ', '-') + ".yaml");
    }

    Path rules() {
        return rules;
    }

    Path actionSets() {
        return actionSets;
    }

    /** For {@code pounce run}. */
    String[] arguments(String mode) {
        return new String[] {
            "--mode", mode, "--rules", rules.toString(), "--actionsets", actionSets.toString(),
        };
    }

    static String executionOf(String program) {
        return "evt.type in (execve, execveat) and evt.rawres >= 0 and proc.exepath = " + program;
    }

    static String ruleText(String name, String condition) {
        return """
                - rule: %s
                  desc: A test's own.
                  condition: >
                    %s
                  output: It happened (pid=%%proc.pid exepath=%%proc.exepath cmdline=%%proc.cmdline container=%%container.id)
                  priority: WARNING
                """.formatted(name, condition);
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /** As most editors save: a new file takes the old one's place at once. */
    static void replace(Path file, String text) {
        Path next = file.resolveSibling(file.getFileName() + ".new");
        write(next, text);
        try {
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
