package dev.pounce;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.probe.EventKind;
import dev.pounce.probe.ProbeHealth;
import java.util.Locale;
import java.util.Optional;

/** How probe and engine are, as the answer to {@code pounce probe status}. */
final class ProbeStatus {

    private ProbeStatus() {}

    /** @param health empty for an engine without a probe */
    static String json(Optional<ProbeHealth> health, EngineHealth engine) {
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        if (health.isPresent()) {
            probe(health.get(), status);
        } else {
            status.put("state", "none");
            status.put("sentence", "this engine runs without a probe and answers what others see");
        }
        engine(engine, status.putObject("engine"));
        return status.toString();
    }

    private static void probe(ProbeHealth health, ObjectNode status) {
        status.put("state", stateOf(health.state()));
        status.put("since", health.state().since().toString());
        status.put("sentence", health.state().sentence());
        health.hello().ifPresent(hello -> {
            status.put("pid", hello.pid());
            status.put("kernel", hello.kernel());
            status.put("build", hello.build());
        });
        ArrayNode tiers = status.putArray("tiers");
        health.tiers().stream().sorted().forEach(tier -> tiers.add(tier.name().toLowerCase(Locale.ROOT)));
        ArrayNode hooks = status.putArray("hooks");
        health.hooks().forEach(hooks::add);
        status.put("generation", health.generation());
        status.put("starts", health.starts());
        ObjectNode kinds = status.putObject("events");
        for (EventKind kind : EventKind.values()) {
            ObjectNode counts = kinds.putObject(kind.name().toLowerCase(Locale.ROOT));
            counts.put("sent", health.counters().sent().getOrDefault(kind, 0L));
            counts.put("lost", health.counters().lost().getOrDefault(kind, 0L));
            counts.put("received", health.received().getOrDefault(kind, 0L));
        }
        health.heartbeat().ifPresent(beat -> {
            status.put("delivered", beat.delivered());
            status.put("recursionMisses", beat.recursionMisses());
            status.put("ringBytes", beat.ringBytes());
            status.put("ringSize", beat.ringSize());
            ArrayNode cpus = status.putArray("lostPerCpu");
            beat.cpus().forEach(cpu -> cpus.add(cpu.totalLost()));
        });
        health.lastHeartbeat().ifPresent(at -> status.put("lastHeartbeat", at.toString()));
        ArrayNode words = status.putArray("lastWords");
        health.lastWords().forEach(words::add);
    }

    private static void engine(EngineHealth engine, ObjectNode own) {
        engine.journalFailure().ifPresent(why -> own.put("journalFailure", why));
        own.put("unrecorded", engine.unrecorded());
        own.put("heldBack", engine.heldBack());
        own.put("failedConditions", engine.failedConditions());
        own.put("forgottenCooldowns", engine.forgottenCooldowns());
        own.put("alertsAccepted", engine.accepted());
        own.put("alertsRepeated", engine.repeated());
        own.put("alertsRefused", engine.refused());
        own.put("linesLeftOut", engine.linesLeftOut());
    }

    private static String stateOf(ProbeHealth.State state) {
        return switch (state) {
            case ProbeHealth.Starting s -> "starting";
            case ProbeHealth.Armed a -> "armed";
            case ProbeHealth.Blind b -> "blind";
        };
    }
}
