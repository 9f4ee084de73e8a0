package dev.pounce.action.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SigV4Test {

    /** The example "PUT Object" of "Signature Calculations for the Authorization Header" in Amazon's S3 API reference. */
    @Test
    void theSignatureIsThatOfAmazonsOwnExample() {
        AwsIdentity who = new AwsIdentity(
                "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", Optional.empty(), Optional.empty());

        // When
        Map<String, String> headers = new SigV4("s3", "us-east-1")
                .headers(
                        "PUT",
                        URI.create("https://examplebucket.s3.amazonaws.com/test%24file.text"),
                        Map.of("Date", "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class", "REDUCED_REDUNDANCY"),
                        "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
                        who,
                        Instant.parse("2013-05-24T00:00:00Z"));

        // Then
        assertThat(headers.get("authorization"))
                .endsWith("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
    }
}
