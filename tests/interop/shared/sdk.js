// The story for the Node SDKs that build their envelopes without a WSDL: Body before Header, one object a call, no Options
// unless given. Each brings an adapter:
//   login()                                   a token was had; resolves to the SOAP URL, or nothing
//   create, update, remove (type, object, options), retrieve(type, properties, more), describe(type)
//                                             resolve to the parsed answer, errors by OverallStatus included
//   system(), version()                       or missing, when the SDK has no such call
//   refused()                                 a client with a wrong secret; resolves to the error
//   unknown(status)                           the OverallStatus as the SDK tells it
'use strict';

const steps = require('steps');
const { assert, KEY, keys, emails, extension } = steps;

const list = (value) => (value === undefined || value === null || value === '' ? [] : [].concat(value));
// One of these SDKs reads figures as numbers, the others as text.
const text = (value) => String(value);
const equals = (leftOperand, rightOperand) => ({ leftOperand, operator: 'equals', rightOperand });

module.exports = async function tell(sdk) {
    const { step } = steps;
    const held = (answer, message) => {
        const results = list(answer.Results);
        assert.strictEqual(answer.OverallStatus, 'OK', results[0] && results[0].StatusMessage);
        assert.strictEqual(results.length, 1);
        assert.deepStrictEqual([results[0].StatusCode, text(results[0].OrdinalID)], ['OK', '0']);
        if (message) assert.strictEqual(results[0].StatusMessage, message);
        return results[0];
    };
    const cells = (row) =>
        Object.fromEntries(list(row.Properties.Property).map((cell) => [cell.Name, text(cell.Value)]));
    const property = (fields) => Object.entries(fields).map(([Name, Value]) => ({ Name, Value }));

    let listId;
    const subscriber = (at, first) => ({
        EmailAddress: emails[at],
        SubscriberKey: keys[at],
        Attributes: [{ Name: 'First Name', Value: first }],
        Lists: [{ ID: listId, Status: 'Active' }],
    });

    await step('token', async () => {
        const endpoint = await sdk.login();
        if (endpoint) assert.strictEqual(endpoint.toLowerCase(), `${steps.URL}/service.asmx`.toLowerCase());
    });
    if (sdk.system) {
        await step('system-status', async () => {
            const answer = await sdk.system();
            assert.strictEqual(answer.OverallStatus, 'OK');
            assert.strictEqual(list(answer.Results)[0].Result.SystemStatus, 'OK');
        });
    } else steps.without('system-status', 'no such call');
    if (sdk.version) {
        await step('version-info', async () => assert.ok((await sdk.version()).VersionInfo.Version));
    } else steps.without('version-info', 'no such call');
    await step('describe', async () => {
        const definition = (await sdk.describe('Subscriber')).ObjectDefinition;
        assert.strictEqual(definition.ObjectType, 'Subscriber');
        const names = list(definition.Properties).map((each) => each.Name);
        for (const name of ['EmailAddress', 'SubscriberKey', 'Status']) assert.ok(names.includes(name), name);
    });
    await step('create-list', async () => {
        const result = held(await sdk.create('List', { ListName: `${KEY} list`, Type: 'Private' }));
        listId = Number(result.NewID);
        assert.ok(listId > 0);
    });
    await step('create-subscribers', async () => {
        for (const at of [0, 1]) {
            const answer = await sdk.create('Subscriber', subscriber(at, at ? 'Bo' : 'Zoë & <Co>'));
            const result = held(answer, 'Created Subscriber.');
            assert.ok(Number(result.NewID) > 0);
            assert.strictEqual(result.Object.SubscriberKey, keys[at]);
        }
    });
    await step('duplicate', async () => {
        const answer = await sdk.create('Subscriber', subscriber(0, 'Again'));
        const result = list(answer.Results)[0];
        assert.deepStrictEqual(
            [result.StatusCode, text(result.ErrorCode), result.StatusMessage],
            ['Error', '12014', steps.ALREADY],
        );
    });
    await step('update-attribute', async () => {
        const change = { SubscriberKey: keys[1], Attributes: [{ Name: 'First Name', Value: 'Béa' }] };
        const upsert = { SaveOptions: [{ SaveOption: { PropertyName: '*', SaveAction: 'UpdateAdd' } }] };
        held(await sdk.update('Subscriber', change, upsert), 'Updated Subscriber.');
    });
    await step('retrieve-simple', async () => {
        const wanted = ['ID', 'SubscriberKey', 'EmailAddress', 'Status', 'Attributes'];
        const answer = await sdk.retrieve('Subscriber', wanted, { filter: equals('SubscriberKey', keys[1]) });
        assert.strictEqual(answer.OverallStatus, 'OK');
        const found = list(answer.Results);
        assert.strictEqual(found.length, 1);
        assert.deepStrictEqual(
            [found[0].EmailAddress, found[0].SubscriberKey, found[0].Status],
            [emails[1], keys[1], 'Active'],
        );
        assert.strictEqual(list(found[0].Attributes).find((each) => each.Name === 'First Name').Value, 'Béa');
    });
    await step('retrieve-complex', async () => {
        const either = {
            leftOperand: equals('SubscriberKey', keys[0]),
            operator: 'OR',
            rightOperand: equals('EmailAddress', emails[1]),
        };
        const both = { leftOperand: either, operator: 'AND', rightOperand: equals('Status', 'Active') };
        const answer = await sdk.retrieve('Subscriber', ['SubscriberKey'], { filter: both });
        assert.strictEqual(answer.OverallStatus, 'OK');
        assert.deepStrictEqual(list(answer.Results).map((found) => found.SubscriberKey).sort(), keys);
    });
    await step('retrieve-properties', async () => {
        const answer = await sdk.retrieve('Subscriber', ['SubscriberKey'], { filter: equals('SubscriberKey', keys[0]) });
        const found = list(answer.Results)[0];
        assert.strictEqual(found.SubscriberKey, keys[0]);
        for (const name of ['EmailAddress', 'ID', 'Status']) assert.strictEqual(found[name], undefined);
    });
    await step('create-data-extension', async () => {
        const Field = [
            { Name: 'Id', FieldType: 'Text', MaxLength: 20, IsPrimaryKey: true, IsRequired: true },
            { Name: 'Name', FieldType: 'Text', MaxLength: 100 },
            { Name: 'Amount', FieldType: 'Number' },
        ];
        const fresh = { CustomerKey: extension, Name: `${KEY} rows`, Fields: { Field } };
        held(await sdk.create('DataExtension', fresh), 'Data Extension created.');
    });
    await step('create-rows', async () => {
        for (const at of [1, 2, 3, 4, 5]) {
            const Property = property({ Id: at, Name: `row ${at}`, Amount: at * 10 });
            const row = { CustomerKey: extension, Properties: { Property } };
            held(await sdk.create('DataExtensionObject', row), 'Created DataExtensionObject');
        }
    });
    await step('update-row', async () => {
        const change = {
            CustomerKey: extension,
            Keys: { Key: property({ Id: 1 }) },
            Properties: { Property: property({ Name: 'changed' }) },
        };
        held(await sdk.update('DataExtensionObject', change), 'Updated DataExtensionObject');
    });
    await step('retrieve-rows', async () => {
        const wanted = ['Id', 'Name', 'Amount'];
        const answer = await sdk.retrieve(`DataExtensionObject[${extension}]`, wanted, { filter: equals('Id', '1') });
        assert.strictEqual(answer.OverallStatus, 'OK');
        assert.deepStrictEqual(list(answer.Results).map(cells), [{ Id: '1', Name: 'changed', Amount: '10' }]);
    });
    await step('paging', async () => {
        const type = `DataExtensionObject[${extension}]`;
        let answer = await sdk.retrieve(type, ['Id'], { batch: 2 });
        const pages = [];
        const seen = [];
        while (pages.length < 5) {
            pages.push([answer.OverallStatus, list(answer.Results).length]);
            seen.push(...list(answer.Results).map((found) => cells(found).Id));
            if (answer.OverallStatus !== 'MoreDataAvailable') break;
            // These SDKs name type and properties again when they continue.
            answer = await sdk.retrieve(type, ['Id'], { continueRequest: answer.RequestID });
        }
        assert.deepStrictEqual(pages, [['MoreDataAvailable', 2], ['MoreDataAvailable', 2], ['OK', 1]]);
        assert.deepStrictEqual(seen.sort(), ['1', '2', '3', '4', '5']);
    });
    await step('delete-rows', async () => {
        for (const at of [1, 2, 3, 4, 5]) {
            held(await sdk.remove('DataExtensionObject', { CustomerKey: extension, Keys: { Key: property({ Id: at }) } }));
        }
        const answer = await sdk.retrieve(`DataExtensionObject[${extension}]`, ['Id'], {});
        assert.deepStrictEqual([answer.OverallStatus, list(answer.Results).length], ['OK', 0]);
    });
    await step('wrong-password', async () => {
        const error = await sdk.refused();
        assert.ok(error instanceof Error, 'an error');
    });
    await step('unknown-type', async () => {
        const answer = await sdk.retrieve('Nonsense', ['ID'], {});
        assert.strictEqual(answer.OverallStatus, sdk.unknown(steps.UNKNOWN_TYPE));
    });
    await step('delete', async () => {
        held(await sdk.remove('DataExtension', { CustomerKey: extension }));
        for (const at of [0, 1]) {
            held(await sdk.remove('Subscriber', { SubscriberKey: keys[at] }), 'Subscriber deleted');
            const answer = await sdk.retrieve('Subscriber', ['ID'], { filter: equals('SubscriberKey', keys[at]) });
            assert.deepStrictEqual([answer.OverallStatus, list(answer.Results).length], ['OK', 0]);
        }
        held(await sdk.remove('List', { ID: listId }));
    });
    if (sdk.more) await sdk.more(step);
    steps.end();
};
