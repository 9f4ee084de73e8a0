package dev.pounce.probe;

import java.util.Set;

/**
 * What the loaded rules can match: the probe drops the rest in the kernel. Exec, fork and exit are always
 * reported, the process table needs them.
 *
 * @param opens whether opens are wanted at all
 * @param openNames an open is reported when one whole component of its path is in here
 * @param everyOpen the names are not exhaustive: report all opens
 */
public record ProbeFilter(
        boolean opens,
        Set<String> openNames,
        boolean everyOpen,
        boolean failedOpens,
        boolean failedExecs,
        boolean connects,
        boolean unixConnects) {
    public ProbeFilter {
        openNames = Set.copyOf(openNames);
    }
}
