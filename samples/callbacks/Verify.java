// Verifies callbacks and counts each once. See README.md beside it. Run it with `java Verify.java FILE…`.
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.*;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Verify {
    static final long TOLERANCE = 5 * 60;

    static byte[] key(String secret) {
        return secret.startsWith("whsec_") ? Base64.getDecoder().decode(secret.substring(6)) : utf8(secret);
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String receive(Map<String, String> headers, byte[] body, String secret, Set<String> seen, long now)
            throws Exception {
        String id = headers.getOrDefault("webhook-id", ""), timestamp = headers.getOrDefault("webhook-timestamp", "");
        if (!timestamp.matches("\\d{1,15}") || Math.abs(now - Long.parseLong(timestamp)) > TOLERANCE) return "refused";
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key(secret), "HmacSHA256"));
        mac.update(utf8(id + "." + timestamp + "."));
        byte[] expected = utf8("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body)));
        boolean matches = false;
        for (String given : headers.getOrDefault("webhook-signature", "").split(" "))
            matches |= MessageDigest.isEqual(expected, utf8(given));
        if (!matches) return "refused";
        return seen.add(id) ? "new" : "again";
    }

    public static void main(String[] args) throws Exception {
        boolean given = args.length > 1 && args[0].equals("--now");
        long now = given ? Long.parseLong(args[1]) : System.currentTimeMillis() / 1000;
        Set<String> seen = new HashSet<>();
        for (String name : Arrays.asList(args).subList(given ? 2 : 0, args.length)) {
            byte[] bytes = Files.readAllBytes(Path.of(name));
            // One char a byte, so that places in the text are places in the bytes.
            int end = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("\n\n");
            Map<String, String> headers = new HashMap<>();
            for (String line : new String(bytes, 0, end, StandardCharsets.UTF_8).split("\n")) {
                String[] pair = line.split(": ", 2);
                headers.put(pair[0], pair[1]);
            }
            byte[] body = Arrays.copyOfRange(bytes, end + 2, bytes.length);
            System.out.println(receive(headers, body, System.getenv("CALLBACK_SECRET"), seen, now));
        }
    }
}
