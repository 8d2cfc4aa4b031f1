// The story told by sfmc-sdk. It has no setting for the endpoint and insists on a host of the service's: an interceptor on its
// own axios, which it exports, sends what goes there to envoi. The SOAP URL then comes with the token.
'use strict';

const { pathToFileURL } = require('node:url');
const steps = require('steps');
const tell = require('sdk');

const HOST = 'https://aaaaaaaaaaaaaaaaaaaaaaaaaaaa.auth.marketingcloudapis.com/';

async function main() {
    const load = (file) => import(pathToFileURL(`${process.env.SDK}/lib/${file}`).href);
    const { default: SDK } = await load('index.js');
    const { axiosInstance, SOAPError } = await load('util.js');
    axiosInstance.interceptors.request.use((request) => {
        if (request.baseURL === HOST) request.baseURL = steps.URL;
        return request;
    });
    const connect = (client_secret) =>
        new SDK({ client_id: steps.CLIENT_ID, client_secret, auth_url: HOST, account_id: Number(steps.ACCOUNT) },
            { requestAttempts: 2 });
    const sdk = connect(steps.CLIENT_SECRET);
    // An answer with errors is thrown; its body comes along.
    const parsed = (work) => work.catch((error) => {
        if (error instanceof SOAPError && error.json && error.json.OverallStatus) return error.json;
        throw error;
    });
    await tell({
        login: async () => {
            const auth = await sdk.auth.getAccessToken();
            steps.assert.ok(auth.access_token);
            return `${auth.soap_instance_url}Service.asmx`;
        },
        create: (type, object, options) => parsed(sdk.soap.create(type, object, options && { options })),
        update: (type, object, options) => parsed(sdk.soap.update(type, object, options && { options })),
        remove: (type, object, options) => parsed(sdk.soap.delete(type, object, options && { options })),
        retrieve: (type, properties, { filter, batch, continueRequest }) =>
            parsed(sdk.soap.retrieve(type, properties, {
                filter,
                continueRequest,
                options: batch && { BatchSize: batch },
            })),
        describe: (type) => sdk.soap.describe(type),
        refused: () => connect('wrong').auth.getAccessToken().catch((error) => {
            steps.assert.strictEqual(error.code, 'invalid_client');
            steps.assert.strictEqual(error.response.status, 401);
            return error;
        }),
        unknown: (status) => status,
        more: async (step) => {
            await step('retrieve-bulk', async () => {
                // Page after page: it names type, properties, filter and batch size again each time.
                const names = ['x', 'y', 'z'].map((end) => `${steps.KEY} bulk ${end}`);
                for (const ListName of names) await sdk.soap.create('List', { ListName, Type: 'Private' });
                const answer = await sdk.soap.retrieveBulk('List', ['ID', 'ListName'], {
                    filter: { leftOperand: 'ListName', operator: 'IN', rightOperand: names },
                    options: { BatchSize: 1 },
                });
                steps.assert.deepStrictEqual(answer.Results.map((list) => list.ListName).sort(), names);
                for (const { ID } of answer.Results) await sdk.soap.delete('List', { ID });
            });
            await step('token-again', async () => {
                // A token that the service no longer takes: `Token Expired` makes the SDK fetch another and repeat.
                const before = sdk.auth.authObject.access_token;
                sdk.auth.authObject.access_token = `${before}x`;
                await sdk.soap.describe('Subscriber');
                steps.assert.notStrictEqual(sdk.auth.authObject.access_token, `${before}x`);
            });
        },
    });
}

main().catch((error) => {
    console.log(`FAIL story ${error.stack}`);
    process.exit(1);
});
