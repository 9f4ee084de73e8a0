package dev.pounce.action.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pounce.action.cloud.AwsAccess;
import dev.pounce.action.cloud.AwsIdentity;
import dev.pounce.action.cloud.SigV4;
import dev.pounce.action.cloud.Web;
import dev.pounce.asset.Answer;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A bucket of Amazon S3, or of another server that speaks its language, by the operations PutObject, CreateMultipartUpload,
 * UploadPart, CompleteMultipartUpload and AbortMultipartUpload. The server compares each part with the hash that is signed.
 */
final class S3Store implements EvidenceStore {

    private static final Pattern CODE = Pattern.compile("<Code>\\s*([A-Za-z0-9]{1,60})\\s*</Code>");
    private static final Pattern UPLOAD = Pattern.compile("<UploadId>\\s*([^<]{1,1000}?)\\s*</UploadId>");

    private final String bucket;
    private final String prefix;
    private final AwsAccess aws;
    private final Web web;
    private final InstantSource clock;

    /** @param prefix empty, or with a slash at its end */
    S3Store(String bucket, String prefix, AwsAccess aws, Web web, InstantSource clock) {
        this.bucket = bucket;
        this.prefix = prefix;
        this.aws = aws;
        this.web = web;
        this.clock = clock;
    }

    @Override
    public Upload begin(String key, String contentType, Instant deadline) throws Trouble {
        return new Uploading(prefix + key, contentType, deadline);
    }

    @Override
    public Readiness readiness(Instant deadline) {
        Web.Answer answer;
        try {
            answer = send(
                    "GET",
                    "",
                    "list-type=2&max-keys=1&prefix=" + SigV4.escaped(prefix),
                    Map.of(),
                    new byte[0],
                    deadline);
        } catch (Trouble trouble) {
            return new Readiness.Unusable(trouble.why(), trouble.isRetryable());
        }
        return switch (answer) {
            case Web.Answer.Heard heard when heard.isSuccess() -> new Readiness.Ready();
            // Who may write need not be allowed to look
            case Web.Answer.Heard heard
            when code(heard).equals("AccessDenied") -> new Readiness.Unsure("it may not be listed");
            case Web.Answer.Heard heard -> new Readiness.Unusable(refused(heard), heard.isPassing());
            case Web.Answer.Unheard(String why, boolean arrived) -> new Readiness.Unusable(why, true);
        };
    }

    @Override
    public String at(String key) {
        return "s3://" + bucket + "/" + prefix + key;
    }

    /** Signs and sends, again while that may help. */
    private Web.Answer send(
            String method, String key, String query, Map<String, String> headers, byte[] body, Instant deadline)
            throws Trouble {
        Optional<URI> endpoint = aws.endpoint("S3");
        Optional<String> region = aws.region().or(() -> endpoint.map(own -> "us-east-1"));
        if (region.isEmpty()) {
            throw new Trouble("AWS_REGION is not set", false);
        }
        AwsIdentity who =
                switch (aws.identity(deadline)) {
                    case Answer.Known<AwsIdentity>(AwsIdentity known) -> known;
                    case Answer.Gone<AwsIdentity> gone -> throw new Trouble("nobody is known to S3", false);
                    case Answer.Unknown<AwsIdentity>(String why) -> throw new Trouble(why, true);
                };
        URI address = URI.create(base(endpoint, region.get()) + "/"
                + Arrays.stream(key.split("/", -1)).map(SigV4::escaped).collect(Collectors.joining("/"))
                + (query.isEmpty() ? "" : "?" + query));
        String hash = SigV4.sha256(body);
        SigV4 signature = new SigV4("s3", region.get());
        return web.send(
                () -> {
                    Map<String, String> all = new TreeMap<>(headers);
                    all.putAll(signature.headers(method, address, headers, hash, who, clock.instant()));
                    HttpRequest.Builder request = web.to(address)
                            .method(
                                    method,
                                    body.length == 0
                                            ? HttpRequest.BodyPublishers.noBody()
                                            : HttpRequest.BodyPublishers.ofByteArray(body));
                    all.forEach(request::header);
                    return request.build();
                },
                Web.Again.WHEN_PASSING,
                deadline);
    }

    /** Other servers rarely have a name for each bucket; a certificate for Amazon's names covers no dots in them. */
    private String base(Optional<URI> endpoint, String region) {
        String domain = "s3." + region + "." + AwsAccess.domain(region);
        return endpoint.map(own -> own.toString().replaceAll("/+$", "") + "/" + bucket)
                .orElse(bucket.contains(".") ? "https://" + domain + "/" + bucket : "https://" + bucket + "." + domain);
    }

    private Web.Answer.Heard done(Web.Answer answer) throws Trouble {
        return switch (answer) {
            case Web.Answer.Heard heard when heard.isSuccess() -> heard;
            case Web.Answer.Heard heard -> throw new Trouble(refused(heard), heard.isPassing());
            case Web.Answer.Unheard(String why, boolean arrived) -> throw new Trouble(why, true);
        };
    }

    private String refused(Web.Answer.Heard heard) {
        String code = code(heard);
        return "s3://" + bucket + " refuses it: "
                + (heard.code() == 412 ? "something of this name is there already" : code)
                + (code.isEmpty() ? "HTTP " : " (HTTP ") + heard.code() + (code.isEmpty() ? "" : ")");
    }

    private static String code(Web.Answer.Heard heard) {
        Matcher found = CODE.matcher(heard.body());
        return found.find() ? found.group(1) : "";
    }

    private final class Uploading extends Parts {

        private final String key;
        private final String contentType;
        private final Instant deadline;
        private final List<String> tags = new ArrayList<>();
        private String upload = "";

        Uploading(String key, String contentType, Instant deadline) {
            this.key = key;
            this.contentType = contentType;
            this.deadline = deadline;
        }

        @Override
        void part(byte[] bytes, int index) throws Trouble {
            if (upload.isEmpty()) {
                Web.Answer.Heard begun =
                        done(send("POST", key, "uploads=", Map.of("content-type", contentType), new byte[0], deadline));
                Matcher id = UPLOAD.matcher(begun.body());
                if (!id.find()) {
                    throw new Trouble("s3://" + bucket + " began an upload without an id", false);
                }
                upload = id.group(1);
            }
            String query = "partNumber=" + (index + 1) + "&uploadId=" + SigV4.escaped(upload);
            Web.Answer.Heard taken = done(send("PUT", key, query, Map.of(), bytes, deadline));
            tags.add(taken.header("etag").orElse(""));
        }

        @Override
        void last(byte[] bytes, int index) throws Trouble {
            part(bytes, index);
            StringBuilder list = new StringBuilder("<CompleteMultipartUpload>");
            for (int i = 0; i < tags.size(); i++) {
                list.append("<Part><PartNumber>").append(i + 1).append("</PartNumber><ETag>");
                list.append(tags.get(i).replace("\"", "&quot;")).append("</ETag></Part>");
            }
            byte[] body = list.append("</CompleteMultipartUpload>").toString().getBytes(UTF_8);
            Web.Answer.Heard completed =
                    done(ifNew("POST", "uploadId=" + SigV4.escaped(upload), "application/xml", body));
            // This one may be answered 200 before it is known how it ends
            if (completed.body().contains("<Error>")) {
                throw new Trouble(refused(completed), true);
            }
        }

        @Override
        void whole(byte[] bytes) throws Trouble {
            Web.Answer.Heard ignored = done(ifNew("PUT", "", contentType, bytes));
        }

        /** What makes the object, under the condition that there is none. */
        private Web.Answer ifNew(String method, String query, String type, byte[] body) throws Trouble {
            Map<String, String> headers = Map.of("content-type", type, "if-none-match", "*");
            Web.Answer answer = send(method, key, query, headers, body, deadline);
            return answer instanceof Web.Answer.Heard heard && heard.code() == 501
                    // A server that knows no conditions; names are of one moment of one step anyway
                    ? send(method, key, query, Map.of("content-type", type), body, deadline)
                    : answer;
        }

        @Override
        void abandon() {
            try {
                Instant soon = clock.instant().plus(Duration.ofSeconds(5));
                Web.Answer ignored =
                        send("DELETE", key, "uploadId=" + SigV4.escaped(upload), Map.of(), new byte[0], soon);
            } catch (Trouble stays) {
                // The bucket's own rules clear what was never completed
            }
        }
    }
}
