package dev.pounce.probe;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;

/**
 * From the names of a process's cgroups to the id of its container.
 *
 * <p>Only shapes of known runtimes count: 64 hexadecimal digits, alone or in a runtime's dress ({@code
 * docker-….scope}, {@code cri-containerd-….scope}, {@code slice:cri-containerd:…}), and LXC's payload. Any
 * other hexadecimal name is a name: hosts exist whose own cgroups are called by 32 digits, and a host
 * process that is taken for a container gets a container's treatment.
 *
 * <p>Some runtimes let people choose the id (containerd's {@code ctr}: {@code /default/web}). Such a name
 * counts when the process does not live in the host's namespaces and the runtime itself keeps state for a container
 * of that name. That question goes to the file system, so its answer is kept per cgroup: yes for good, no for
 * {@value #NO_HOLDS_NANOS} ns, because the process may be a little ahead of the runtime.
 *
 * <p>The innermost container wins, so that Docker in Docker is the inner one. Not thread-safe; bounded.
 */
public final class ContainerIds {

    private static final long NO_HOLDS_NANOS = 5_000_000_000L;
    private static final int REMEMBERED = 4096;
    private static final int ID_DIGITS = 64;

    /** The runtimes that put their name in front of the id, and Kubernetes runtimes by way of systemd. */
    private static final Set<String> RUNTIMES =
            Set.of("docker", "libpod", "crio", "cri-o", "cri-containerd", "containerd", "nerdctl", "podman", "moby");

    private final ContainerStates states;
    private final Set<Long> homePidNs;
    private final Set<Long> homeMntNs;
    private final Consumer<String> appeared;
    private final Map<String, Optional<String>> shapes = remembering();
    private final Map<String, Confirmation> confirmations = remembering();

    /**
     * @param homePidNs pid namespaces that are the host's (the engine's own, and init's)
     * @param homeMntNs mount namespaces that are the host's
     */
    public ContainerIds(ContainerStates states, Set<Long> homePidNs, Set<Long> homeMntNs) {
        this(states, homePidNs, homeMntNs, id -> {});
    }

    private ContainerIds(ContainerStates states, Set<Long> homePidNs, Set<Long> homeMntNs, Consumer<String> appeared) {
        this.appeared = appeared;
        this.states = states;
        this.homePidNs = Set.copyOf(homePidNs);
        this.homeMntNs = Set.copyOf(homeMntNs);
    }

    /** The engine's own namespaces and those of pid 1, as far as they can be seen, are the host's. */
    public static ContainerIds of(ContainerStates states, ProcSnapshot proc) {
        return new ContainerIds(states, home(proc, "pid"), home(proc, "mnt"));
    }

    /** @param appeared told of each container's id when it is first met; must not block */
    public static ContainerIds of(ContainerStates states, ProcSnapshot proc, Consumer<String> appeared) {
        return new ContainerIds(states, home(proc, "pid"), home(proc, "mnt"), appeared);
    }

    private static Set<Long> home(ProcSnapshot proc, String kind) {
        Set<Long> home = new HashSet<>();
        home.add(proc.namespaceOf("self", kind));
        home.add(proc.namespaceOf("1", kind));
        home.remove(0L); // could not be seen
        return home;
    }

    private record Confirmation(Optional<String> id, long boottimeNanos) {}

    /**
     * The full id, empty for the host.
     *
     * @param cgroup names with slashes between them, the innermost last; with or without one in front
     * @param boottimeNanos of the event, for the age of earlier answers
     */
    public Optional<String> idOf(String cgroup, long pidNs, long mntNs, long boottimeNanos) {
        if (cgroup.isEmpty()) {
            return Optional.empty();
        }
        Optional<String> byShape = shapes.get(cgroup);
        if (byShape == null) {
            byShape = idByShape(cgroup);
            shapes.put(cgroup, byShape);
            byShape.ifPresent(appeared);
        }
        if (byShape.isPresent() || (homePidNs.contains(pidNs) && homeMntNs.contains(mntNs))) {
            return byShape;
        }
        Confirmation earlier = confirmations.get(cgroup);
        if (earlier != null && (earlier.id.isPresent() || boottimeNanos - earlier.boottimeNanos < NO_HOLDS_NANOS)) {
            return earlier.id;
        }
        Optional<String> confirmed = idByState(cgroup);
        confirmations.put(cgroup, new Confirmation(confirmed, boottimeNanos));
        return confirmed;
    }

    static Optional<String> idByShape(String cgroup) {
        int end = cgroup.length();
        while (end > 0) {
            int slash = cgroup.lastIndexOf('/', end - 1);
            Optional<String> id = idOfName(cgroup.substring(slash + 1, end));
            if (id.isPresent()) {
                return id;
            }
            end = slash;
        }
        return Optional.empty();
    }

    private static Optional<String> idOfName(String name) {
        if (name.startsWith("lxc.payload.") && name.length() > "lxc.payload.".length()) {
            return Optional.of(name.substring("lxc.payload.".length()));
        }
        String bare = name.endsWith(".scope") ? name.substring(0, name.length() - ".scope".length()) : name;
        if (bare.length() < ID_DIGITS) {
            return Optional.empty();
        }
        String id = bare.substring(bare.length() - ID_DIGITS);
        return isHex(id) && isDress(bare.substring(0, bare.length() - ID_DIGITS)) ? Optional.of(id) : Optional.empty();
    }

    /**
     * What may stand before the digits: nothing, {@code docker-}, {@code slice:cri-containerd:}. Not {@code
     * libpod-conmon-}: that is the monitor, which runs on the host.
     */
    private static boolean isDress(String before) {
        if (before.isEmpty()) {
            return true;
        }
        String runtime = before.substring(0, before.length() - 1);
        return switch (before.charAt(before.length() - 1)) {
            case '-' -> RUNTIMES.contains(runtime);
            case ':' -> runtime.contains(":") && RUNTIMES.contains(runtime.substring(runtime.lastIndexOf(':') + 1));
            default -> false;
        };
    }

    private static boolean isHex(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
                return false;
            }
        }
        return true;
    }

    /** containerd: {@code NAMESPACE/ID}; runc and crun: {@code ID}, {@code runc-ID.scope}, {@code slice:runtime:ID}. */
    private Optional<String> idByState(String cgroup) {
        String[] names = cgroup.split("/");
        for (int i = names.length - 1; i >= 0; i--) {
            String name = names[i];
            if (name.isEmpty()) {
                continue;
            }
            if (i > 0 && !names[i - 1].isEmpty() && states.containerdHas(names[i - 1], name)) {
                return Optional.of(name);
            }
            int colon = name.lastIndexOf(':');
            if (colon >= 0) {
                String runtime = name.substring(name.lastIndexOf(':', colon - 1) + 1, colon);
                String id = name.substring(colon + 1);
                if (states.containerdHas(runtime, id) || states.runcHas(id)) {
                    return Optional.of(id);
                }
            }
            if (states.runcHas(name)) {
                return Optional.of(name);
            }
            OptionalInt dash = scopeDash(name);
            if (dash.isPresent()) {
                String id = name.substring(dash.getAsInt() + 1, name.length() - ".scope".length());
                String prefix = name.substring(0, dash.getAsInt());
                if (states.containerdHas(prefix, id) || states.runcHas(id)) {
                    return Optional.of(id);
                }
            }
        }
        return Optional.empty();
    }

    private static OptionalInt scopeDash(String name) {
        int dash = name.indexOf('-');
        return dash > 0 && name.endsWith(".scope") ? OptionalInt.of(dash) : OptionalInt.empty();
    }

    private static <V> Map<String, V> remembering() {
        return new LinkedHashMap<>(256, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
                return size() > REMEMBERED;
            }
        };
    }
}
