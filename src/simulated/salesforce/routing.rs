//! Routes, agents' work and what a channel can do.

use serde_json::{Value, json};

use super::{Done, Salesforce, is_work_item, taken};
use crate::simulated::{
    Reply,
    check::{Wrong, list, need, needed, one_of, text},
    random,
};

/// routingTypes.
const ROUTINGS: [&str; 3] = ["Initial", "Transfer", "Conference"];

impl Salesforce {
    /// `POST /route`: to a flow with its fallback queue, or to a queue.
    pub(super) fn route(&mut self, body: &Value) -> Done {
        one_of(body, "routingType", &ROUTINGS, "10089")?;
        let mut to = json!({});
        if let Some(info) = body.get("routingInfo") {
            let (queue, flow) = (text(info, "/queueId"), info.get("flow"));
            need(queue.is_some() != flow.is_some(), "10030", "routingInfo", "expected a queue or a flow")?;
            if let Some(flow) = flow {
                let is_whole = text(flow, "/flowId").is_some() && text(flow, "/queueId").is_some();
                need(is_whole, "10024", "flow", "expected flowId and queueId")?;
            }
            let queue = queue.or_else(|| flow.and_then(|flow| text(flow, "/queueId"))).unwrap_or_default();
            let is_queue = matches!(queue.len(), 15 | 18) && queue.starts_with("00G");
            need(is_queue, "10032", "queueId", "expected an id of 15 or 18 characters that starts with 00G")?;
            super::check_attributes(info)?;
            to = json!({ "queueId": queue });
        }
        let (_, conversation) = self.named(body)?;
        conversation.is_routed = true;
        let body = json!({
            "success": true, "routingCorrelationId": uuid::Uuid::new_v4().to_string(), "psrId": format!("0JR{}", random(12)),
            "workItemId": conversation.session, "contextParamMap": to,
        });
        Ok(Reply::new(202, body))
    }

    /// `DELETE /route`: whether there was one to take back.
    pub(super) fn unroute(&mut self, body: &Value) -> Done {
        let (_, conversation) = self.named(body)?;
        let was_routed = std::mem::take(&mut conversation.is_routed);
        Ok(Reply::new(202, json!({ "success": was_routed })))
    }

    /// `POST /agentWork`: an agent takes a work item, once.
    pub(super) fn work(&mut self, body: &Value) -> Done {
        let user = needed(body, "userId", 240, "15106")?;
        let item = work_item(body, "15110")?;
        let (weight, percentage) = (body.get("capacityWeight"), body.get("capacityPercentage"));
        need(weight.is_none() || percentage.is_none(), "10013", "capacityWeight", "expected it or capacityPercentage")?;
        let number_of = |value: Option<&Value>| value.map(|value| value.as_f64().unwrap_or(-1.0));
        need(number_of(weight).is_none_or(|it| it >= 0.0), "10014", "capacityWeight", "expected 0 or more")?;
        let fits = number_of(percentage).is_none_or(|it| (0.0..=100.0).contains(&it));
        need(fits, "10015", "capacityPercentage", "expected 0 to 100")?;
        let conversation = text(body, "/routingContext/conversationIdentifier");
        self.check_item(item, conversation)?;
        let key = (item.to_owned(), user.to_owned());
        need(self.works.get(&key).is_none(), "15109", "workItemId", "is the user's work already")?;
        let id = format!("0Bz{}", random(12));
        self.works.insert(key, id.clone());
        let body = json!({ "success": true, "id": uuid::Uuid::new_v4().to_string(), "agentWorkId": id });
        Ok(Reply::new(200, body))
    }

    /// `PATCH /agentWork`: work that was taken changes its status.
    pub(super) fn change_work(&mut self, body: &Value) -> Done {
        let id = needed(body, "workId", 18, "10082")?;
        let is_known = self.works.iter().any(|(_, known)| known == id);
        need(is_known, "10082", "workId", "is no agent work")?;
        needed(body, "status", 240, "10085")?;
        taken(200)
    }

    /// `POST /routingResult`: a message with a failure, and with it alone.
    pub(super) fn routed(&mut self, body: &Value) -> Done {
        let item = work_item(body, "10012")?;
        let flag = |name: &str| {
            let found = body.get(name).and_then(Value::as_bool);
            found.ok_or_else(|| Wrong::new("10089", name, "expected true or false"))
        };
        let has_succeeded = flag("success")?;
        flag("externallyRouted")?;
        let said = body.get("errorMessage").is_some();
        need(!has_succeeded || !said, "10033", "errorMessage", "expected none with a success")?;
        need(has_succeeded || said, "10034", "errorMessage", "required")?;
        let (id, _) = self.named(body)?;
        self.check_item(item, Some(&id))?;
        taken(200)
    }

    /// A work item that there is, of this conversation where one is named.
    fn check_item(&self, item: &str, conversation: Option<&str>) -> Result<(), Wrong> {
        // An id of 18 characters is one of 15 with three that check it.
        let item = item.get(..15).unwrap_or(item);
        let found = self.conversations.iter().find(|(_, known)| known.session == item);
        let (id, _) = found.ok_or_else(|| Wrong::new("15111", "workItemId", "is no messaging session"))?;
        need(conversation.is_none_or(|named| named == id), "15107", "conversationIdentifier", "is not the work item's")
    }
}

fn work_item<'v>(body: &'v Value, malformed: &'static str) -> Result<&'v str, Wrong> {
    let item = needed(body, "workItemId", 18, malformed)?;
    need(is_work_item(item), malformed, "workItemId", "expected an id of a messaging session")?;
    Ok(item)
}

/// `PATCH /capabilities`.
pub(super) fn capabilities(body: &Value) -> Done {
    let given = body.get("capabilities").unwrap_or(&Value::Null);
    need(text(given, "/appType") == Some("custom"), "10037", "appType", "expected custom")?;
    for channel in list(given, "channelCapabilities", 100, "10089")? {
        if let Some(integration) = channel.get("customIntegration") {
            let is_known = text(integration, "/customIntegrationType") == Some("CustomChannelIntegration");
            need(is_known, "10050", "customIntegration", "expected CustomChannelIntegration")?;
            for name in ["integrationNamespace", "conversationChannelDefinitionDevName"] {
                needed(integration, name, 240, "10050")?;
            }
        }
        if let Some(progress) = channel.get("progressIndicatorCapability") {
            let is_empty = progress.as_object().is_none_or(serde_json::Map::is_empty);
            need(!is_empty, "10098", "progressIndicatorCapability", "is empty")?;
        }
        for kind in list(channel, "messageTypeCapabilities", 100, "10089")? {
            needed(kind, "messageType", 240, "10047")?;
            for format in list(kind, "formatTypeCapabilities", 100, "10089")? {
                needed(format, "formatType", 240, "10048")?;
            }
        }
    }
    taken(200)
}
