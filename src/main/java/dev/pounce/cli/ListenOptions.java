package dev.pounce.cli;

import dev.pounce.intake.AdmissionServer;
import dev.pounce.intake.Listening;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --listen}, {@code --admission} and what belongs to them: whom the engine lets talk to it by HTTP. */
final class ListenOptions {

    private static final Pattern FORM = Pattern.compile("(?:\\[([0-9a-fA-F:.%]+)]|([^:\\[\\]]+)):(\\d{1,5})");

    @Spec(Spec.Target.MIXEE)
    CommandSpec spec;

    @Option(
            names = "--listen",
            paramLabel = "ADDRESS:PORT",
            description = {
                "Takes alerts of Falco and Falcosidekick by HTTP, such as 127.0.0.1:2803. Each request must carry",
                "'Authorization: Bearer' and the token, which is made at the first start in the state directory's",
                "file 'token'."
            })
    Optional<String> address = Optional.empty();

    @Option(names = "--no-auth", description = "Asks for no token. Only on a loopback address.")
    boolean open;

    @Option(
            names = "--admission",
            paramLabel = "ADDRESS:PORT",
            description = {
                "Judges ActionSet resources for the API server before it stores them, by HTTPS, such as 0.0.0.0:2804.",
                "Needs --tls-cert and --tls-key, and a ValidatingWebhookConfiguration that names this address."
            })
    Optional<String> admission = Optional.empty();

    @Option(
            names = "--admission-client-ca",
            paramLabel = "FILE",
            description = {
                "Authorities, PEM: only an API server that shows a certificate of one of them may ask (default: whoever",
                "reaches the address of --admission). Read again when it changes."
            })
    Optional<Path> admissionClients = Optional.empty();

    @Option(
            names = "--tls-cert",
            paramLabel = "FILE",
            description =
                    "Certificate chain, PEM. Required with --tls-key where others can reach the address. Read again when it"
                            + " changes.")
    Optional<Path> certificate = Optional.empty();

    @Option(names = "--tls-key", paramLabel = "FILE", description = "Private key of the certificate, PEM.")
    Optional<Path> key = Optional.empty();

    /** @throws ParameterException when these options do not fit together */
    Optional<Listening> listening() {
        if (certificate.isPresent() != key.isPresent()) {
            throw usage("--tls-cert and --tls-key belong together; found one, expected both or none");
        }
        if (address.isEmpty()) {
            if (open) {
                throw usage("--no-auth says how to listen; expected --listen with it");
            }
            if (certificate.isPresent() && admission.isEmpty()) {
                throw usage("--tls-cert and --tls-key say how to listen; expected --listen or --admission with them");
            }
            return Optional.empty();
        }
        InetSocketAddress where = parse("--listen", address.get());
        if (!where.getAddress().isLoopbackAddress()) {
            if (open) {
                throw usage("--no-auth on " + address.get() + ", which others can reach; expected a loopback address"
                        + " such as 127.0.0.1:2803, or no --no-auth");
            }
            if (certificate.isEmpty()) {
                throw usage("--listen " + address.get() + " without TLS, and others can reach it: the token could be"
                        + " read on its way; expected --tls-cert and --tls-key, or a loopback address");
            }
        }
        return Optional.of(new Listening(where, !open, tls()));
    }

    /** @throws ParameterException when these options do not fit together */
    Optional<AdmissionServer.Settings> admission() {
        if (admissionClients.isPresent() && admission.isEmpty()) {
            throw usage("--admission-client-ca says who may ask; expected --admission with it");
        }
        return admission.map(text -> new AdmissionServer.Settings(
                parse("--admission", text),
                tls().map(own -> new Listening.Tls(
                                own.certificate(), own.key(), admissionClients.map(Path::toAbsolutePath)))
                        .orElseThrow(
                                () -> usage("--admission without TLS, and an API server asks by HTTPS alone; expected"
                                        + " --tls-cert and --tls-key with it"))));
    }

    private Optional<Listening.Tls> tls() {
        return certificate.flatMap(
                chain -> key.map(secret -> new Listening.Tls(chain.toAbsolutePath(), secret.toAbsolutePath())));
    }

    private InetSocketAddress parse(String option, String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches() || Integer.parseInt(form.group(3)) > 65_535) {
            throw usage(
                    "'" + text + "' as " + option + "; expected ADDRESS:PORT, such as 127.0.0.1:2803 or [::1]:2803");
        }
        String host = form.group(1) != null ? form.group(1) : form.group(2);
        try {
            return new InetSocketAddress(InetAddress.getByName(host), Integer.parseInt(form.group(3)));
        } catch (UnknownHostException unknown) {
            throw usage("'" + host + "' as " + option + " is no address of this machine and no name that is known");
        }
    }

    private ParameterException usage(String message) {
        CommandLine command = spec.commandLine();
        return new ParameterException(command, message);
    }
}
