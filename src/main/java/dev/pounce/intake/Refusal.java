package dev.pounce.intake;

import com.fasterxml.jackson.core.io.JsonStringEncoder;

/**
 * Why an alert is not taken, for whoever sent it.
 *
 * @param status of HTTP: 400, 401, 413, 503
 * @param expected empty when there is nothing to add
 */
public record Refusal(int status, String found, String expected) {

    /** Nothing of what an unknown sender wrote is repeated at greater length. */
    private static final int LONGEST = 300;

    static Refusal badAlert(String found, String expected) {
        return new Refusal(400, found, expected);
    }

    /** One line of JSON. */
    String json() {
        StringBuilder json = new StringBuilder(160).append("{\"error\":\"");
        quote("found " + found + (expected.isEmpty() ? "" : ", expected " + expected), json);
        json.append("\",\"found\":\"");
        quote(found, json);
        json.append("\",\"expected\":\"");
        quote(expected, json);
        return json.append("\"}\n").toString();
    }

    private static void quote(String text, StringBuilder json) {
        JsonStringEncoder.getInstance()
                .quoteAsString(text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text, json);
    }
}
