package dev.pounce.cluster;

import dev.pounce.asset.Answer;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.WorkloadRef;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What is known of the cluster at this moment, without asking it: no answer waits. What has not been heard of for a while is
 * not known, rather than as it was.
 *
 * <p>Any thread.
 */
public interface ClusterFacts {

    CompletableFuture<Void> KNOWN = CompletableFuture.completedFuture(null);

    /**
     * Finds out about a pod that is not followed, so that the answers are there for the next moment. Returns at once.
     *
     * @return completed when there is nothing to wait for, and else within a few seconds, never exceptionally: what could not be
     *     found out stays unknown
     */
    default CompletableFuture<Void> lookUp(PodRef pod) {
        return KNOWN;
    }

    /** The same about what makes it, and all its pods. */
    default CompletableFuture<Void> lookUpWorkload(Pod pod) {
        return KNOWN;
    }

    /** Whether what is followed was listed once. */
    default boolean knowsPods() {
        return true;
    }

    Answer<Pod> pod(String namespace, String name);

    /** As it was when the cluster was heard of last: for what makes sure of the pod itself before it acts. */
    default Answer<Pod> lastKnownPod(String namespace, String name) {
        return pod(namespace, name);
    }

    /** As it was when the cluster was heard of last, if that is long ago: a uid does not become another's. */
    Answer<Pod> podWithUid(String uid);

    /** @param id the runtime's; of which the first twelve characters are enough, as long as one container begins so */
    Answer<Pod> podOfContainer(String id);

    /** Of those that run, and not of those that share their node's address. */
    Answer<Pod> podByIp(String ip);

    /** Gone when no node of that name is known. */
    Answer<List<Pod>> podsOfNode(String node);

    Answer<Node> node(String name);

    /** Gone for a pod that nothing would start again, such as one that somebody made by hand. */
    Answer<Workload> workloadOf(Pod pod);

    /** Its name alone, which may be known when the others of its pods are not. */
    default Answer<WorkloadRef> workloadNameOf(Pod pod) {
        return switch (workloadOf(pod)) {
            case Answer.Known<Workload>(Workload workload) -> new Answer.Known<>(workload.ref());
            case Answer.Gone<Workload> gone -> new Answer.Gone<>();
            case Answer.Unknown<Workload>(String why) -> new Answer.Unknown<>(why);
        };
    }

    /**
     * One that is told by its own name.
     *
     * @param resource as in {@link dev.pounce.asset.ObjectRef}, such as {@code deployments.apps}
     */
    Answer<Workload> workload(String resource, String namespace, String name);

    /** Those that count it; none is an answer, too. */
    Answer<List<Budget>> budgetsOf(Pod pod);

    Answer<Integer> readyPodsIn(String namespace);

    /** There is no cluster, or no way to it. */
    ClusterFacts NO_CLUSTER = new ClusterFacts() {
        private <T> Answer<T> unknown() {
            return new Answer.Unknown<>("this engine knows of no cluster");
        }

        @Override
        public Answer<Pod> pod(String namespace, String name) {
            return unknown();
        }

        @Override
        public Answer<Pod> podWithUid(String uid) {
            return unknown();
        }

        @Override
        public Answer<Pod> podOfContainer(String id) {
            return unknown();
        }

        @Override
        public Answer<Pod> podByIp(String ip) {
            return unknown();
        }

        @Override
        public Answer<List<Pod>> podsOfNode(String node) {
            return unknown();
        }

        @Override
        public Answer<Node> node(String name) {
            return unknown();
        }

        @Override
        public Answer<Workload> workloadOf(Pod pod) {
            return unknown();
        }

        @Override
        public Answer<Workload> workload(String resource, String namespace, String name) {
            return unknown();
        }

        @Override
        public Answer<List<Budget>> budgetsOf(Pod pod) {
            return unknown();
        }

        @Override
        public Answer<Integer> readyPodsIn(String namespace) {
            return unknown();
        }
    };
}
