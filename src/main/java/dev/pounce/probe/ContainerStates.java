package dev.pounce.probe;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/** Which containers the runtimes on this node keep state for. May block for a look at a local file system. */
public interface ContainerStates {

    boolean containerdHas(String namespace, String id);

    /** runc or crun, used without a daemon. */
    boolean runcHas(String id);

    /** No runtime keeps state where we can see it. */
    ContainerStates NONE = new ContainerStates() {
        @Override
        public boolean containerdHas(String namespace, String id) {
            return false;
        }

        @Override
        public boolean runcHas(String id) {
            return false;
        }
    };

    /**
     * Looks into the directories in which the runtimes keep one subdirectory per container; only root can make
     * one there. A name is asked for as it stands and never followed elsewhere.
     *
     * @param run the host's {@code /run}
     */
    static ContainerStates under(Path run) {
        return new ContainerStates() {
            private final List<Path> tasks = List.of(
                    run.resolve("containerd/io.containerd.runtime.v2.task"),
                    run.resolve("containerd/runc"), // runc's own, where containerd keeps its state elsewhere
                    run.resolve("containerd/io.containerd.runtime.v1.linux"),
                    run.resolve("k3s/containerd/io.containerd.runtime.v2.task"));
            private final List<Path> roots = List.of(run.resolve("runc"), run.resolve("crun"));

            @Override
            public boolean containerdHas(String namespace, String id) {
                return isName(namespace)
                        && isName(id)
                        && tasks.stream().anyMatch(root -> isDirectory(root, namespace + "/" + id));
            }

            @Override
            public boolean runcHas(String id) {
                return isName(id) && roots.stream().anyMatch(root -> isDirectory(root, id));
            }
        };
    }

    private static boolean isName(String name) {
        return !name.isEmpty() && !name.equals(".") && !name.equals("..") && name.indexOf('/') < 0;
    }

    private static boolean isDirectory(Path root, String name) {
        try {
            return Files.isDirectory(root.resolve(name), LinkOption.NOFOLLOW_LINKS);
        } catch (InvalidPathException unspeakable) {
            return false;
        }
    }
}
