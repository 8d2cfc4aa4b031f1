// The story told by node-soap (npm `soap`), from the served WSDL. Polymorphic objects are plain ones with an xsi_type attribute.
'use strict';

const soap = require('soap');
const steps = require('steps');
const tell = require('wsdl');

const PARTNER_API = 'http://exacttarget.com/wsdl/partnerAPI';
const text = (value) => (value && value.$value !== undefined ? value.$value : value);

tell({
    connect: async (path, password) => {
        const client = await soap.createClientAsync(`${steps.URL}${path}`);
        if (password) {
            client.setSecurity(new soap.WSSecurity(steps.USER, password, { hasTimeStamp: true, mustUnderstand: true }));
        }
        return client;
    },
    bearer: (client, token, endpoint) => {
        client.setEndpoint(endpoint);
        client.addSoapHeader(`<fueloauth xmlns="http://exacttarget.com">${token}</fueloauth>`);
    },
    call: async (client, operation, root, message) => (await client[`${operation}Async`](message))[0],
    typed: (type, fields) => ({ attributes: { xsi_type: { type, xmlns: PARTNER_API } }, ...fields }),
    type: (object) => object.attributes['xsi:type'],
    fault: (error) => {
        const { faultcode, faultstring } = error.root.Envelope.Body.Fault;
        return [text(faultcode), text(faultstring), error.response.status];
    },
    show: (client) => console.log(`  request: ${client.lastRequest}\n  answer: ${client.lastResponse}`),
}).catch((error) => {
    console.log(`FAIL story ${error.stack}`);
    process.exit(1);
});
