// What the Node stories share: steps, their names and checks. Knows nothing of SOAP.
'use strict';

const assert = require('node:assert');

const env = (name) => process.env[name];
const URL_ = env('ENVOI_URL');
const KEY = env('STORY_KEY');
let failed = 0;

// One step of the story: prints its line, and goes on after a failure. `show` prints the exchange of a failed step.
async function step(name, work, show) {
    try {
        await work();
        console.log(`ok ${name}`);
    } catch (error) {
        failed += 1;
        console.log(`FAIL ${name} ${String(error && error.message || error).replace(/\s+/g, ' ').slice(0, 600)}`);
        if (process.env.STORY_TRACE) console.log(error && error.stack);
        if (show) show();
    }
}

// A step that this client has no call for.
function without(name, why) {
    console.log(`n/a ${name} ${why}`);
}

// The exit code says whether every step held.
function end() {
    process.exit(failed ? 1 : 0);
}

// An access token from POST /v2/token, and the SOAP URL that came with it.
async function token() {
    const answer = await fetch(`${URL_}/v2/token`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
            grant_type: 'client_credentials',
            client_id: env('ENVOI_CLIENT_ID'),
            client_secret: env('ENVOI_CLIENT_SECRET'),
            account_id: Number(env('ENVOI_ACCOUNT')),
        }),
    });
    assert.strictEqual(answer.status, 200, 'HTTP status');
    const got = await answer.json();
    assert.ok(got.soap_instance_url.endsWith('/'), 'soap_instance_url ends in /');
    assert.strictEqual(got.token_type, 'Bearer');
    return { token: got.access_token, endpoint: `${got.soap_instance_url}Service.asmx` };
}

module.exports = {
    assert,
    step,
    without,
    end,
    token,
    URL: URL_,
    KEY,
    USER: env('ENVOI_USER'),
    PASSWORD: env('ENVOI_PASSWORD'),
    CLIENT_ID: env('ENVOI_CLIENT_ID'),
    CLIENT_SECRET: env('ENVOI_CLIENT_SECRET'),
    ACCOUNT: env('ENVOI_ACCOUNT'),
    emails: [`${KEY}-a@example.com`, `${KEY}-b@example.com`],
    keys: [`${KEY}-a`, `${KEY}-b`],
    extension: `${KEY}-rows`,
    ALREADY: 'The subscriber is already on the list',
    UNKNOWN_TYPE:
        'Error: Unable to find a handler for object type: Nonsense. Object types are case-sensitive, check spelling.',
};
