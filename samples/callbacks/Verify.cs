// Verifies callbacks and counts each once. See README.md beside it.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

public static class Verify
{
    const long Tolerance = 5 * 60;

    static byte[] Key(string secret)
    {
        return secret.StartsWith("whsec_") ? Convert.FromBase64String(secret.Substring(6)) : Encoding.UTF8.GetBytes(secret);
    }

    // In constant time; CryptographicOperations.FixedTimeEquals where there is one.
    static bool Same(string a, string b)
    {
        int difference = a.Length ^ b.Length;
        for (int i = 0; i < Math.Min(a.Length, b.Length); i++) difference |= a[i] ^ b[i];
        return difference == 0;
    }

    public static string Receive(IDictionary<string, string> headers, byte[] body, string secret, ISet<string> seen, long now)
    {
        string id, timestamp, given;
        headers.TryGetValue("webhook-id", out id);
        headers.TryGetValue("webhook-timestamp", out timestamp);
        headers.TryGetValue("webhook-signature", out given);
        long sent;
        if (!long.TryParse(timestamp, out sent) || Math.Abs(now - sent) > Tolerance) return "refused";
        byte[] signed = Encoding.UTF8.GetBytes(id + "." + timestamp + ".").Concat(body).ToArray();
        string expected;
        using (var mac = new HMACSHA256(Key(secret))) expected = "v1," + Convert.ToBase64String(mac.ComputeHash(signed));
        if (!(given ?? "").Split(' ').Any(one => Same(expected, one))) return "refused";
        return seen.Add(id) ? "new" : "again";
    }

    public static void Main(string[] args)
    {
        bool given = args.Length > 1 && args[0] == "--now";
        long now = given ? long.Parse(args[1]) : DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var seen = new HashSet<string>();
        foreach (string name in args.Skip(given ? 2 : 0))
        {
            byte[] bytes = File.ReadAllBytes(name);
            // One char a byte, so that places in the text are places in the bytes.
            string text = Encoding.GetEncoding("ISO-8859-1").GetString(bytes);
            int end = text.IndexOf("\n\n", StringComparison.Ordinal);
            var headers = text.Substring(0, end).Split('\n').Select(line => line.Split(new[] { ": " }, 2, StringSplitOptions.None))
                .ToDictionary(pair => pair[0], pair => pair[1]);
            Console.WriteLine(Receive(headers, bytes.Skip(end + 2).ToArray(), Environment.GetEnvironmentVariable("CALLBACK_SECRET"), seen, now));
        }
    }
}
