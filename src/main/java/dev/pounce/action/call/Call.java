package dev.pounce.action.call;

import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.Parameters;
import dev.pounce.action.cloud.Web;
import java.time.Instant;
import java.util.Optional;

/** One way of telling somebody. Blocks until it is told, at the latest until the deadline. */
interface Call {

    Outcome make(Parameters parameters, Circumstances why, Instant deadline);

    /** Finds out all that can be found out without telling anybody. */
    Outcome rehearse(Parameters parameters, Circumstances why, Instant deadline);

    /** By which the other side knows a call that comes twice. */
    static String key(Circumstances why) {
        return (why.response() + "-" + why.step()).replaceAll("[^A-Za-z0-9._-]", "_");
    }

    /** What an answer comes to that is no success. What the other side says in it is not repeated: it may be anything. */
    static Outcome failed(String whom, Web.Answer answer, Optional<String> word) {
        return switch (answer) {
            case Web.Answer.Heard heard
            when heard.code() / 100 == 3 ->
                new Outcome.Failed(
                        whom + " answered " + heard.code() + ": it sends us elsewhere, where what was meant for it does"
                                + " not go",
                        false);
            case Web.Answer.Heard heard ->
                new Outcome.Failed(
                        whom + " answered " + heard.code()
                                + word.map(said -> " (" + said + ")").orElse(""),
                        heard.isPassing());
            case Web.Answer.Unheard(String why, boolean arrived) ->
                new Outcome.Failed(arrived ? why + "; whether it was heard is not known" : why, true);
        };
    }
}
