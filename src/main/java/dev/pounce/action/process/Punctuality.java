package dev.pounce.action.process;

/**
 * Puts a thread before those of ordinary programs. On a busy machine an event would otherwise wait for milliseconds until
 * it is the reader's turn, longer than everything that is done about it.
 *
 * <p>Here, because this is the one package that calls C.
 */
public final class Punctuality {

    private static final int SCHED_RR = 2;

    /** What the thread starts is ordinary again. */
    private static final int SCHED_RESET_ON_FORK = 0x4000_0000;

    private static final int LOWEST = 1;

    private Punctuality() {}

    /**
     * Gives the calling thread the lowest real-time priority. It must be one that mostly waits: it is served before
     * everything else, until the kernel's limit for such threads (95 % of the time) stops it.
     *
     * @return false when that is not permitted (it takes CAP_SYS_NICE); nothing has changed then
     */
    public static boolean ofThisThread() {
        return Signals.setScheduler(SCHED_RR | SCHED_RESET_ON_FORK, LOWEST) == 0;
    }
}
