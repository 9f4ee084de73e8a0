package dev.pounce.cluster;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;

/** The API's objects as they come over the wire, as far as anybody here looks at them. */
final class Objects {

    private Objects() {}

    static JsonNode slim(String json) {
        try (JsonParser parser = new JsonFactory().createParser(json)) {
            parser.nextToken();
            return Slim.read(parser);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /** One of a deployment's, as kubelet and scheduler leave it, with all that is large and of no use. */
    static String pod(String namespace, String name, String uid, String replicaSet, int number) {
        return """
                {"metadata":{"namespace":"%1$s","name":"%2$s","uid":"%3$s","creationTimestamp":"2026-11-23T12:00:00Z",
                  "generateName":"%4$s-","resourceVersion":"1",
                  "labels":{"app":"web","pod-template-hash":"5d4f","template":"kept"},
                  "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"},
                  "ownerReferences":[{"kind":"Nobody","name":"x","uid":"x"},
                    {"apiVersion":"apps/v1","kind":"ReplicaSet","name":"%4$s","uid":"rs-%4$s","controller":true}],
                  "managedFields":[{"manager":"kubelet","fieldsV1":{"f:status":{"f:podIP":{}}}}]},
                 "spec":{"nodeName":"node-%6$d","serviceAccountName":"default",
                   "volumes":[{"name":"token"}],"containers":[{"name":"web","image":"registry.local/web:1"}]},
                 "status":{"phase":"Running","podIP":"10.1.%6$d.%7$d",
                   "conditions":[{"type":"Initialized","status":"True"},{"type":"Ready","status":"True"}],
                   "containerStatuses":[{"name":"web","containerID":"containerd://%5$064x"}]}}
                """.formatted(namespace, name, uid, replicaSet, number, number % 250, number / 250 % 250);
    }
}
