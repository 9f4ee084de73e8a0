package dev.pounce.detection;

import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.probe.ContainerDescription;
import dev.pounce.probe.ProbeEvent;
import dev.pounce.probe.ProcessEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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

    /** What the event speaks of: the acting process, and its container and pod if it has them. */
    public List<Asset> assetsOn(NodeRef node, Optional<ContainerDescription> described) {
        ProbeEvent.Subject subject = event.subject();
        List<Asset> assets = new ArrayList<>(3);
        assets.add(new ProcessRef(node, subject.pid(), subject.startBoottimeNanos(), subject.pidInode()));
        process.containerId().ifPresent(id -> assets.add(new ContainerRef(node, id)));
        described.flatMap(ContainerDescription::pod).ifPresent(assets::add);
        return assets;
    }
}
