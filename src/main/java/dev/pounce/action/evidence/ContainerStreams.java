package dev.pounce.action.evidence;

import dev.pounce.asset.PodRef;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;

/**
 * What comes out of containers through the API server, as streams. Any thread; every call blocks until its stream has ended, at
 * the latest at its deadline.
 *
 * <p>The server is asked by the pod's name: a uid cannot be insisted on here, and is for the caller to compare afterwards.
 */
public interface ContainerStreams {

    /**
     * The last lines that a container wrote.
     *
     * @param previous of the one that ran before it was started again
     * @param to where they go; a write that fails ends the stream
     */
    Ended logs(PodRef pod, String container, boolean previous, long lines, OutputStream to, Instant deadline);

    /**
     * Runs a program in a container and streams what it prints.
     *
     * @param argv each as it arrives there
     * @param to where it goes; a write that fails ends the program
     */
    Ended run(PodRef pod, String container, List<String> argv, OutputStream to, Instant deadline);

    /**
     * Has the kubelet write down the whole state of a container, on its node.
     *
     * @return {@link Ended.Whole} with the path on the node as what it said
     */
    Ended checkpoint(PodRef pod, String node, String container, Instant deadline);

    /** How a stream ended. */
    sealed interface Ended {

        /**
         * By itself.
         *
         * @param exit of the program; 0 for what is no program
         * @param said on its standard error, the beginning of it
         */
        record Whole(int exit, String said) implements Ended {}

        /** It never began. */
        record Refused(int code, String why, boolean retryable) implements Ended {}

        /** Before its end: the connection broke, the time was over, or what it was written to failed. */
        record Broken(String why) implements Ended {}
    }
}
