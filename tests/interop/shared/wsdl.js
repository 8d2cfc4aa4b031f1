// The story for the Node clients that read the served WSDL. Each brings an adapter:
//   connect(path, password)       a client of the WSDL at that path, with a UsernameToken; no password: none
//   bearer(client, token, endpoint)   gives it a token instead
//   call(client, operation, root, message)    resolves to the parsed answer
//   typed(type, fields)           an object with an xsi:type; type(object): the one that an answer's object came with
//   fault(error)                  [faultcode, faultstring, HTTP status]
//   show(client)                  prints the last exchange
'use strict';

const steps = require('steps');
const { assert, KEY, keys, emails, extension } = steps;

const upsert = { SaveOptions: { SaveOption: [{ PropertyName: '*', SaveAction: 'UpdateAdd' }] } };
const list = (value) => (value === undefined || value === null ? [] : [].concat(value));

// The element of each operation's request.
const ROOTS = {
    Create: 'CreateRequest',
    Update: 'UpdateRequest',
    Delete: 'DeleteRequest',
    Retrieve: 'RetrieveRequestMsg',
    Describe: 'DefinitionRequestMsg',
    GetSystemStatus: 'SystemStatusRequestMsg',
    VersionInfo: 'VersionInfoRequestMsg',
};

module.exports = async function tell({ connect, bearer, call: send, typed, type, fault, show }) {
    const client = await connect('/Service.asmx?WSDL', steps.PASSWORD);
    const step = (name, work) => steps.step(name, work, () => show(client));
    const call = (operation, message, by = client) => send(by, operation, ROOTS[operation], message);
    const simple = (Property, Value, SimpleOperator = 'equals') =>
        typed('SimpleFilterPart', { Property, SimpleOperator, Value });
    const retrieve = (ObjectType, Properties, Filter, Options) => {
        const request = { ObjectType, Properties };
        if (Filter) request.Filter = Filter;
        if (Options) request.Options = Options;
        return call('Retrieve', { RetrieveRequest: request });
    };
    const held = (answer, count, message) => {
        assert.strictEqual(answer.OverallStatus, 'OK');
        const results = list(answer.Results);
        assert.deepStrictEqual(results.map((result) => result.StatusCode), Array(count).fill('OK'));
        assert.deepStrictEqual(results.map((result) => Number(result.OrdinalID)), [...Array(count).keys()]);
        if (message) results.forEach((result) => assert.strictEqual(result.StatusMessage, message));
        return results;
    };
    const cells = (row) =>
        Object.fromEntries(list(row.Properties.Property).map((property) => [property.Name, property.Value]));

    let listId;
    const subscriber = (at, first) =>
        typed('Subscriber', {
            EmailAddress: emails[at],
            Attributes: [{ Name: 'First Name', Value: first }],
            SubscriberKey: keys[at],
            Lists: [{ ID: listId, Status: 'Active' }],
        });
    const key = (at) => ({ Key: [{ Name: 'Id', Value: String(at) }] });
    const row = (cellsOf, at) => {
        const fields = { CustomerKey: extension };
        if (cellsOf) {
            fields.Properties = { Property: Object.entries(cellsOf).map(([Name, Value]) => ({ Name, Value })) };
        }
        if (at !== undefined) fields.Keys = key(at);
        return typed('DataExtensionObject', fields);
    };

    await step('system-status', async () => {
        const answer = await call('GetSystemStatus', {});
        assert.strictEqual(answer.OverallStatus, 'OK');
        assert.strictEqual(list(answer.Results.Result)[0].SystemStatus, 'OK');
    });
    await step('token', async () => {
        const { token, endpoint } = await steps.token();
        const other = await connect('/etframework.wsdl');
        bearer(other, token, endpoint);
        assert.strictEqual((await call('GetSystemStatus', {}, other)).OverallStatus, 'OK');
    });
    await step('version-info', async () => {
        const answer = await call('VersionInfo', { IncludeVersionHistory: false });
        assert.ok(answer.VersionInfo.Version);
        assert.ok(answer.VersionInfo.VersionDate instanceof Date);
    });
    await step('describe', async () => {
        const answer = await call('Describe', {
            DescribeRequests: { ObjectDefinitionRequest: [{ ObjectType: 'Subscriber' }] },
        });
        const definition = list(answer.ObjectDefinition)[0];
        assert.strictEqual(definition.ObjectType, 'Subscriber');
        const names = list(definition.Properties).map((property) => property.Name);
        for (const name of ['EmailAddress', 'SubscriberKey', 'Status']) assert.ok(names.includes(name), name);
    });
    await step('create-list', async () => {
        const answer = await call('Create', {
            Options: {},
            Objects: [typed('List', { ListName: `${KEY} list`, Type: 'Private', Description: 'for a story' })],
        });
        listId = held(answer, 1)[0].NewID;
        assert.ok(listId > 0);
    });
    await step('create-subscribers', async () => {
        const answer = await call('Create', { Options: {}, Objects: [subscriber(0, 'Zoë & <Co>'), subscriber(1, 'Bo')] });
        held(answer, 2, 'Created Subscriber.').forEach((result, at) => {
            assert.ok(result.NewID > 0);
            assert.strictEqual(type(result.Object), 'Subscriber');
            assert.strictEqual(result.Object.SubscriberKey, keys[at]);
        });
    });
    await step('duplicate', async () => {
        const answer = await call('Create', { Options: {}, Objects: [subscriber(0, 'Again')] });
        const result = list(answer.Results)[0];
        assert.strictEqual(answer.OverallStatus, 'Error');
        assert.deepStrictEqual(
            [result.StatusCode, result.ErrorCode, result.StatusMessage],
            ['Error', 12014, steps.ALREADY],
        );
    });
    await step('update-attribute', async () => {
        const change = typed('Subscriber', {
            Attributes: [{ Name: 'First Name', Value: 'Béa' }],
            SubscriberKey: keys[1],
        });
        held(await call('Update', { Options: upsert, Objects: [change] }), 1, 'Updated Subscriber.');
    });
    await step('retrieve-simple', async () => {
        const answer = await retrieve(
            'Subscriber',
            ['ID', 'SubscriberKey', 'EmailAddress', 'Status', 'Attributes'],
            simple('SubscriberKey', keys[1]),
        );
        assert.strictEqual(answer.OverallStatus, 'OK');
        const found = list(answer.Results);
        assert.strictEqual(found.length, 1);
        assert.strictEqual(type(found[0]), 'Subscriber');
        assert.deepStrictEqual(
            [found[0].EmailAddress, found[0].SubscriberKey, found[0].Status],
            [emails[1], keys[1], 'Active'],
        );
        const first = list(found[0].Attributes).find((attribute) => attribute.Name === 'First Name');
        assert.strictEqual(first.Value, 'Béa');
    });
    await step('retrieve-complex', async () => {
        const either = typed('ComplexFilterPart', {
            LeftOperand: simple('SubscriberKey', keys[0]),
            LogicalOperator: 'OR',
            RightOperand: simple('EmailAddress', emails[1]),
        });
        const both = typed('ComplexFilterPart', {
            LeftOperand: either,
            LogicalOperator: 'AND',
            RightOperand: simple('Status', 'Active'),
        });
        const answer = await retrieve('Subscriber', ['SubscriberKey'], both);
        assert.strictEqual(answer.OverallStatus, 'OK');
        assert.deepStrictEqual(list(answer.Results).map((found) => found.SubscriberKey).sort(), keys);
    });
    await step('retrieve-properties', async () => {
        const answer = await retrieve('Subscriber', ['SubscriberKey'], simple('SubscriberKey', keys[0]));
        const found = list(answer.Results)[0];
        assert.strictEqual(found.SubscriberKey, keys[0]);
        for (const name of ['EmailAddress', 'ID', 'Status']) assert.strictEqual(found[name], undefined);
    });
    await step('create-data-extension', async () => {
        const Field = [
            { Name: 'Id', MaxLength: 20, IsRequired: true, IsPrimaryKey: true, FieldType: 'Text' },
            { Name: 'Name', MaxLength: 100, FieldType: 'Text' },
            { Name: 'Amount', FieldType: 'Number' },
        ];
        const fresh = typed('DataExtension', { CustomerKey: extension, Name: `${KEY} rows`, Fields: { Field } });
        held(await call('Create', { Options: {}, Objects: [fresh] }), 1, 'Data Extension created.');
    });
    await step('create-rows', async () => {
        const rows = [1, 2, 3, 4, 5].map((at) => row({ Id: String(at), Name: `row ${at}`, Amount: String(at * 10) }));
        const results = held(await call('Create', { Options: {}, Objects: rows }), 5, 'Created DataExtensionObject');
        assert.strictEqual(type(results[0]), 'DataExtensionCreateResult');
    });
    await step('update-row', async () => {
        const change = row({ Name: 'changed' }, 1);
        held(await call('Update', { Options: {}, Objects: [change] }), 1, 'Updated DataExtensionObject');
    });
    await step('retrieve-rows', async () => {
        const answer = await retrieve(
            `DataExtensionObject[${extension}]`,
            ['Id', 'Name', 'Amount'],
            simple('Id', '1'),
        );
        assert.strictEqual(answer.OverallStatus, 'OK');
        assert.deepStrictEqual(list(answer.Results).map(cells), [{ Id: '1', Name: 'changed', Amount: '10' }]);
    });
    await step('paging', async () => {
        let answer = await retrieve(`DataExtensionObject[${extension}]`, ['Id'], undefined, { BatchSize: 2 });
        const pages = [[answer.OverallStatus, list(answer.Results).length]];
        const seen = list(answer.Results).map((found) => cells(found).Id);
        while (answer.OverallStatus === 'MoreDataAvailable' && pages.length < 5) {
            answer = await call('Retrieve', { RetrieveRequest: { ContinueRequest: answer.RequestID } });
            pages.push([answer.OverallStatus, list(answer.Results).length]);
            seen.push(...list(answer.Results).map((found) => cells(found).Id));
        }
        assert.deepStrictEqual(pages, [['MoreDataAvailable', 2], ['MoreDataAvailable', 2], ['OK', 1]]);
        assert.deepStrictEqual(seen.sort(), ['1', '2', '3', '4', '5']);
    });
    await step('delete-rows', async () => {
        const gone = [1, 2, 3, 4, 5].map((at) => row(undefined, at));
        held(await call('Delete', { Options: {}, Objects: gone }), 5);
        const answer = await retrieve(`DataExtensionObject[${extension}]`, ['Id']);
        assert.deepStrictEqual([answer.OverallStatus, list(answer.Results).length], ['OK', 0]);
    });
    await step('wrong-password', async () => {
        const stranger = await connect('/service.asmx?wsdl', `${steps.PASSWORD}x`);
        const error = await call('GetSystemStatus', {}, stranger).then(() => assert.fail('no fault'), (failed) => failed);
        assert.deepStrictEqual(fault(error), ['q0:Security', 'Login Failed', 500]);
    });
    await step('unknown-type', async () => {
        const answer = await retrieve('Nonsense', ['ID']);
        assert.strictEqual(answer.OverallStatus, steps.UNKNOWN_TYPE);
        assert.strictEqual(list(answer.Results).length, 0);
    });
    await step('delete', async () => {
        const gone = [
            typed('DataExtension', { CustomerKey: extension }),
            typed('Subscriber', { SubscriberKey: keys[0] }),
            typed('Subscriber', { SubscriberKey: keys[1] }),
            typed('List', { ID: listId }),
        ];
        held(await call('Delete', { Options: {}, Objects: gone }), 4);
        for (const at of [0, 1]) {
            const answer = await retrieve('Subscriber', ['ID'], simple('SubscriberKey', keys[at]));
            assert.deepStrictEqual([answer.OverallStatus, list(answer.Results).length], ['OK', 0]);
        }
    });
    steps.end();
};
