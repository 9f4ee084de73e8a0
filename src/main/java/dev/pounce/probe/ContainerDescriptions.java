package dev.pounce.probe;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.pounce.asset.PodRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Reads what container runtimes on this node keep about their containers: which pod, which container of it, which image.
 * No API server and no runtime is asked, so that it is known when both are away.
 *
 * <p>Only root can write where it looks. One file of some kilobytes is read for each new container, and kept in mind; {@link
 * #expect} does that beforehand. Bounded. Any thread.
 *
 * <p>Source of the names: the annotations that containerd's CRI plugin and CRI-O put into the OCI runtime configuration.
 */
public final class ContainerDescriptions {

    private static final int REMEMBERED = 4096;

    /** A container may be a little ahead of its file, and is worth a second look; not at each of its events. */
    private static final long NO_HOLDS_NANOS = 2_000_000_000L;

    /** Environments and mounts are in it, too. */
    private static final long LARGEST_BYTES = 4 << 20;

    private static final String CONTAINERD = "io.kubernetes.cri.";
    private static final String POD = "io.kubernetes.pod.";
    private static final String CRIO = "io.kubernetes.cri-o.";
    private static final JsonFactory JSON = new JsonFactory();

    /** Nobody wrote anything down. */
    public static final ContainerDescriptions NONE = new ContainerDescriptions(List.of(), System::nanoTime);

    private record Remembered(Optional<ContainerDescription> description, long nanos) {}

    private final List<Path> bundles;
    private final LongSupplier nanos;
    private final Map<String, Remembered> remembered = new LinkedHashMap<>(256, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Remembered> eldest) {
            return size() > REMEMBERED;
        }
    };

    ContainerDescriptions(List<Path> bundles, LongSupplier nanos) {
        this.bundles = List.copyOf(bundles);
        this.nanos = nanos;
    }

    /**
     * @param run the host's {@code /run}
     * @param containerd where else containerd keeps its state, beside the usual {@code /run/containerd}
     */
    public static ContainerDescriptions under(Path run, List<Path> containerd) {
        List<Path> bundles = new ArrayList<>();
        containerd.forEach(state -> bundles.add(state.resolve("io.containerd.runtime.v2.task/k8s.io")));
        bundles.add(run.resolve("containerd/io.containerd.runtime.v2.task/k8s.io"));
        bundles.add(run.resolve("k3s/containerd/io.containerd.runtime.v2.task/k8s.io"));
        bundles.add(run.resolve("containers/storage/overlay-containers"));
        return new ContainerDescriptions(bundles, System::nanoTime);
    }

    /** Reads it on another thread, so that it is there when it is asked for. Returns at once. */
    public void expect(String id) {
        if (!bundles.isEmpty()) {
            Thread.ofVirtual().name("container-description").start(() -> of(id));
        }
    }

    /** Empty for a container that no runtime of Kubernetes made. Blocks for a file of a local file system, once. */
    public Optional<ContainerDescription> of(String id) {
        if (bundles.isEmpty()) {
            return Optional.empty();
        }
        synchronized (remembered) {
            Remembered known = remembered.get(id);
            if (known != null && (known.description.isPresent() || nanos.getAsLong() - known.nanos < NO_HOLDS_NANOS)) {
                return known.description;
            }
        }
        Optional<ContainerDescription> read = read(id);
        synchronized (remembered) {
            remembered.put(id, new Remembered(read, nanos.getAsLong()));
        }
        return read;
    }

    private Optional<ContainerDescription> read(String id) {
        if (id.isEmpty() || id.startsWith(".") || id.indexOf('/') >= 0) {
            return Optional.empty();
        }
        for (Path bundle : bundles) {
            for (String file : List.of("config.json", "userdata/config.json")) {
                Optional<ContainerDescription> found = read(bundle, id, file);
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<ContainerDescription> read(Path bundle, String id, String name) {
        try {
            Path file = bundle.resolve(id).resolve(name);
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) > LARGEST_BYTES) {
                return Optional.empty();
            }
            return describe(annotations(Files.readAllBytes(file)));
        } catch (IOException | InvalidPathException unreadable) {
            return Optional.empty();
        }
    }

    /** Of the file, without the rest of it ever being anything. */
    private static Map<String, String> annotations(byte[] config) throws IOException {
        Map<String, String> annotations = new HashMap<>();
        try (JsonParser parser = JSON.createParser(config)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean here = parser.currentName().equals("annotations");
                parser.nextToken();
                if (!here) {
                    parser.skipChildren();
                    continue;
                }
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String key = parser.currentName();
                    parser.nextToken();
                    if (key.startsWith("io.kubernetes.")) {
                        annotations.put(key, parser.getText());
                    }
                    parser.skipChildren();
                }
                return annotations;
            }
        }
        return annotations;
    }

    private static Optional<ContainerDescription> describe(Map<String, String> annotations) {
        if (annotations.containsKey(CONTAINERD + "sandbox-namespace")) {
            String podName = annotations.getOrDefault(CONTAINERD + "sandbox-name", "");
            return Optional.of(new ContainerDescription(
                    pod(
                            annotations.getOrDefault(CONTAINERD + "sandbox-namespace", ""),
                            podName,
                            annotations.getOrDefault(CONTAINERD + "sandbox-uid", "")),
                    annotations.getOrDefault(CONTAINERD + "container-name", podName),
                    annotations.getOrDefault(CONTAINERD + "image-name", ""),
                    annotations.getOrDefault(CONTAINERD + "sandbox-id", "")));
        }
        if (annotations.containsKey(POD + "namespace")) {
            String podName = annotations.getOrDefault(POD + "name", "");
            return Optional.of(new ContainerDescription(
                    pod(
                            annotations.getOrDefault(POD + "namespace", ""),
                            podName,
                            annotations.getOrDefault(POD + "uid", "")),
                    annotations.getOrDefault("io.kubernetes.container.name", podName),
                    annotations.getOrDefault(
                            CRIO + "UserRequestedImage", annotations.getOrDefault(CRIO + "ImageName", "")),
                    annotations.getOrDefault(CRIO + "SandboxID", "")));
        }
        return Optional.empty();
    }

    private static Optional<PodRef> pod(String namespace, String name, String uid) {
        return namespace.isEmpty() || name.isEmpty()
                ? Optional.empty()
                : Optional.of(new PodRef(namespace, name, uid.isEmpty() ? Optional.empty() : Optional.of(uid)));
    }
}
