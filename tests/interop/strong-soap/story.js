// The story told by strong-soap, from the served WSDL. Its messages are wrapped in the request's element, its types are QNames.
'use strict';

const { soap } = require('strong-soap');
const steps = require('steps');
const tell = require('wsdl');

const PARTNER_API = 'http://exacttarget.com/wsdl/partnerAPI';
const text = (value) => (value && value.$value !== undefined ? value.$value : value);

tell({
    connect: (path, password) => new Promise((resolve, reject) => {
        soap.createClient(`${steps.URL}${path}`, {}, (error, client) => {
            if (error) return reject(error);
            if (password) {
                const options = { passwordType: 'PasswordText', hasTimeStamp: true, mustUnderstand: true };
                client.setSecurity(new soap.WSSecurity(steps.USER, password, options));
            }
            return resolve(client);
        });
    }),
    bearer: (client, token, endpoint) => {
        client.setEndpoint(endpoint);
        client.addSoapHeader(`<fueloauth xmlns="http://exacttarget.com">${token}</fueloauth>`);
    },
    call: (client, operation, root, message) => new Promise((resolve, reject) => {
        client[operation]({ [root]: message }, (error, answer) => (error ? reject(error) : resolve(answer)));
    }),
    typed: (type, fields) => ({ $attributes: { $xsiType: `{${PARTNER_API}}${type}` }, ...fields }),
    type: (object) => object.$attributes.$xsiType.type || object.$attributes.$xsiType,
    fault: (error) => {
        const { faultcode, faultstring } = error.root.Envelope.Body.Fault;
        return [text(faultcode), text(faultstring), error.response.statusCode];
    },
    show: (client) => console.log(`  request: ${client.lastRequest}\n  answer: ${client.lastResponse}`),
}).catch((error) => {
    console.log(`FAIL story ${error.stack}`);
    process.exit(1);
});
