"""Creates a subscriber and retrieves it, with zeep.

Run: envoi demo &  then  pip install zeep && python3 samples/clients/zeep_client.py
"""

import os

from zeep import Client
from zeep.wsse.username import UsernameToken

url = os.environ.get("ENVOI_URL", "http://127.0.0.1:8080/Service.asmx")
client = Client(url + "?WSDL", wsse=UsernameToken("demo", "demo-password"))


def make(name, **members):
    return client.get_type("{http://exacttarget.com/wsdl/partnerAPI}" + name)(**members)


upsert = make("CreateOptions", SaveOptions={"SaveOption": [{"PropertyName": "*", "SaveAction": "UpdateAdd"}]})
subscriber = make("Subscriber", EmailAddress="zeep@example.com", SubscriberKey="zeep")
created = client.service.Create(upsert, [subscriber])
print(created.OverallStatus, created.Results[0].StatusMessage, created.Results[0].NewID)

found = client.service.Retrieve(
    make(
        "RetrieveRequest",
        ObjectType="Subscriber",
        Properties=["ID", "EmailAddress", "SubscriberKey", "Status"],
        Filter=make("SimpleFilterPart", Property="SubscriberKey", SimpleOperator="equals", Value=["zeep"]),
    )
)
for row in found.Results:
    print(row.ID, row.EmailAddress, row.Status)
