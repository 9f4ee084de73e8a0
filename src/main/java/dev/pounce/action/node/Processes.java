package dev.pounce.action.node;

import dev.pounce.action.process.ContainerMembership;
import dev.pounce.asset.ContainerRef;
import java.io.File;
import java.util.Set;
import java.util.TreeSet;

/** Which control groups bear a container's id, from all processes that are there now. Reads {@code /proc}, for milliseconds. */
final class Processes {

    private Processes() {}

    /** One, unless somebody has made a control group with another's name. */
    static Set<String> directoriesOf(ContainerRef container, ContainerMembership membership) {
        Set<String> directories = new TreeSet<>();
        String[] names = new File("/proc").list();
        for (String name : names == null ? new String[0] : names) {
            if (name.charAt(0) >= '1' && name.charAt(0) <= '9') {
                membership.directoryOf(Integer.parseInt(name), container).ifPresent(directories::add);
            }
        }
        return directories;
    }
}
