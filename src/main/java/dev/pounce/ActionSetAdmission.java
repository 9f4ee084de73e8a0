package dev.pounce;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.ActionSetResources.Found;
import dev.pounce.ActionSetResources.Reading;
import dev.pounce.intake.AdmissionServer.Judge;
import dev.pounce.intake.Refusal;
import dev.pounce.planning.ActionSet;
import dev.pounce.planning.ActionSetReader;
import dev.pounce.planning.ActionSetResource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Says to an API server what {@code pounce check} would say of an ActionSet that somebody applies, before it is stored. Errors refuse
 * it; warnings, and why this engine would not arm it, are shown beside. What is in the cluster with an error already may be changed
 * elsewhere than in its spec, and deleted. Has no effects, with {@code dryRun} or without.
 *
 * <p>Thread-safe; blocks as long as finding out about rights does.
 *
 * <p>Source: "Dynamic Admission Control", documentation of Kubernetes, and admission.k8s.io/v1.
 */
final class ActionSetAdmission implements Judge {

    private static final String API_VERSION = "admission.k8s.io/v1";
    private static final String KIND = "AdmissionReview";
    private static final String A_REVIEW = "an AdmissionReview of " + API_VERSION;
    private static final Set<String> JUDGED = Set.of("CREATE", "UPDATE");
    private static final int INVALID = 422;

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final ActionSetResources resources;
    private final Function<ActionSet, List<String>> whyNotArmed;

    /** @param whyNotArmed what would keep this engine from acting by a set */
    ActionSetAdmission(ActionSetResources resources, Function<ActionSet, List<String>> whyNotArmed) {
        this.resources = resources;
        this.whyNotArmed = whyNotArmed;
    }

    @Override
    public Answer answerTo(byte[] body) {
        JsonNode review;
        try {
            review = JSON.readTree(body);
        } catch (JsonProcessingException broken) {
            return bad("a body that is not JSON: " + broken.getOriginalMessage());
        } catch (IOException impossible) {
            return bad("a body that cannot be read");
        }
        if (!review.isObject()) {
            return bad("a body that is no object");
        }
        if (!review.path("kind").asText().equals(KIND)
                || !review.path("apiVersion").asText().equals(API_VERSION)) {
            return bad("kind '" + review.path("kind").asText() + "' of '"
                    + review.path("apiVersion").asText() + "'");
        }
        JsonNode request = review.path("request");
        if (!request.path("uid").isTextual() || request.path("uid").asText().isEmpty()) {
            return bad("a review without request.uid");
        }
        ObjectNode answer =
                JSON.createObjectNode().put("apiVersion", API_VERSION).put("kind", KIND);
        answer.set("response", response(request));
        return new Answer.Given(answer.toString());
    }

    private static Answer bad(String found) {
        return new Answer.Bad(new Refusal(400, found, A_REVIEW));
    }

    private ObjectNode response(JsonNode request) {
        ObjectNode response = JSON.createObjectNode();
        response.set("uid", request.path("uid"));
        if (!isOurs(request)) {
            return response.put("allowed", true);
        }
        JsonNode set = request.path("object");
        String name =
                set.path("metadata").path("name").asText(request.path("name").asText());
        Reading reading = resources.read(name, set);
        boolean allowed = !reading.hasErrors()
                || (request.path("operation").asText().equals("UPDATE")
                        && set.path("spec").equals(request.path("oldObject").path("spec")));
        response.put("allowed", allowed);
        List<String> warnings = new ArrayList<>();
        if (allowed) {
            reading.found().forEach(found -> warnings.add(inOneLine(found)));
        } else {
            response.set("status", status(name, reading));
            reading.found().stream()
                    .filter(found -> !found.problem().isError())
                    .forEach(found -> warnings.add(inOneLine(found)));
        }
        reading.set().map(whyNotArmed).stream()
                .flatMap(List::stream)
                .forEach(why -> warnings.add("action set '" + name + "' will not be armed: " + why));
        if (!warnings.isEmpty()) {
            ArrayNode list = response.putArray("warnings");
            ActionSetResources.brief(warnings).forEach(list::add);
        }
        return response;
    }

    private static boolean isOurs(JsonNode request) {
        JsonNode resource = request.path("resource");
        return resource.path("group").asText().equals(ActionSetResource.GROUP)
                && resource.path("resource").asText().equals(ActionSetResource.PLURAL)
                && request.path("subResource").asText().isEmpty()
                && JUDGED.contains(request.path("operation").asText());
    }

    /** As the API server says it of what its schema does not allow; kubectl shows the causes, others the message. */
    private static ObjectNode status(String name, Reading reading) {
        List<Found> errors = reading.found().stream()
                .filter(found -> found.problem().isError())
                .toList();
        ObjectNode status = JSON.createObjectNode().put("code", INVALID).put("reason", "Invalid");
        List<String> lines = ActionSetResources.brief(errors.stream()
                .map(error -> place(error) + error.problem().words())
                .toList());
        status.put("message", String.join(System.lineSeparator(), lines));
        ObjectNode details = status.putObject("details")
                .put("group", ActionSetResource.GROUP)
                .put("kind", ActionSetReader.KIND)
                .put("name", name);
        ArrayNode causes = details.putArray("causes");
        errors.stream()
                .limit(ActionSetResources.MOST_SAID)
                .forEach(error -> addCause(
                        ActionSetResources.brief(error.field()),
                        ActionSetResources.brief(error.problem().words()),
                        causes));
        if (errors.size() > ActionSetResources.MOST_SAID) {
            addCause("spec", lines.getLast(), causes);
        }
        return status;
    }

    private static void addCause(String field, String message, ArrayNode causes) {
        causes.addObject()
                .put("reason", "FieldValueInvalid")
                .put("field", field)
                .put("message", message);
    }

    /** A warning travels in a header. */
    private static String inOneLine(Found found) {
        return place(found) + found.problem().words().replaceAll("\\R\\s*", "; ");
    }

    private static String place(Found found) {
        return found.field().isEmpty() ? "" : found.field() + ": ";
    }
}
