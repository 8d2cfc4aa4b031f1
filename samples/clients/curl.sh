#!/bin/sh
# Creates a subscriber and retrieves it, with curl alone.
# Run: envoi demo &  then  sh samples/clients/curl.sh
set -eu
url=${ENVOI_URL:-http://127.0.0.1:8080/Service.asmx}

token=$(curl -fsS "${url%Service.asmx}v2/token" -H 'Content-Type: application/json' \
  -d '{"grant_type":"client_credentials","client_id":"demo","client_secret":"demo-secret"}' |
  sed 's/.*"access_token":"\([^"]*\)".*/\1/')

call() { # action message
  curl -sS "$url" -H 'Content-Type: text/xml; charset=utf-8' -H "SOAPAction: $1" -d "
    <Envelope xmlns='http://schemas.xmlsoap.org/soap/envelope/' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>
      <Header><fueloauth xmlns='http://exacttarget.com'>$token</fueloauth></Header>
      <Body>$2</Body>
    </Envelope>"
  echo
}

call Create "
  <CreateRequest xmlns='http://exacttarget.com/wsdl/partnerAPI'>
    <Options><SaveOptions><SaveOption><PropertyName>*</PropertyName><SaveAction>UpdateAdd</SaveAction></SaveOption></SaveOptions></Options>
    <Objects xsi:type='Subscriber'><EmailAddress>curl@example.com</EmailAddress><SubscriberKey>curl</SubscriberKey></Objects>
  </CreateRequest>"

call Retrieve "
  <RetrieveRequestMsg xmlns='http://exacttarget.com/wsdl/partnerAPI'><RetrieveRequest>
    <ObjectType>Subscriber</ObjectType><Properties>EmailAddress</Properties><Properties>Status</Properties>
    <Filter xsi:type='SimpleFilterPart'><Property>SubscriberKey</Property><SimpleOperator>equals</SimpleOperator><Value>curl</Value></Filter>
  </RetrieveRequest></RetrieveRequestMsg>"
