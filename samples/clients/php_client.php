<?php
// Creates a subscriber and retrieves it, with PHP's SoapClient.
// Run: envoi demo &  then  php samples/clients/php_client.php   (needs php-soap)

const API = 'http://exacttarget.com/wsdl/partnerAPI';
const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';

$url = getenv('ENVOI_URL') ?: 'http://127.0.0.1:8080/Service.asmx';
$client = new SoapClient("$url?WSDL", ['features' => SOAP_SINGLE_ELEMENT_ARRAYS]);
$client->__setSoapHeaders(new SoapHeader(WSSE, 'Security', new SoapVar(
    '<w:Security xmlns:w="' . WSSE . '"><w:UsernameToken><w:Username>demo</w:Username>'
    . '<w:Password>demo-password</w:Password></w:UsernameToken></w:Security>',
    XSD_ANYXML,
)));

function typed(string $name, array $members): SoapVar
{
    return new SoapVar((object) $members, SOAP_ENC_OBJECT, $name, API);
}

$created = $client->Create([
    'Options' => ['SaveOptions' => ['SaveOption' => [['PropertyName' => '*', 'SaveAction' => 'UpdateAdd']]]],
    'Objects' => [typed('Subscriber', ['EmailAddress' => 'php@example.com', 'SubscriberKey' => 'php'])],
]);
echo $created->OverallStatus, ' ', $created->Results[0]->StatusMessage, ' ', $created->Results[0]->NewID, "\n";

$found = $client->Retrieve(['RetrieveRequest' => [
    'ObjectType' => 'Subscriber',
    'Properties' => ['ID', 'EmailAddress', 'SubscriberKey', 'Status'],
    'Filter' => typed('SimpleFilterPart', ['Property' => 'SubscriberKey', 'SimpleOperator' => 'equals', 'Value' => 'php']),
]]);
foreach ($found->Results as $row) {
    echo $row->ID, ' ', $row->EmailAddress, ' ', $row->Status, "\n";
}
