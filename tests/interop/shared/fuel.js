// The adapter for fuel-soap, alone or inside sfmc-fuelsdk-node. `connect(secret)` makes a client of either.
'use strict';

const steps = require('steps');
const tell = require('sdk');

const PARTNER_API = 'http://exacttarget.com/wsdl/partnerAPI';

module.exports = async function fuel(connect, login) {
    const soap = connect(steps.CLIENT_SECRET);
    // Callbacks; an answer with errors comes as an Error that keeps the Results, or the text after the first colon.
    const parsed = (call) => new Promise((resolve, reject) => {
        call((error, answer) => {
            if (!error) resolve(answer.body);
            else if (error.results) resolve({ OverallStatus: 'Error', Results: error.results });
            else if (error.errorPropagatedFrom === 'Retrieve Response') resolve({ OverallStatus: error.message });
            else reject(error instanceof Error ? error : new Error(JSON.stringify(error)));
        });
    });
    const raw = (action, key, req) => parsed((done) => soap.soapRequest({ action, key, req }, done));
    const message = (name, fields) => ({ [name]: { $: { xmlns: PARTNER_API }, ...fields } });
    await tell({
        login: () => login(soap),
        create: (type, object, options = {}) => parsed((done) => soap.create(type, object, options, done)),
        update: (type, object, options = {}) => parsed((done) => soap.update(type, object, options, done)),
        remove: (type, object, options = {}) => parsed((done) => soap.delete(type, object, options, done)),
        retrieve: (type, properties, { filter, batch, continueRequest }) => {
            if (!batch) return parsed((done) => soap.retrieve(type, properties, { filter, continueRequest }, done));
            // It has no option for the batch size: the request is written out.
            const RetrieveRequest = { ObjectType: type, Properties: properties, Options: { BatchSize: batch } };
            return raw('Retrieve', 'RetrieveResponseMsg', message('RetrieveRequestMsg', { RetrieveRequest }));
        },
        describe: (type) => parsed((done) => soap.describe(type, done)),
        system: () => raw('GetSystemStatus', 'SystemStatusResponseMsg', message('SystemStatusRequestMsg')),
        version: () =>
            raw('VersionInfo', 'VersionInfoResponseMsg', message('VersionInfoRequestMsg', { IncludeVersionHistory: false })),
        refused: () => new Promise((resolve) => {
            // fuel-auth hands the refusal on as if it were a token; fuel-soap misses the token in it.
            connect('wrong').soapRequest({ action: 'Describe', req: {}, key: '' }, (error) => {
                steps.assert.strictEqual(error.message, 'No access token');
                resolve(error);
            });
        }),
        // What stands between the first two colons.
        unknown: (status) => status.split(':')[1].trim(),
    });
};

process.on('uncaughtException', (error) => {
    // Its parser throws inside the socket's callback when it does not find what it looks for.
    console.log(`FAIL story ${error.stack}`);
    process.exit(1);
});
