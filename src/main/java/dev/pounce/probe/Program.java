package dev.pounce.probe;

import java.util.List;

/**
 * What a process runs since its last exec. A child shares its parent's until it executes something itself.
 *
 * @param path of the executable as seen from the process's root; empty when unknown
 * @param argv as given to exec, the name included; empty for a kernel thread
 * @param flags of {@link ProbeEvent.Exec}
 * @param inode 0 when unknown
 * @param inodeCtimeNanos since the epoch
 * @param inodeMtimeNanos since the epoch
 */
public record Program(
        String path, Arguments argv, int flags, long inode, int dev, long inodeCtimeNanos, long inodeMtimeNanos) {

    static final Program UNKNOWN = new Program("", Arguments.NONE, 0, 0, 0, 0, 0);

    static Program of(ProbeEvent.Exec exec) {
        return new Program(
                exec.path(),
                Arguments.of(exec.argv()),
                exec.flags(),
                exec.inode(),
                exec.dev(),
                exec.inodeCtimeNanos(),
                exec.inodeMtimeNanos());
    }

    /** @param flag of {@link ProbeEvent.Exec} */
    public boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** The first argument, which is a name by convention only; empty when there is none. */
    public String exe() {
        return argv.isEmpty() ? "" : argv.get(0);
    }

    /** What follows the first argument, with blanks between. */
    public String argumentText() {
        return argv.after(1).text();
    }

    /** What follows the first argument. */
    public List<String> arguments() {
        return argv.after(1);
    }

    /** Not of every part: to make strings of all arguments would cost more than it is worth. */
    @Override
    public int hashCode() {
        return 31 * (31 * path.hashCode() + argv.contentHash()) + Long.hashCode(inode);
    }
}
