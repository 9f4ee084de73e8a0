package dev.pounce.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "version", description = "Prints the version of the engine and of the Java it runs on.")
final class VersionCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Option(names = "-o", paramLabel = "FORMAT", description = "text or json", defaultValue = "text")
    Output output = Output.TEXT;

    @Override
    public Integer call() {
        String version = Version.current();
        String java = Runtime.version().toString();
        spec.commandLine()
                .getOut()
                .println(
                        switch (output) {
                            case TEXT -> "pounce " + version + " (Java " + java + ")";
                            case JSON -> "{\"version\":\"" + version + "\",\"java\":\"" + java + "\"}";
                        });
        return 0;
    }
}
