package dev.pounce.action.call;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.RemoteActuator;
import dev.pounce.action.Turns;
import dev.pounce.action.cloud.AwsAccess;
import dev.pounce.action.cloud.GoogleAccess;
import dev.pounce.action.cloud.Web;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * Sends the report of a step to whoever is to know. Done is what the other side took: what it answers is not kept. A call that
 * the other side could not take is tried again until the deadline; whoever is called knows one that came twice by its {@code
 * Idempotency-Key}.
 */
public final class CallActuator implements RemoteActuator {

    private static final int MOST_STEPS = 10_000;

    private final Map<ActionType, Call> calls;
    private final Turns turns;

    public CallActuator(Web web, AwsAccess aws, GoogleAccess google, InstantSource clock) {
        this.calls = Map.of(
                ActionType.CALL_WEBHOOK, new Webhook(web, clock),
                ActionType.CALL_LAMBDA, new Lambda(web, aws, clock),
                ActionType.CALL_FUNCTION, new CloudFunction(web, google, clock));
        this.turns = new Turns("call", MOST_STEPS, clock);
    }

    /** The actions that this is for. */
    public static Set<ActionType> types() {
        return Set.of(ActionType.CALL_WEBHOOK, ActionType.CALL_LAMBDA, ActionType.CALL_FUNCTION);
    }

    @Override
    public CompletionStage<Outcome> carryOut(
            Action.OnCluster action, Circumstances why, Instant deadline, BeforeChange beforeChange) {
        return turns.take(
                action.target().display(), deadline, () -> call(action).make(action.parameters(), why, deadline));
    }

    @Override
    public CompletionStage<Outcome> rehearse(Action.OnCluster action, Circumstances why, Instant deadline) {
        return turns.take(
                action.target().display(), deadline, () -> call(action).rehearse(action.parameters(), why, deadline));
    }

    private Call call(Action.OnCluster action) {
        Call call = calls.get(action.type());
        if (call == null) {
            throw new IllegalStateException(action.verb() + " is no call");
        }
        return call;
    }

    @Override
    public CompletionStage<Outcome> takeBack(Action.TakeBack undo, Instant deadline) {
        return turns.take(
                undo.target().display(), deadline, () -> new Outcome.Withheld("what was told cannot be taken back"));
    }

    @Override
    public CompletionStage<Outcome> observe(Action.OnCluster action, Instant deadline) {
        return turns.take(
                action.target().display(),
                deadline,
                () -> new Outcome.Failed("whether " + action.target().display() + " heard of it is not known", false));
    }

    @Override
    public void close() {
        turns.close();
    }
}
