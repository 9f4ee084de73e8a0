package dev.pounce.detection;

import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.probe.ProbeEvent;
import dev.pounce.probe.ProcessEntry;
import java.time.Instant;
import java.util.List;

/**
 * An event and what is known around it, as conditions see it. Valid while its event is being judged and on that
 * thread only: the process entry changes with the next event.
 *
 * @param process the acting process as it is after the event
 * @param epochNanos when it happened, since the epoch
 * @param number of the event since the engine started, from 1
 */
public record EventView(ProbeEvent event, ProcessEntry process, long epochNanos, long number) {

    /** When it happened. */
    public Instant time() {
        return Instant.ofEpochSecond(
                Math.floorDiv(epochNanos, 1_000_000_000L), Math.floorMod(epochNanos, 1_000_000_000L));
    }

    /** What the event speaks of: the acting process, and its container if it has one. */
    public List<Asset> assetsOn(NodeRef node) {
        ProbeEvent.Subject subject = event.subject();
        ProcessRef actor = new ProcessRef(node, subject.pid(), subject.startBoottimeNanos(), subject.pidInode());
        return process.containerId()
                .<List<Asset>>map(id -> List.of(actor, new ContainerRef(node, id)))
                .orElseGet(() -> List.of(actor));
    }
}
