// The story told by fuel-soap with fuel-auth, with either kind of token.
'use strict';

const FuelSoap = require('fuel-soap');
const steps = require('steps');
const fuel = require('fuel');

const v2 = process.argv[2] === 'v2';

fuel(
    (clientSecret) => new FuelSoap({
        soapEndpoint: `${steps.URL}/Service.asmx`,
        auth: {
            clientId: steps.CLIENT_ID,
            clientSecret,
            authUrl: v2 ? `${steps.URL}/v2/token` : `${steps.URL}/v1/requestToken`,
            authOptions: v2 ? { authVersion: 2, accountId: steps.ACCOUNT } : undefined,
        },
    }),
    async (soap) => {
        const got = await soap.AuthClient.getAccessToken({});
        steps.assert.ok(got.accessToken);
        return v2 ? `${got.soap_instance_url}Service.asmx` : undefined;
    },
);
