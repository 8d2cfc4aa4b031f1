#!/usr/bin/env perl
# The story told by SOAP::Lite, without a WSDL: every element is written out, and every leaf bears an xsi:type, as its users' do.
use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));

use JSON::PP;
use LWP::UserAgent;
use SOAP::Lite;

my $PARTNER_API = 'http://exacttarget.com/wsdl/partnerAPI';
my $WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
my ($url, $key) = @ENV{qw(ENVOI_URL STORY_KEY)};
my @keys = ("$key-a", "$key-b");
my @emails = map {"$_\@example.com"} @keys;
my $extension = "$key-rows";
my ($failed, $request, $answer) = (0, '', '');

sub step {
    my ($name, $work) = @_;
    if (eval { $work->(); 1 }) {
        print "ok $name\n";
    } else {
        $failed = 1;
        (my $why = "$@") =~ s/\s+/ /g;
        print "FAIL $name $why\n  request: $request\n  answer: $answer\n";
    }
}

sub check { my ($held, $what) = @_; die "$what\n" unless $held }

sub same {
    my ($got, $want, $what) = @_;
    $got = defined $got ? $got : '(none)';
    die "$what: got $got, want $want\n" unless $got eq $want;
}

# An element of the service's namespace: el('Name', 'text') or el('Name', el(...), ...); of('Type', ...) gives it an xsi:type.
sub el {
    my ($name, @inside) = @_;
    my $made = SOAP::Data->name("tns:$name");
    return $made->value($inside[0])->type('string') if @inside == 1 && !ref $inside[0];
    return $made->value(\SOAP::Data->value(@inside));
}
sub of { my ($type, $made) = @_; $made->attr({'xsi:type' => "tns:$type"}) }

sub security {
    my ($password) = @_;
    my $in = sub { SOAP::Header->name("wsse:$_[0]") };
    return $in->('Security')->attr({'xmlns:wsse' => $WSSE})->mustUnderstand(1)->value(\SOAP::Data->value(
        $in->('UsernameToken')->value(\SOAP::Data->value(
            $in->('Username')->value($ENV{ENVOI_USER})->type('string'),
            $in->('Password')->value($password)->type('string'),
        )),
    ));
}

sub connect_to {
    my ($endpoint) = @_;
    my $soap = SOAP::Lite->proxy($endpoint)->on_action(sub { qq("$_[1]") })->on_fault(sub { $_[1] });
    $soap->serializer->register_ns($PARTNER_API, 'tns');
    $soap->transport->add_handler(request_send => sub { $request = $_[0]->decoded_content; return });
    $soap->transport->add_handler(response_done => sub { $answer = $_[0]->decoded_content; return });
    return $soap;
}

our $soap = connect_to("$url/Service.asmx");
our $header = security($ENV{ENVOI_PASSWORD});

# call('Create', 'CreateRequest', children...): the answer as SOAP::Lite's SOM; a fault dies.
sub call {
    my ($operation, $root, @children) = @_;
    my $som = $soap->on_action(sub { qq("$operation") })
        ->call(SOAP::Data->name("tns:$root")->attr({'xmlns:tns' => $PARTNER_API}), @children, $header);
    die 'no SOAP: ' . $soap->transport->status . "\n" unless ref $som;
    die $som->faultcode . ': ' . $som->faultstring . "\n" if $som->fault;
    return $som;
}
sub create { call('Create', 'CreateRequest', el('Options', ''), @_) }
sub remove { call('Delete', 'DeleteRequest', el('Options', ''), @_) }

# Every one of so many objects went well.
sub held {
    my ($som, $count, $message) = @_;
    same($som->valueof('//OverallStatus'), 'OK', 'OverallStatus');
    my @results = $som->valueof('//Results');
    same(scalar @results, $count, 'results');
    for my $at (0 .. $count - 1) {
        same("$results[$at]{StatusCode} $results[$at]{OrdinalID}", "OK $at", 'result');
        same($results[$at]{StatusMessage}, $message, 'StatusMessage') if $message;
    }
    return @results;
}

sub simple {
    my ($name, $property, $value) = @_;
    return of('SimpleFilterPart', el($name, el('Property', $property), el('SimpleOperator', 'equals'), el('Value', $value)));
}
sub complex {
    my ($name, $left, $how, $right) = @_;
    return of('ComplexFilterPart', el($name, $left, el('LogicalOperator', $how), $right));
}
sub retrieve {
    my ($type, $properties, @more) = @_;
    return call('Retrieve', 'RetrieveRequestMsg',
        el('RetrieveRequest', el('ObjectType', $type), (map { el('Properties', $_) } @$properties), @more));
}

my $list;
sub subscriber {
    my ($at, $first) = @_;
    return of('Subscriber', el('Objects',
        el('EmailAddress', $emails[$at]),
        el('Attributes', el('Name', 'First Name'), el('Value', $first)),
        el('SubscriberKey', $keys[$at]),
        el('Lists', el('ID', $list), el('Status', 'Active'))));
}
sub cell { my ($in, $name, $value) = @_; el($in, el('Name', $name), el('Value', $value)) }
sub row {
    my ($cells, $id) = @_;
    my @inside = el('CustomerKey', $extension);
    push @inside, el('Properties', map { cell('Property', $_, $cells->{$_}) } sort keys %$cells) if $cells;
    push @inside, el('Keys', cell('Key', 'Id', $id)) if $id;
    return of('DataExtensionObject', el('Objects', @inside));
}
step('system-status', sub {
    my $som = call('GetSystemStatus', 'SystemStatusRequestMsg');
    same($som->valueof('//OverallStatus'), 'OK', 'OverallStatus');
    same($som->valueof('//SystemStatus'), 'OK', 'SystemStatus');
});
step('token', sub {
    my $body = encode_json({
        grant_type => 'client_credentials', client_id => $ENV{ENVOI_CLIENT_ID},
        client_secret => $ENV{ENVOI_CLIENT_SECRET}, account_id => $ENV{ENVOI_ACCOUNT},
    });
    my $got = LWP::UserAgent->new->post("$url/v2/token", 'Content-Type' => 'application/json', Content => $body);
    check($got->is_success, 'token: ' . $got->status_line);
    my $token = decode_json($got->content);
    local $soap = connect_to($token->{soap_instance_url} . 'Service.asmx');
    local $header = SOAP::Header->name('et:fueloauth')->attr({'xmlns:et' => 'http://exacttarget.com'})
        ->value($token->{access_token})->type('string');
    same(call('GetSystemStatus', 'SystemStatusRequestMsg')->valueof('//OverallStatus'), 'OK', 'OverallStatus');
});
step('version-info', sub {
    my $som = call('VersionInfo', 'VersionInfoRequestMsg', el('IncludeVersionHistory', 'false'));
    check($som->valueof('//VersionInfo/Version'), 'a version');
});
step('describe', sub {
    my $som = call('Describe', 'DefinitionRequestMsg',
        el('DescribeRequests', el('ObjectDefinitionRequest', el('ObjectType', 'Subscriber'))));
    same($som->valueof('//ObjectDefinition/ObjectType'), 'Subscriber', 'ObjectType');
    my %names = map { $_ => 1 } $som->valueof('//ObjectDefinition/Properties/Name');
    check($names{$_}, "property $_") for qw(EmailAddress SubscriberKey Status);
});
step('create-list', sub {
    my $new = of('List', el('Objects', el('ListName', "$key list"), el('Description', 'for a story'), el('Type', 'Private')));
    $list = (held(create($new), 1))[0]{NewID};
    check($list > 0, 'a NewID');
});
step('create-subscribers', sub {
    my $som = create(subscriber(0, 'Zoë & <Co>'), subscriber(1, 'Bo'));
    my @results = held($som, 2, 'Created Subscriber.');
    for my $at (0, 1) {
        check($results[$at]{NewID} > 0, 'a NewID');
        same($results[$at]{Object}{SubscriberKey}, $keys[$at], 'the echoed key');
    }
});
step('duplicate', sub {
    my $som = create(subscriber(0, 'Again'));
    same($soap->transport->status, '200 OK', 'HTTP status');
    same($som->valueof('//OverallStatus'), 'Error', 'OverallStatus');
    my $result = $som->valueof('//Results');
    same("$result->{StatusCode} $result->{ErrorCode}", 'Error 12014', 'result');
    same($result->{StatusMessage}, 'The subscriber is already on the list', 'StatusMessage');
});
step('update-attribute', sub {
    my $options = el('Options', el('SaveOptions', el('SaveOption', el('PropertyName', '*'), el('SaveAction', 'UpdateAdd'))));
    my $change = of('Subscriber', el('Objects',
        el('Attributes', el('Name', 'First Name'), el('Value', 'Béa')), el('SubscriberKey', $keys[1])));
    held(call('Update', 'UpdateRequest', $options, $change), 1, 'Updated Subscriber.');
});
step('retrieve-simple', sub {
    my $som = retrieve('Subscriber', [qw(ID SubscriberKey EmailAddress Status Attributes)],
        simple('Filter', 'SubscriberKey', $keys[1]));
    same($som->valueof('//OverallStatus'), 'OK', 'OverallStatus');
    my @found = $som->valueof('//Results');
    same(scalar @found, 1, 'subscribers');
    same("$found[0]{EmailAddress} $found[0]{SubscriberKey} $found[0]{Status}", "$emails[1] $keys[1] Active", 'subscriber');
    my ($first) = map { $_->{Value} } grep { $_->{Name} eq 'First Name' } $som->valueof('//Results/Attributes');
    same($first, 'Béa', 'First Name');
});
step('retrieve-complex', sub {
    my $either = complex('LeftOperand', simple('LeftOperand', 'SubscriberKey', $keys[0]), 'OR',
        simple('RightOperand', 'EmailAddress', $emails[1]));
    my $som = retrieve('Subscriber', ['SubscriberKey'],
        complex('Filter', $either, 'AND', simple('RightOperand', 'Status', 'Active')));
    same($som->valueof('//OverallStatus'), 'OK', 'OverallStatus');
    same(join(' ', sort map { $_->{SubscriberKey} } $som->valueof('//Results')), "@keys", 'subscribers');
});
step('retrieve-properties', sub {
    my $som = retrieve('Subscriber', ['SubscriberKey'], simple('Filter', 'SubscriberKey', $keys[0]));
    my $found = $som->valueof('//Results');
    same($found->{SubscriberKey}, $keys[0], 'SubscriberKey');
    check(!exists $found->{$_}, "no $_") for qw(EmailAddress ID Status);
});
step('create-data-extension', sub {
    my $field = sub { my %of = @_; el('Field', map { el($_, $of{$_}) } grep { exists $of{$_} } qw(Name MaxLength IsRequired IsPrimaryKey FieldType)) };
    my $new = of('DataExtension', el('Objects', el('CustomerKey', $extension), el('Name', "$key rows"), el('Fields',
        $field->(Name => 'Id', FieldType => 'Text', MaxLength => 20, IsPrimaryKey => 'true', IsRequired => 'true'),
        $field->(Name => 'Name', FieldType => 'Text', MaxLength => 100),
        $field->(Name => 'Amount', FieldType => 'Number'))));
    held(create($new), 1, 'Data Extension created.');
});
step('create-rows', sub {
    held(create(map { row({Id => $_, Name => "row $_", Amount => $_ * 10}) } 1 .. 5), 5, 'Created DataExtensionObject');
});
step('update-row', sub {
    held(call('Update', 'UpdateRequest', el('Options', ''), row({Name => 'changed'}, 1)), 1, 'Updated DataExtensionObject');
});
step('retrieve-rows', sub {
    my $som = retrieve("DataExtensionObject[$extension]", [qw(Id Name Amount)], simple('Filter', 'Id', '1'));
    same($som->valueof('//OverallStatus'), 'OK', 'OverallStatus');
    my @cells = map {"$_->{Name}=$_->{Value}"} $som->valueof('//Results/Properties/Property');
    same(join(' ', sort @cells), 'Amount=10 Id=1 Name=changed', 'row');
});
step('paging', sub {
    my $som = retrieve("DataExtensionObject[$extension]", ['Id'], el('Options', el('BatchSize', 2)));
    my (@pages, @seen);
    while (@pages < 5) {
        my $status = $som->valueof('//OverallStatus');
        my @rows = $som->valueof('//Results');
        push @pages, "$status " . @rows;
        push @seen, map { $_->{Value} } $som->valueof('//Results/Properties/Property');
        last unless $status eq 'MoreDataAvailable';
        # As FuelSDK for Ruby continues: ContinueRequest right under the message.
        $som = call('Retrieve', 'RetrieveRequestMsg', el('ContinueRequest', $som->valueof('//RequestID')));
    }
    same(join('; ', @pages), 'MoreDataAvailable 2; MoreDataAvailable 2; OK 1', 'pages');
    same("@{[sort @seen]}", '1 2 3 4 5', 'rows');
});
step('delete-rows', sub {
    held(remove(map { row(undef, $_) } 1 .. 5), 5);
    my $som = retrieve("DataExtensionObject[$extension]", ['Id']);
    same($som->valueof('//OverallStatus'), 'OK', 'OverallStatus');
    same(scalar(my @rows = $som->valueof('//Results')), 0, 'rows');
});
step('wrong-password', sub {
    local $header = security("$ENV{ENVOI_PASSWORD}x");
    check(!eval { call('GetSystemStatus', 'SystemStatusRequestMsg') }, 'a fault');
    same($@, "q0:Security: Login Failed\n", 'fault');
    check($soap->transport->status =~ /^500/, 'HTTP status 500');
});
step('unknown-type', sub {
    my $som = retrieve('Nonsense', ['ID']);
    same($som->valueof('//OverallStatus'), 'Error: Unable to find a handler for object type: Nonsense.'
        . ' Object types are case-sensitive, check spelling.', 'OverallStatus');
});
step('delete', sub {
    held(remove(
        of('DataExtension', el('Objects', el('CustomerKey', $extension))),
        (map { of('Subscriber', el('Objects', el('SubscriberKey', $_))) } @keys),
        of('List', el('Objects', el('ID', $list))),
    ), 4);
    for my $each (@keys) {
        my $som = retrieve('Subscriber', ['ID'], simple('Filter', 'SubscriberKey', $each));
        same($som->valueof('//OverallStatus') . scalar(my @none = $som->valueof('//Results')), 'OK0', 'subscribers');
    }
});

exit $failed;
