package dev.pounce.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** {@code --state}: where the journal and the sockets of one engine live. */
final class StateOption {

    @Option(
            names = "--state",
            paramLabel = "DIR",
            defaultValue = "${env:POUNCE_STATE:-/var/lib/pounce}",
            description = "State directory: journal, sockets (default: $POUNCE_STATE, else /var/lib/pounce).")
    Path directory;
}
