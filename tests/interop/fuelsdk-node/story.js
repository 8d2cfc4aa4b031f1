// The story told by sfmc-fuelsdk-node, with either kind of token. With v1 it asks the endpoint service for the SOAP URL.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const ET_Client = require('sfmc-fuelsdk-node');
const steps = require('steps');
const fuel = require('fuel');

const v2 = process.argv[2] === 'v2';
if (!v2) {
    // It cannot create its own cache of the SOAP URL on today's Node: it passes the options where the text belongs.
    const cache = path.join(path.dirname(require.resolve('sfmc-fuelsdk-node/package.json')), '.cache');
    fs.writeFileSync(cache, '{}');
}

fuel(
    (secret) => new ET_Client(steps.CLIENT_ID, secret, null, {
        origin: steps.URL,
        authOrigin: steps.URL,
        authOptions: v2 ? { authVersion: 2, accountId: steps.ACCOUNT } : undefined,
    }).SoapClient,
    async (soap) => {
        const got = await soap.AuthClient.getAccessToken({});
        steps.assert.ok(got.accessToken);
        if (v2) return `${got.soap_instance_url}Service.asmx`;
        // A first call finds the URL.
        await new Promise((resolve) => soap.retrieve('List', ['ID'], {}, resolve));
        return soap.requestOptions.uri;
    },
);
