// Creates a subscriber and retrieves it, with npm's soap.
// Run: envoi demo &  then  npm install soap && node samples/clients/node_client.js
const soap = require('soap');

const url = process.env.ENVOI_URL || 'http://127.0.0.1:8080/Service.asmx';
// node-soap takes a type from the attribute xsi:type.
const typed = (name, members) => ({ attributes: { 'xsi:type': name }, ...members });

async function main() {
  const client = await soap.createClientAsync(`${url}?WSDL&objects=Subscriber`);
  client.setSecurity(new soap.WSSecurity('demo', 'demo-password', { hasTimeStamp: false }));

  const [created] = await client.CreateAsync({
    Options: { SaveOptions: { SaveOption: { PropertyName: '*', SaveAction: 'UpdateAdd' } } },
    Objects: typed('tns:Subscriber', { EmailAddress: 'node@example.com', SubscriberKey: 'node' }),
  });
  console.log(created.OverallStatus, created.Results[0].StatusMessage, created.Results[0].NewID);

  const [found] = await client.RetrieveAsync({
    RetrieveRequest: {
      ObjectType: 'Subscriber',
      Properties: ['ID', 'EmailAddress', 'SubscriberKey', 'Status'],
      Filter: typed('tns:SimpleFilterPart', { Property: 'SubscriberKey', SimpleOperator: 'equals', Value: 'node' }),
    },
  });
  for (const row of found.Results) console.log(row.ID, row.EmailAddress, row.Status);
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
