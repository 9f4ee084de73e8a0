package dev.pounce.cli;

import dev.pounce.ControlSocket;
import dev.pounce.audit.AuditQuery;
import dev.pounce.audit.ResponseRecord;
import java.nio.file.Files;
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

    /** @throws Refusal if there is none to read */
    void requireJournal() {
        if (!Files.isDirectory(directory.resolve("journal"))) {
            throw new Refusal("there is no journal in the state directory " + directory
                    + "; name another with --state or POUNCE_STATE");
        }
    }

    /**
     * @return one line of JSON
     * @throws Refusal if no engine runs
     */
    String askEngine(String question) {
        return ControlSocket.ask(directory, question)
                .orElseThrow(() -> new Refusal("no engine runs on the state directory " + directory
                        + "; start one with pounce run, or name another with --state"));
    }

    /**
     * @param id of the response, or of its incident, or the beginning of either
     * @throws Refusal if there is not exactly one
     */
    ResponseRecord response(String id) {
        requireJournal();
        return new AuditQuery(directory)
                .response(id)
                .orElseThrow(() -> new Refusal("no single response begins with '" + id + "'; see pounce audit list"));
    }
}
