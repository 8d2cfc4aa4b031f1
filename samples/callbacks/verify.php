<?php
// Verifies callbacks and counts each once. See README.md beside it.
const TOLERANCE = 5 * 60;

function key_of(string $secret): string
{
    return str_starts_with($secret, 'whsec_') ? base64_decode(substr($secret, 6)) : $secret;
}

function receive(array $headers, string $body, string $secret, array &$seen, int $now): string
{
    $id = $headers['webhook-id'] ?? '';
    $timestamp = $headers['webhook-timestamp'] ?? '';
    if (!ctype_digit($timestamp) || abs($now - (int) $timestamp) > TOLERANCE) {
        return 'refused';
    }
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", key_of($secret), true));
    $matches = array_filter(
        explode(' ', $headers['webhook-signature'] ?? ''),
        fn (string $given): bool => hash_equals($expected, $given),
    );
    if (!$matches) {
        return 'refused';
    }
    if (isset($seen[$id])) {
        return 'again';
    }
    $seen[$id] = true;
    return 'new';
}

$files = array_slice($argv, 1);
$now = time();
if (($files[0] ?? '') === '--now') {
    $now = (int) $files[1];
    $files = array_slice($files, 2);
}
$seen = [];
foreach ($files as $name) {
    [$head, $body] = explode("\n\n", file_get_contents($name), 2);
    $headers = [];
    foreach (explode("\n", $head) as $line) {
        [$field, $value] = explode(': ', $line, 2);
        $headers[$field] = $value;
    }
    echo receive($headers, $body, getenv('CALLBACK_SECRET'), $seen, $now), "\n";
}
