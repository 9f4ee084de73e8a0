package dev.pounce.planning;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Where in a program's arguments a detection must have no say: where they are the program's name, or text that the program, or
 * one that it starts, takes for commands. What is not known for certain to be a plain argument is refused.
 */
final class CommandLine {

    private static final String PLAIN = "such as [sh, -c, 'cat \"$1\"', sh, \"${proc.exepath}\"]";

    private static final Pattern SHELL = Pattern.compile("(?:ba|da|a|k|z|mk|pdk|yash|fi)?sh");

    private static final Pattern INTERPRETER =
            Pattern.compile("(?:python|perl|ruby|node|nodejs|php|lua|luajit|tclsh|wish|deno|bun)[0-9.]*");

    /** Programs that take commands, or a language of their own, in any of their arguments. */
    private static final Set<String> COMMANDED = Set.of(
            "awk",
            "gawk",
            "mawk",
            "nawk",
            "sed",
            "gsed",
            "su",
            "runuser",
            "ssh",
            "dbclient",
            "xargs",
            "parallel",
            "find",
            "eval",
            "script",
            "watch",
            "expect",
            "gdb",
            "ed",
            "ex",
            "vi",
            "vim",
            "make",
            "m4",
            "dc",
            "bc",
            "at",
            "batch",
            "crontab",
            "start-stop-daemon",
            "systemd-run",
            "kubectl",
            "crictl",
            "ctr",
            "docker",
            "nerdctl",
            "podman",
            "mysql",
            "psql",
            "sqlite3",
            "tar",
            "rsync",
            "git",
            "socat",
            "nc",
            "ncat",
            "flock",
            "trap",
            "source",
            ".");

    /** Programs that start the one that is named behind their options, and after so many words of their own. */
    private static final Map<String, Integer> WRAPPERS = Map.ofEntries(
            Map.entry("env", 0),
            Map.entry("nice", 0),
            Map.entry("ionice", 0),
            Map.entry("chrt", 1),
            Map.entry("taskset", 1),
            Map.entry("nohup", 0),
            Map.entry("setsid", 0),
            Map.entry("stdbuf", 0),
            Map.entry("timeout", 1),
            Map.entry("time", 0),
            Map.entry("chroot", 1),
            Map.entry("nsenter", 0),
            Map.entry("unshare", 0),
            Map.entry("sudo", 0),
            Map.entry("doas", 0),
            Map.entry("busybox", 0),
            Map.entry("toybox", 0),
            Map.entry("exec", 0),
            Map.entry("command", 0),
            Map.entry("builtin", 0),
            Map.entry("setpriv", 0),
            Map.entry("capsh", 0),
            Map.entry("strace", 0),
            Map.entry("ltrace", 0),
            Map.entry("tini", 0),
            Map.entry("dumb-init", 0),
            Map.entry("su-exec", 1),
            Map.entry("gosu", 1));

    private static final Pattern SHELL_COMMAND = Pattern.compile("-[A-Za-z]*c[A-Za-z]*|--command");
    private static final Pattern COMMAND = Pattern.compile("-[A-Za-z]*[cerEp][A-Za-z]*|--eval|--command|--print|--run");
    private static final Pattern ASSIGNMENT = Pattern.compile("(?s)[A-Za-z_][A-Za-z0-9_]*=.*");

    /** What is wrong with the argument at an index. */
    record Objection(int index, String found, String expected, String hint) {}

    private final List<String> argv;
    private final Predicate<String> hasField;
    private final List<Objection> objections = new ArrayList<>();

    private CommandLine(List<String> argv, Predicate<String> hasField) {
        this.argv = argv;
        this.hasField = hasField;
    }

    static List<Objection> objectionsTo(List<String> argv, Predicate<String> hasField) {
        CommandLine line = new CommandLine(argv, hasField);
        line.program(0);
        return List.copyOf(line.objections);
    }

    private void program(int at) {
        if (hasField.test(argv.get(at))) {
            objections.add(new Objection(at, "a field as the program", "the program, written out", ""));
            return;
        }
        String name = name(argv.get(at));
        if (SHELL.matcher(name).matches()) {
            shell(at + 1);
        } else if (INTERPRETER.matcher(name).matches()) {
            interpreter(at + 1);
        } else if (COMMANDED.contains(name)) {
            nothing(at + 1, name);
        } else if (WRAPPERS.containsKey(name)) {
            wrapper(at + 1, name, WRAPPERS.getOrDefault(name, 0));
        } else {
            another(at + 1);
        }
    }

    private static String name(String program) {
        return program.substring(program.lastIndexOf('/') + 1);
    }

    private void shell(int from) {
        boolean command = false;
        boolean fromInput = false;
        int at = from;
        while (at < argv.size()) {
            String option = argv.get(at);
            if (option.equals("--") || option.equals("-")) {
                at++;
                break;
            }
            if (!option.startsWith("-") && !option.startsWith("+")) {
                break;
            }
            refuse(at);
            command |= SHELL_COMMAND.matcher(option).matches();
            fromInput |= option.equals("-s");
            boolean hasValue = (option.endsWith("o") && !option.startsWith("--"))
                    || option.equals("--rcfile")
                    || option.equals("--init-file");
            if (hasValue && at + 1 < argv.size()) {
                refuse(++at);
            }
            at++;
        }
        // With -s and without -c what follows are the script's arguments
        if (at < argv.size() && (command || !fromInput)) {
            refuse(at);
        }
    }

    private void interpreter(int from) {
        int at = from;
        while (at < argv.size()) {
            String option = argv.get(at);
            refuse(at);
            at++;
            if (option.equals("--") || COMMAND.matcher(option).matches()) {
                // Perhaps the text stands behind more options, or behind --
                while (at < argv.size() && argv.get(at).startsWith("-")) {
                    refuse(at++);
                }
                if (at < argv.size()) {
                    refuse(at);
                }
                return;
            }
            if (!option.startsWith("-")) {
                return;
            }
        }
    }

    private void nothing(int from, String name) {
        for (int at = from; at < argv.size(); at++) {
            if (hasField.test(argv.get(at))) {
                objections.add(new Objection(
                        at,
                        "a field behind '" + name + "', which may take it for a command",
                        "what the detection says as an argument of a program that does nothing else with it",
                        PLAIN));
            }
        }
    }

    /** Which word is the program and which is an option's value is not known; behind {@code --} it is. */
    private void wrapper(int from, String name, int ownWords) {
        int own = ownWords;
        boolean optionsOver = false;
        for (int at = from; at < argv.size(); at++) {
            String word = argv.get(at);
            if (!optionsOver && word.equals("--")) {
                optionsOver = true;
            } else if (hasField.test(word) && !isVariable(name, word)) {
                objections.add(new Objection(
                        at,
                        "a field behind '" + name + "', where it may be the program",
                        "the program, written out, before it",
                        name.equals("timeout") || name.equals("chroot") ? "" : "write -- before the program"));
                return;
            } else if (!isVariable(name, word) && (optionsOver || (!word.startsWith("-") && !isValue(at, from)))) {
                if (own-- == 0) {
                    program(at);
                    return;
                }
            }
        }
    }

    private static boolean isVariable(String name, String word) {
        return name.equals("env") && ASSIGNMENT.matcher(word).matches();
    }

    private boolean isValue(int at, int from) {
        String before = at == from ? "" : argv.get(at - 1);
        String name = name(argv.get(at));
        boolean known = SHELL.matcher(name).matches()
                || INTERPRETER.matcher(name).matches()
                || COMMANDED.contains(name)
                || WRAPPERS.containsKey(name);
        return before.startsWith("-") && !before.contains("=") && !known;
    }

    /** Of a program that is not known: whatever looks as if a shell or an interpreter were started by it. */
    private void another(int from) {
        for (int at = from; at < argv.size(); at++) {
            String name = name(argv.get(at));
            boolean shell = SHELL.matcher(name).matches();
            if ((shell || INTERPRETER.matcher(name).matches())
                    && at + 1 < argv.size()
                    && argv.get(at + 1).startsWith("-")) {
                if (shell) {
                    shell(at + 1);
                } else {
                    interpreter(at + 1);
                }
                return;
            }
        }
    }

    private void refuse(int at) {
        if (hasField.test(argv.get(at))) {
            objections.add(new Objection(
                    at,
                    "a field in text that a shell reads",
                    "the text written out, with what the detection says behind it as arguments",
                    PLAIN));
        }
    }
}
