package dev.pounce.action.evidence;

import dev.pounce.action.cloud.GoogleAccess;
import dev.pounce.action.cloud.SigV4;
import dev.pounce.action.cloud.Web;
import dev.pounce.asset.Answer;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A bucket of Google Cloud Storage, by its JSON interface: a simple upload, or a resumable one when it is larger than a part.
 * {@code STORAGE_EMULATOR_HOST} names a stand-in, which is asked without a token.
 */
final class GoogleStore implements EvidenceStore {

    private static final Pattern RANGE = Pattern.compile("bytes=0-(\\d{1,18})");

    private final String bucket;
    private final String prefix;
    private final GoogleAccess google;
    private final Web web;
    private final InstantSource clock;

    /** @param prefix empty, or with a slash at its end */
    GoogleStore(String bucket, String prefix, GoogleAccess google, Web web, InstantSource clock) {
        this.bucket = bucket;
        this.prefix = prefix;
        this.google = google;
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
            URI address = URI.create(server() + "/storage/v1/b/" + SigV4.escaped(bucket)
                    + (google.setting("STORAGE_EMULATOR_HOST").isPresent()
                            ? ""
                            : "/iam/testPermissions?permissions=storage.objects.create"));
            answer = send("GET", address, Map.of(), new byte[0], deadline);
        } catch (Trouble trouble) {
            return new Readiness.Unusable(trouble.why(), trouble.isRetryable());
        }
        return switch (answer) {
            case Web.Answer.Heard heard
            when heard.isSuccess()
                    && (heard.body().contains("storage.objects.create")
                            || google.setting("STORAGE_EMULATOR_HOST").isPresent()) -> new Readiness.Ready();
            case Web.Answer.Heard heard
            when heard.isSuccess() ->
                new Readiness.Unusable("gs://" + bucket + " does not grant storage.objects.create", false);
            case Web.Answer.Heard heard -> new Readiness.Unusable(refused(heard), heard.isPassing());
            case Web.Answer.Unheard(String why, boolean arrived) -> new Readiness.Unusable(why, true);
        };
    }

    @Override
    public String at(String key) {
        return "gs://" + bucket + "/" + prefix + key;
    }

    private String server() {
        String stand = google.setting("STORAGE_EMULATOR_HOST").orElse("https://storage.googleapis.com");
        return (stand.contains("://") ? stand : "http://" + stand).replaceAll("/+$", "");
    }

    private HttpRequest.Builder request(URI address, Instant deadline) throws Trouble {
        HttpRequest.Builder request = web.to(address);
        if (google.setting("STORAGE_EMULATOR_HOST").isEmpty()) {
            switch (google.accessToken(deadline)) {
                case Answer.Known<String>(String token) -> request.header("Authorization", "Bearer " + token);
                case Answer.Gone<String> gone -> throw new Trouble("nobody is known to Google Cloud", false);
                case Answer.Unknown<String>(String why) -> throw new Trouble(why, true);
            }
        }
        return request;
    }

    private Web.Answer send(String method, URI address, Map<String, String> headers, byte[] body, Instant deadline)
            throws Trouble {
        HttpRequest.Builder request = request(address, deadline)
                .method(
                        method,
                        body.length == 0
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofByteArray(body));
        headers.forEach(request::header);
        return web.send(request::build, Web.Again.WHEN_PASSING, deadline);
    }

    private String refused(Web.Answer.Heard heard) {
        return "gs://" + bucket + " refuses it: "
                + switch (heard.code()) {
                    case 404 -> "there is no such bucket";
                    case 412 -> "something of this name is there already";
                    default -> "HTTP " + heard.code();
                };
    }

    private Web.Answer.Heard done(Web.Answer answer) throws Trouble {
        return switch (answer) {
            case Web.Answer.Heard heard when heard.isSuccess() -> heard;
            case Web.Answer.Heard heard -> throw new Trouble(refused(heard), heard.isPassing());
            case Web.Answer.Unheard(String why, boolean arrived) -> throw new Trouble(why, true);
        };
    }

    private final class Uploading extends Parts {

        private final String key;
        private final String contentType;
        private final Instant deadline;
        private Optional<URI> session = Optional.empty();

        Uploading(String key, String contentType, Instant deadline) {
            this.key = key;
            this.contentType = contentType;
            this.deadline = deadline;
        }

        /** Only when there is no object of that name yet. */
        private URI upload(String type) {
            return URI.create(server() + "/upload/storage/v1/b/" + SigV4.escaped(bucket) + "/o?uploadType=" + type
                    + "&name=" + SigV4.escaped(key) + "&ifGenerationMatch=0");
        }

        @Override
        void part(byte[] bytes, int index) throws Trouble {
            if (session.isEmpty()) {
                Web.Answer.Heard begun = done(GoogleStore.this.send(
                        "POST",
                        upload("resumable"),
                        Map.of("X-Upload-Content-Type", contentType),
                        new byte[0],
                        deadline));
                session = begun.header("location").map(URI::create);
                if (session.isEmpty()) {
                    throw new Trouble("gs://" + bucket + " began an upload without a place for it", false);
                }
            }
            long from = (long) index * SIZE;
            put(bytes, from, "*");
        }

        @Override
        void last(byte[] bytes, int index) throws Trouble {
            long from = (long) index * SIZE;
            put(bytes, from, Long.toString(from + bytes.length));
        }

        /** Sends what is missing of these bytes until all of them are taken. */
        private void put(byte[] bytes, long from, String total) throws Trouble {
            int taken = 0;
            while (true) {
                byte[] rest = java.util.Arrays.copyOfRange(bytes, taken, bytes.length);
                String range = "bytes " + (from + taken) + "-" + (from + bytes.length - 1) + "/" + total;
                Web.Answer answer = once(rest, range);
                boolean lost = !(answer instanceof Web.Answer.Heard heard) || heard.isPassing();
                if (lost) {
                    // How much of it arrived?
                    answer = GoogleStore.this.send(
                            "PUT",
                            session.orElseThrow(),
                            Map.of("Content-Range", "bytes */" + total),
                            new byte[0],
                            deadline);
                }
                if (!(answer instanceof Web.Answer.Heard heard)) {
                    throw new Trouble(((Web.Answer.Unheard) answer).why(), true);
                }
                if (heard.isSuccess()) {
                    return;
                }
                if (heard.code() != 308) {
                    throw new Trouble(refused(heard), heard.isPassing());
                }
                long kept = received(heard);
                if (kept == from + bytes.length && total.equals("*")) {
                    return;
                }
                if (kept < from + taken || kept > from + bytes.length || (!lost && kept == from + taken)) {
                    throw new Trouble("gs://" + bucket + " has lost a part of it", false);
                }
                taken = (int) (kept - from);
            }
        }

        private Web.Answer once(byte[] bytes, String range) throws Trouble {
            HttpRequest request = request(session.orElseThrow(), deadline)
                    .header("Content-Range", range)
                    .PUT(HttpRequest.BodyPublishers.ofByteArray(bytes))
                    .build();
            return web.send(request, deadline);
        }

        /** How many bytes are there: 308 with {@code Range: bytes=0-LAST}, or without one. */
        private static long received(Web.Answer.Heard heard) {
            Matcher range = RANGE.matcher(heard.header("range").orElse(""));
            return range.matches() ? Long.parseLong(range.group(1)) + 1 : 0;
        }

        @Override
        void whole(byte[] bytes) throws Trouble {
            Web.Answer.Heard ignored = done(GoogleStore.this.send(
                    "POST", upload("media"), Map.of("Content-Type", contentType), bytes, deadline));
        }

        @Override
        void abandon() {
            try {
                Instant soon = clock.instant().plus(Duration.ofSeconds(5));
                if (session.isPresent()) {
                    Web.Answer ignored =
                            web.send(request(session.get(), soon).DELETE().build(), soon);
                }
            } catch (Trouble stays) {
                // Google forgets it after a week
            }
        }
    }
}
