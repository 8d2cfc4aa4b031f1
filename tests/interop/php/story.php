<?php
// The story told by PHP's SoapClient, from the served WSDL. Polymorphic objects are SoapVars with a type name.
declare(strict_types=1);

error_reporting(E_ALL);

const PARTNER_API = 'http://exacttarget.com/wsdl/partnerAPI';
const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const TEXT = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText';

// Classes for answers whose type the story asks after; all else comes as stdClass.
class Subscriber extends stdClass {}
class DataExtensionCreateResult extends stdClass {}
class DataExtensionUpdateResult extends stdClass {}

$url = getenv('ENVOI_URL');
$key = getenv('STORY_KEY');
$emails = ["$key-a@example.com", "$key-b@example.com"];
$keys = ["$key-a", "$key-b"];
$extension = "$key-rows";
$failed = false;

function same(mixed $got, mixed $want, string $what): void
{
    if ($got !== $want) {
        throw new Exception("$what: got " . json_encode($got) . ', want ' . json_encode($want));
    }
}

function check(bool $held, string $what): void
{
    if (!$held) {
        throw new Exception($what);
    }
}

/** One step of the story: prints its line, and goes on after a failure. */
function step(string $name, callable $work): void
{
    global $failed, $soap;
    try {
        $work();
        echo "ok $name\n";
    } catch (Throwable $error) {
        $failed = true;
        echo "FAIL $name " . substr(preg_replace('/\s+/', ' ', $error->getMessage()), 0, 600) . "\n";
        echo '  request: ', $soap->__getLastRequest(), "\n  answer: ", $soap->__getLastResponse(), "\n";
    }
}

function connect(array $more = []): SoapClient
{
    global $url;
    return new SoapClient("$url/etframework.wsdl", $more + [
        'trace' => true,
        'exceptions' => true,
        'cache_wsdl' => WSDL_CACHE_NONE,
        'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
        'compression' => SOAP_COMPRESSION_ACCEPT | SOAP_COMPRESSION_GZIP | 6,
        'classmap' => [
            'Subscriber' => 'Subscriber',
            'DataExtensionCreateResult' => 'DataExtensionCreateResult',
            'DataExtensionUpdateResult' => 'DataExtensionUpdateResult',
        ],
    ]);
}

/** A UsernameToken header as PHP users write it: by hand, to be understood. */
function security(string $user, string $password): SoapHeader
{
    $user = htmlspecialchars($user, ENT_XML1);
    $password = htmlspecialchars($password, ENT_XML1);
    $xml = '<wsse:Security SOAP-ENV:mustUnderstand="1" xmlns:wsse="' . WSSE . '"><wsse:UsernameToken><wsse:Username>' . $user
        . '</wsse:Username><wsse:Password Type="' . TEXT . '">' . $password . '</wsse:Password></wsse:UsernameToken></wsse:Security>';
    return new SoapHeader(WSSE, 'Security', new SoapVar($xml, XSD_ANYXML), true);
}

function typed(string $type, array $fields): SoapVar
{
    return new SoapVar((object) $fields, SOAP_ENC_OBJECT, $type, PARTNER_API);
}

function simple(string $property, string $value): SoapVar
{
    return typed('SimpleFilterPart', ['Property' => $property, 'SimpleOperator' => 'equals', 'Value' => [$value]]);
}

function retrieve(string $type, array $properties, ?SoapVar $filter = null, ?int $batch = null): stdClass
{
    global $soap;
    $request = ['ObjectType' => $type, 'Properties' => $properties];
    if ($filter) {
        $request['Filter'] = $filter;
    }
    if ($batch) {
        $request['Options'] = ['BatchSize' => $batch];
    }
    return $soap->Retrieve(['RetrieveRequest' => $request]);
}

/** Every one of $count objects went well. */
function held(stdClass $answer, int $count, ?string $message = null): array
{
    same($answer->OverallStatus, 'OK', 'OverallStatus');
    same(count($answer->Results), $count, 'results');
    foreach ($answer->Results as $at => $result) {
        same([$result->StatusCode, $result->OrdinalID], ['OK', $at], 'result');
        if ($message) {
            same($result->StatusMessage, $message, 'StatusMessage');
        }
    }
    return $answer->Results;
}

function cells(object $row): array
{
    return array_column($row->Properties->Property, 'Value', 'Name');
}

function properties(array $cells): array
{
    return array_map(fn ($name, $value) => ['Name' => $name, 'Value' => (string) $value], array_keys($cells), $cells);
}

$soap = connect();
$soap->__setSoapHeaders([security(getenv('ENVOI_USER'), getenv('ENVOI_PASSWORD'))]);
$list = 0;

$subscriber = function (int $at, string $first) use (&$list, $emails, $keys): SoapVar {
    return typed('Subscriber', [
        'EmailAddress' => $emails[$at],
        'Attributes' => [['Name' => 'First Name', 'Value' => $first]],
        'SubscriberKey' => $keys[$at],
        'Lists' => [['ID' => $list, 'Status' => 'Active']],
    ]);
};

step('system-status', function () use ($soap) {
    $answer = $soap->GetSystemStatus([]);
    same($answer->OverallStatus, 'OK', 'OverallStatus');
    same($answer->Results->Result[0]->SystemStatus, 'OK', 'SystemStatus');
});
step('token', function () use ($url) {
    $body = json_encode([
        'grant_type' => 'client_credentials',
        'client_id' => getenv('ENVOI_CLIENT_ID'),
        'client_secret' => getenv('ENVOI_CLIENT_SECRET'),
        'account_id' => getenv('ENVOI_ACCOUNT'),
    ]);
    $context = stream_context_create(['http' => [
        'method' => 'POST', 'header' => 'Content-Type: application/json', 'content' => $body,
    ]]);
    $got = json_decode(file_get_contents("$url/v2/token", false, $context));
    $bearer = connect(['location' => $got->soap_instance_url . 'Service.asmx']);
    $bearer->__setSoapHeaders([new SoapHeader('http://exacttarget.com', 'fueloauth', $got->access_token)]);
    same($bearer->GetSystemStatus([])->OverallStatus, 'OK', 'OverallStatus');
});
step('version-info', function () use ($soap) {
    check($soap->VersionInfo(['IncludeVersionHistory' => false])->VersionInfo->Version !== '', 'a version');
});
step('describe', function () use ($soap) {
    $answer = $soap->Describe(['DescribeRequests' => ['ObjectDefinitionRequest' => [['ObjectType' => 'Subscriber']]]]);
    $definition = $answer->ObjectDefinition[0];
    same($definition->ObjectType, 'Subscriber', 'ObjectType');
    same(array_diff(['EmailAddress', 'SubscriberKey', 'Status'], array_column($definition->Properties, 'Name')), [], 'missing');
});
step('create-list', function () use ($soap, &$list, $key) {
    $new = typed('List', ['ListName' => "$key list", 'Type' => 'Private', 'Description' => 'for a story']);
    $list = held($soap->Create(['Options' => [], 'Objects' => [$new]]), 1)[0]->NewID;
    check($list > 0, 'a NewID');
});
step('create-subscribers', function () use ($soap, $subscriber, $keys) {
    $answer = $soap->Create(['Options' => [], 'Objects' => [$subscriber(0, 'Zoë & <Co>'), $subscriber(1, 'Bo')]]);
    foreach (held($answer, 2, 'Created Subscriber.') as $at => $result) {
        check($result->NewID > 0, 'a NewID');
        same(get_class($result->Object), 'Subscriber', "the echoed object's type");
        same($result->Object->SubscriberKey, $keys[$at], 'the echoed key');
    }
});
step('duplicate', function () use ($soap, $subscriber) {
    $answer = $soap->Create(['Options' => [], 'Objects' => [$subscriber(0, 'Again')]]);
    check(str_contains(strtok($soap->__getLastResponseHeaders(), "\n"), '200'), 'HTTP status 200');
    $result = $answer->Results[0];
    same(
        [$answer->OverallStatus, $result->StatusCode, $result->ErrorCode, $result->StatusMessage],
        ['Error', 'Error', 12014, 'The subscriber is already on the list'],
        'answer'
    );
});
step('update-attribute', function () use ($soap, $keys) {
    $upsert = ['SaveOptions' => ['SaveOption' => [['PropertyName' => '*', 'SaveAction' => 'UpdateAdd']]]];
    $change = typed('Subscriber', ['Attributes' => [['Name' => 'First Name', 'Value' => 'Béa']], 'SubscriberKey' => $keys[1]]);
    held($soap->Update(['Options' => $upsert, 'Objects' => [$change]]), 1, 'Updated Subscriber.');
});
step('retrieve-simple', function () use ($emails, $keys) {
    $wanted = ['ID', 'SubscriberKey', 'EmailAddress', 'Status', 'Attributes'];
    $answer = retrieve('Subscriber', $wanted, simple('SubscriberKey', $keys[1]));
    same([$answer->OverallStatus, count($answer->Results)], ['OK', 1], 'answer');
    $found = $answer->Results[0];
    same(get_class($found), 'Subscriber', 'type');
    same([$found->EmailAddress, $found->SubscriberKey, $found->Status], [$emails[1], $keys[1], 'Active'], 'subscriber');
    same(array_column($found->Attributes, 'Value', 'Name')['First Name'] ?? null, 'Béa', 'First Name');
});
step('retrieve-complex', function () use ($emails, $keys) {
    $either = typed('ComplexFilterPart', [
        'LeftOperand' => simple('SubscriberKey', $keys[0]),
        'LogicalOperator' => 'OR',
        'RightOperand' => simple('EmailAddress', $emails[1]),
    ]);
    $both = typed('ComplexFilterPart', [
        'LeftOperand' => $either, 'LogicalOperator' => 'AND', 'RightOperand' => simple('Status', 'Active'),
    ]);
    $answer = retrieve('Subscriber', ['SubscriberKey'], $both);
    same($answer->OverallStatus, 'OK', 'OverallStatus');
    $found = array_column($answer->Results, 'SubscriberKey');
    sort($found);
    same($found, $keys, 'subscribers');
});
step('retrieve-properties', function () use ($keys) {
    $found = retrieve('Subscriber', ['SubscriberKey'], simple('SubscriberKey', $keys[0]))->Results[0];
    same($found->SubscriberKey, $keys[0], 'SubscriberKey');
    same([isset($found->EmailAddress), isset($found->ID), isset($found->Status)], [false, false, false], 'others');
});
step('create-data-extension', function () use ($soap, $key, $extension) {
    $fields = [
        ['Name' => 'Id', 'MaxLength' => 20, 'IsRequired' => true, 'IsPrimaryKey' => true, 'FieldType' => 'Text'],
        ['Name' => 'Name', 'MaxLength' => 100, 'FieldType' => 'Text'],
        ['Name' => 'Amount', 'FieldType' => 'Number'],
    ];
    $new = typed('DataExtension', ['CustomerKey' => $extension, 'Name' => "$key rows", 'Fields' => ['Field' => $fields]]);
    held($soap->Create(['Options' => [], 'Objects' => [$new]]), 1, 'Data Extension created.');
});
step('create-rows', function () use ($soap, $extension) {
    $rows = array_map(fn ($at) => typed('DataExtensionObject', [
        'CustomerKey' => $extension,
        'Properties' => ['Property' => properties(['Id' => $at, 'Name' => "row $at", 'Amount' => $at * 10])],
    ]), range(1, 5));
    $results = held($soap->Create(['Options' => [], 'Objects' => $rows]), 5, 'Created DataExtensionObject');
    same(get_class($results[0]), 'DataExtensionCreateResult', "the result's type");
});
step('update-row', function () use ($soap, $extension) {
    $change = typed('DataExtensionObject', [
        'CustomerKey' => $extension,
        'Properties' => ['Property' => properties(['Name' => 'changed'])],
        'Keys' => ['Key' => properties(['Id' => 1])],
    ]);
    $results = held($soap->Update(['Options' => [], 'Objects' => [$change]]), 1, 'Updated DataExtensionObject');
    same(get_class($results[0]), 'DataExtensionUpdateResult', "the result's type");
});
step('retrieve-rows', function () use ($extension) {
    $answer = retrieve("DataExtensionObject[$extension]", ['Id', 'Name', 'Amount'], simple('Id', '1'));
    same($answer->OverallStatus, 'OK', 'OverallStatus');
    same(array_map('cells', $answer->Results), [['Id' => '1', 'Name' => 'changed', 'Amount' => '10']], 'rows');
});
step('paging', function () use ($soap, $extension) {
    $answer = retrieve("DataExtensionObject[$extension]", ['Id'], null, 2);
    $pages = [[$answer->OverallStatus, count($answer->Results)]];
    $seen = array_map('cells', $answer->Results);
    while ($answer->OverallStatus === 'MoreDataAvailable' && count($pages) < 5) {
        // As FuelSDK-PHP continues: with an empty ObjectType.
        $answer = $soap->Retrieve(['RetrieveRequest' => ['ObjectType' => '', 'ContinueRequest' => $answer->RequestID]]);
        $pages[] = [$answer->OverallStatus, count($answer->Results)];
        $seen = array_merge($seen, array_map('cells', $answer->Results));
    }
    same($pages, [['MoreDataAvailable', 2], ['MoreDataAvailable', 2], ['OK', 1]], 'pages');
    $seen = array_column($seen, 'Id');
    sort($seen);
    same($seen, ['1', '2', '3', '4', '5'], 'rows');
});
step('delete-rows', function () use ($soap, $extension) {
    $rows = array_map(fn ($at) => typed('DataExtensionObject', [
        'CustomerKey' => $extension, 'Keys' => ['Key' => properties(['Id' => $at])],
    ]), range(1, 5));
    held($soap->Delete(['Options' => [], 'Objects' => $rows]), 5);
    $answer = retrieve("DataExtensionObject[$extension]", ['Id']);
    same([$answer->OverallStatus, $answer->Results ?? []], ['OK', []], 'rows');
});
step('wrong-password', function () {
    $stranger = connect();
    $stranger->__setSoapHeaders([security(getenv('ENVOI_USER'), getenv('ENVOI_PASSWORD') . 'x')]);
    try {
        $stranger->GetSystemStatus([]);
    } catch (SoapFault $fault) {
        same([$fault->faultcode, $fault->faultstring], ['q0:Security', 'Login Failed'], 'fault');
        check(str_contains(strtok($stranger->__getLastResponseHeaders(), "\n"), '500'), 'HTTP status 500');
        return;
    }
    throw new Exception('no fault');
});
step('unknown-type', function () {
    $answer = retrieve('Nonsense', ['ID']);
    $want = 'Error: Unable to find a handler for object type: Nonsense. Object types are case-sensitive, check spelling.';
    same([$answer->OverallStatus, $answer->Results ?? []], [$want, []], 'answer');
});
step('delete', function () use ($soap, &$list, $keys, $extension) {
    $gone = [
        typed('DataExtension', ['CustomerKey' => $extension]),
        typed('Subscriber', ['SubscriberKey' => $keys[0]]),
        typed('Subscriber', ['SubscriberKey' => $keys[1]]),
        typed('List', ['ID' => $list]),
    ];
    held($soap->Delete(['Options' => [], 'Objects' => $gone]), 4);
    foreach ($keys as $each) {
        $answer = retrieve('Subscriber', ['ID'], simple('SubscriberKey', $each));
        same([$answer->OverallStatus, $answer->Results ?? []], ['OK', []], 'subscribers');
    }
});

exit($failed ? 1 : 0);
