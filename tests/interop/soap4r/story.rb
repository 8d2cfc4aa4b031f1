# The story told by soap4r, with classes generated from the served WSDL.
gem 'soap4r-ruby1.9'
require 'json'
require 'net/http'
require 'PartnerAPIDriver'
require 'soap/header/simplehandler'
include PartnerAPI

$stdout.sync = true
ENVOI = ENV.fetch('ENVOI_URL')
KEY = ENV.fetch('STORY_KEY')
KEYS = ["#{KEY}-a", "#{KEY}-b"].freeze
EMAILS = KEYS.map { |key| "#{key}@example.com" }.freeze
EXTENSION = "#{KEY}-rows".freeze
WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd'.freeze

# A UsernameToken, to be understood.
class Security < SOAP::Header::SimpleHandler
  def initialize(password)
    super(XSD::QName.new(WSSE, 'Security'))
    @mustunderstand = true
    @password = password
  end

  def on_simple_outbound
    name = ->(local) { XSD::QName.new(WSSE, local) }
    { name['UsernameToken'] => { name['Username'] => ENV.fetch('ENVOI_USER'), name['Password'] => @password } }
  end
end

# A token.
class Token < SOAP::Header::SimpleHandler
  def initialize(token)
    super(XSD::QName.new('http://exacttarget.com', 'fueloauth'))
    @token = token
  end

  def on_simple_outbound
    @token
  end
end

# Keeps the last exchange: soap4r writes both to its wire dump.
class Wire
  def initialize
    @text = +''
  end

  def clear
    @text = +''
  end

  def <<(part)
    @text << part.to_s.dup.force_encoding('BINARY')
    self
  end

  def to_s
    @text
  end
end

$failed = false
$wire = Wire.new

def step(name)
  $wire.clear
  yield
  puts "ok #{name}"
rescue StandardError, NotImplementedError => error
  $failed = true
  puts "FAIL #{name} #{error.class}: #{error.message.gsub(/\s+/, ' ')}"
  $stdout.write($wire.to_s)
  puts
end

def check(held, what)
  raise what unless held
end

def same(got, want, what)
  raise "#{what}: got #{got.inspect}, want #{want.inspect}" unless got == want
end

def connect(header, endpoint = nil)
  soap = Soap.new(*endpoint)
  soap.endpoint_url = endpoint || "#{ENVOI}/Service.asmx"
  soap.headerhandler << header
  soap.wiredump_dev = $wire
  soap
end

# An object of a generated class with the members given.
def make(type, members = {})
  made = type.new
  members.each { |name, value| made.public_send("#{name}=", value) }
  made
end

def simple(property, value)
  SimpleFilterPart.new(property, SimpleOperators::Equals, [value])
end

def complex(left, how, right)
  ComplexFilterPart.new(left, how, right)
end

def retrieve(type, properties, filter = nil, batch = nil)
  asked = make(RetrieveRequest, objectType: type, properties: properties, filter: filter)
  asked.options = make(RetrieveOptions, batchSize: batch) if batch
  $soap.retrieve(RetrieveRequestMsg.new(asked))
end

# soap4r gives one member bare, many in an array, none as nil.
def list(value)
  value.is_a?(Array) ? value : [value].compact
end

def held(answer, count, message = nil)
  same(answer.overallStatus, 'OK', 'OverallStatus')
  results = list(answer.results)
  same(results.map { |result| [result.statusCode, result.ordinalID] }, (0...count).map { |at| ['OK', at] }, 'results')
  results.each { |result| same(result.statusMessage, message, 'StatusMessage') } if message
  results
end

def create(*objects)
  $soap.create(CreateRequest.new(CreateOptions.new, objects))
end

def remove(*objects)
  held($soap.delete(DeleteRequest.new(DeleteOptions.new, objects)), objects.size)
end

def subscriber(at, first)
  make(Subscriber,
       emailAddress: EMAILS[at], subscriberKey: KEYS[at], attributes: [Attribute.new('First Name', first)],
       lists: [make(SubscriberList, iD: $list, status: SubscriberStatus::Active)])
end

def row(cells, id = nil)
  made = make(DataExtensionObject, customerKey: EXTENSION)
  made.properties = ObjectExtension::Properties[*cells.map { |name, value| APIProperty.new(name, value.to_s) }] if cells
  made.keys = DataExtensionObject::Keys[APIProperty.new('Id', id.to_s)] if id
  made
end

def cells(row)
  row.properties.to_h { |cell| [cell.name, cell.value] }
end

def field(name, type, length = nil, key = nil)
  make(DataExtensionField, name: name, fieldType: type, maxLength: length, isPrimaryKey: key, isRequired: key)
end

$soap = connect(Security.new(ENV.fetch('ENVOI_PASSWORD')))

step 'system-status' do
  answer = $soap.getSystemStatus(SystemStatusRequestMsg.new)
  same(answer.overallStatus, 'OK', 'OverallStatus')
  same(list(answer.results)[0].systemStatus, 'OK', 'SystemStatus')
end
step 'token' do
  body = { grant_type: 'client_credentials', client_id: ENV.fetch('ENVOI_CLIENT_ID'),
           client_secret: ENV.fetch('ENVOI_CLIENT_SECRET'), account_id: ENV.fetch('ENVOI_ACCOUNT') }
  got = JSON.parse(Net::HTTP.post(URI("#{ENVOI}/v2/token"), body.to_json, 'Content-Type' => 'application/json').body)
  other = connect(Token.new(got.fetch('access_token')), "#{got.fetch('soap_instance_url')}Service.asmx")
  same(other.getSystemStatus(SystemStatusRequestMsg.new).overallStatus, 'OK', 'OverallStatus')
end
step 'version-info' do
  check(!$soap.versionInfo(VersionInfoRequestMsg.new(false)).versionInfo.version.empty?, 'a version')
end
step 'describe' do
  asked = make(ObjectDefinitionRequest, objectType: 'Subscriber')
  answer = $soap.describe(DefinitionRequestMsg.new(ArrayOfObjectDefinitionRequest[asked]))
  definition = list(answer.objectDefinition)[0]
  same(definition.objectType, 'Subscriber', 'ObjectType')
  same(%w[EmailAddress SubscriberKey Status] - definition.properties.map(&:name), [], 'missing properties')
end
step 'create-list' do
  new = make(List, listName: "#{KEY} list", description: 'for a story', type: ListTypeEnum::Private)
  $list = held(create(new), 1)[0].newID
  check($list.positive?, 'a NewID')
end
step 'create-subscribers' do
  held(create(subscriber(0, 'Zoë & <Co>'), subscriber(1, 'Bo')), 2, 'Created Subscriber.').each_with_index do |result, at|
    check(result.newID.positive?, 'a NewID')
    same([result.object.class, result.object.subscriberKey], [Subscriber, KEYS[at]], 'the echoed object')
  end
end
step 'duplicate' do
  answer = create(subscriber(0, 'Again'))
  result = list(answer.results)[0]
  same([answer.overallStatus, result.statusCode, result.errorCode, result.statusMessage],
       ['Error', 'Error', 12_014, 'The subscriber is already on the list'], 'answer')
end
step 'update-attribute' do
  save = UpdateOptions::SaveOptions[make(SaveOption, propertyName: '*', saveAction: SaveAction::UpdateAdd)]
  change = make(Subscriber, subscriberKey: KEYS[1], attributes: [Attribute.new('First Name', 'Béa')])
  held($soap.update(UpdateRequest.new(make(UpdateOptions, saveOptions: save), [change])), 1, 'Updated Subscriber.')
end
step 'retrieve-simple' do
  wanted = %w[ID SubscriberKey EmailAddress Status Attributes]
  answer = retrieve('Subscriber', wanted, simple('SubscriberKey', KEYS[1]))
  found = list(answer.results)
  same([answer.overallStatus, found.size, found[0].class], ['OK', 1, Subscriber], 'answer')
  same([found[0].emailAddress, found[0].subscriberKey, found[0].status], [EMAILS[1], KEYS[1], 'Active'], 'subscriber')
  first = list(found[0].attributes).find { |each| each.name == 'First Name' }
  same(first && first.value.dup.force_encoding('UTF-8'), 'Béa', 'First Name')
end
step 'retrieve-complex' do
  either = complex(simple('SubscriberKey', KEYS[0]), LogicalOperators::OR, simple('EmailAddress', EMAILS[1]))
  answer = retrieve('Subscriber', ['SubscriberKey'], complex(either, LogicalOperators::AND, simple('Status', 'Active')))
  same([answer.overallStatus, list(answer.results).map(&:subscriberKey).sort], ['OK', KEYS], 'answer')
end
step 'retrieve-properties' do
  found = list(retrieve('Subscriber', ['SubscriberKey'], simple('SubscriberKey', KEYS[0])).results)[0]
  same([found.subscriberKey, found.emailAddress, found.iD, found.status], [KEYS[0], nil, nil, nil], 'properties')
end
step 'create-data-extension' do
  fields = DataExtension::Fields[field('Id', DataExtensionFieldType::Text, 20, true),
                                 field('Name', DataExtensionFieldType::Text, 100),
                                 field('Amount', DataExtensionFieldType::Number)]
  held(create(make(DataExtension, customerKey: EXTENSION, name: "#{KEY} rows", fields: fields)), 1, 'Data Extension created.')
end
step 'create-rows' do
  rows = (1..5).map { |at| row('Id' => at, 'Name' => "row #{at}", 'Amount' => at * 10) }
  same(held(create(*rows), 5, 'Created DataExtensionObject')[0].class, DataExtensionCreateResult, "the result's type")
end
step 'update-row' do
  request = UpdateRequest.new(UpdateOptions.new, [row({ 'Name' => 'changed' }, 1)])
  same(held($soap.update(request), 1, 'Updated DataExtensionObject')[0].class, DataExtensionUpdateResult, "the result's type")
end
step 'retrieve-rows' do
  answer = retrieve("DataExtensionObject[#{EXTENSION}]", %w[Id Name Amount], simple('Id', '1'))
  rows = list(answer.results).map { |found| cells(found) }
  same([answer.overallStatus, rows], ['OK', [{ 'Id' => '1', 'Name' => 'changed', 'Amount' => '10' }]], 'answer')
end
step 'paging' do
  answer = retrieve("DataExtensionObject[#{EXTENSION}]", ['Id'], nil, 2)
  pages = []
  seen = []
  while pages.size < 5
    pages << [answer.overallStatus, list(answer.results).size]
    seen.concat(list(answer.results).map { |found| cells(found)['Id'] })
    break unless answer.overallStatus == 'MoreDataAvailable'

    answer = $soap.retrieve(RetrieveRequestMsg.new(make(RetrieveRequest, continueRequest: answer.requestID)))
  end
  same(pages, [['MoreDataAvailable', 2], ['MoreDataAvailable', 2], ['OK', 1]], 'pages')
  same(seen.sort, %w[1 2 3 4 5], 'rows')
end
step 'delete-rows' do
  remove(*(1..5).map { |at| row(nil, at) })
  answer = retrieve("DataExtensionObject[#{EXTENSION}]", ['Id'])
  same([answer.overallStatus, list(answer.results).size], ['OK', 0], 'rows')
end
step 'wrong-password' do
  fault = begin
    connect(Security.new("#{ENV.fetch('ENVOI_PASSWORD')}x")).getSystemStatus(SystemStatusRequestMsg.new)
    nil
  rescue SOAP::FaultError => error
    error
  end
  check(fault, 'a fault')
  same([fault.faultcode.data.to_s, fault.faultstring.data], ['q0:Security', 'Login Failed'], 'fault')
end
step 'unknown-type' do
  answer = retrieve('Nonsense', ['ID'])
  want = 'Error: Unable to find a handler for object type: Nonsense. Object types are case-sensitive, check spelling.'
  same([answer.overallStatus, list(answer.results).size], [want, 0], 'answer')
end
step 'delete' do
  remove(make(DataExtension, customerKey: EXTENSION), *KEYS.map { |key| make(Subscriber, subscriberKey: key) },
         make(List, iD: $list))
  KEYS.each do |key|
    answer = retrieve('Subscriber', ['ID'], simple('SubscriberKey', key))
    same([answer.overallStatus, list(answer.results).size], ['OK', 0], 'subscribers')
  end
end

exit($failed ? 1 : 0)
