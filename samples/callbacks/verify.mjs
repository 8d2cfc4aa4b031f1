// Verifies callbacks and counts each once. See README.md beside it.
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";

const TOLERANCE = 5 * 60;

const key = (secret) => (secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret));

const same = (a, b) => a.length === b.length && timingSafeEqual(a, b);

export function receive(headers, body, secret, seen, now) {
  const [id, timestamp] = [headers["webhook-id"] ?? "", headers["webhook-timestamp"] ?? ""];
  if (!/^\d+$/.test(timestamp) || Math.abs(now - Number(timestamp)) > TOLERANCE) return "refused";
  const expected = createHmac("sha256", key(secret)).update(`${id}.${timestamp}.`).update(body).digest("base64");
  const given = (headers["webhook-signature"] ?? "").split(" ");
  if (!given.some((one) => same(Buffer.from(one), Buffer.from(`v1,${expected}`)))) return "refused";
  if (seen.has(id)) return "again";
  seen.add(id);
  return "new";
}

let files = process.argv.slice(2);
let now = Date.now() / 1000;
if (files[0] === "--now") [now, files] = [Number(files[1]), files.slice(2)];
const seen = new Set();
for (const name of files) {
  const bytes = readFileSync(name);
  const end = bytes.indexOf("\n\n");
  const lines = bytes.subarray(0, end).toString().split("\n");
  const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/s, 2)));
  console.log(receive(headers, bytes.subarray(end + 2), process.env.CALLBACK_SECRET, seen, now));
}
