//! The error codes of the three systems: what each means and what can be done about it.
//!
//! Codes and names are facts of the systems (seeds 001, 002, 003; facts/backend-error-codes.tsv). Salesforce has no names: those are
//! ours, as are meanings and remedies. A row: system, code, ErrorCode, class, whether to try again, name, meaning, remedy.

use super::{Class, Code, System};

/// Every code of the seeds.
#[rustfmt::skip]
pub const TABLE: &[Code] = codes! {
    Salesforce "10001" 1_010_001 Auth no "AUTH_CONTEXT_NOT_VALID_FOR_CHANNEL"
        "The AuthorizationContext header does not belong to the addressed channel (to / channelAddressIdentifier)."
        "Set the connector's authorization_context to the channel definition of the addressed channel, or address another channel.";
    Salesforce "10002" 1_010_002 Client no "CHANNEL_TYPE_INVALID"
        "Addressed channel has the wrong channel type."
        "Address a messaging channel of the custom type, or correct the channel in the Salesforce set-up.";
    Salesforce "10003" 1_010_003 Auth no "TOKEN_SCOPE_MISSING"
        "Access token lacks the interaction_api scope."
        "Give the connected app the scope interaction_api; the next token has it.";
    Salesforce "10004" 1_010_004 Auth yes "TOKEN_INVALID"
        "Access token not valid (also what an expired token would give)."
        "Nothing when it happens once: a new token is taken by itself. When it stays, check consumer_key, user and private_key.";
    Salesforce "10005" 1_010_005 Auth no "AUTH_CONTEXT_NOT_VALID_FOR_TOKEN"
        "AuthorizationContext header does not match the connected app behind the token."
        "Use the authorization_context that belongs to the connected app of this connector.";
    Salesforce "10006" 1_010_006 Client no "CHANNEL_PROVIDER_INVALID"
        "Addressed channel has the wrong provider."
        "Address a channel whose provider is this integration.";
    Salesforce "10007" 1_010_007 Client no "FILE_ID_EMPTY"
        "Attachment interaction has no file id."
        "Nothing of the caller's: tell the operator, the request of an attachment is built by the connector.";
    Salesforce "10008" 1_010_008 Client no "FILE_TOO_LARGE"
        "Attachment larger than 25 MB."
        "Send a file of at most 25 MB, or a link to it in the text.";
    Salesforce "10009" 1_010_009 Client no "FILE_EMPTY"
        "Attachment part missing or zero bytes."
        "Give the address of a file that exists and is not empty.";
    Salesforce "10010" 1_010_010 Client no "CONTENT_LENGTH_EMPTY"
        "Attachment interaction has no contentLength."
        "Nothing of the caller's: tell the operator, the request of an attachment is built by the connector.";
    Salesforce "10011" 1_010_011 Client no "ATTACHMENT_COUNT_MISMATCH"
        "Number of attachment interactions differs from number of file parts."
        "Send one attachment, with one file.";
    Salesforce "10012" 1_010_012 Client no "WORK_ITEM_ID_INVALID"
        "WorkItemId is not a valid MessagingSession id."
        "Give the id of a MessagingSession as workItemId.";
    Salesforce "10013" 1_010_013 Client no "CAPACITY_BOTH_GIVEN"
        "Both capacityPercentage and capacityWeight given."
        "Give capacityPercentage or capacityWeight, not both.";
    Salesforce "10014" 1_010_014 Client no "CAPACITY_WEIGHT_NEGATIVE"
        "CapacityWeight below zero."
        "Give a capacityWeight of 0 or more.";
    Salesforce "10015" 1_010_015 Client no "CAPACITY_PERCENTAGE_RANGE"
        "CapacityPercentage outside 0..100."
        "Give a capacityPercentage from 0 to 100.";
    Salesforce "10016" 1_010_016 Client no "HEADER_INVALID"
        "A required header is missing or malformed."
        "Check org_id and authorization_context of the connector: both are sent as headers.";
    Salesforce "10017" 1_010_017 NotFound no "CHANNEL_ADDRESS_NOT_FOUND"
        "ChannelAddressIdentifier does not exist."
        "Give a channel address that exists: FromAddress of the object, or the connector's channel.";
    Salesforce "10018" 1_010_018 Client no "CONVERSATION_ID_INVALID"
        "ConversationIdentifier not valid."
        "Give a conversationIdentifier as Salesforce returned it.";
    Salesforce "10019" 1_010_019 Transient yes "ORG_READ_ONLY"
        "Org migration in progress and service read-only."
        "Nothing: it is sent again until the migration of the org is over.";
    Salesforce "10020" 1_010_020 Client no "END_USER_CLIENT_ID_INVALID"
        "EndUserClientId not valid."
        "Give an end user id of at most 240 characters, in the form of the channel.";
    Salesforce "10021" 1_010_021 Client no "CONSENT_STATUS_INVALID"
        "ConsentStatus not one of the enum values."
        "Set opt_in to ImplicitlyOptedIn, ExplicitlyOptedIn or DoublyOptedIn.";
    Salesforce "10022" 1_010_022 Conflict no "CONSENT_OWNER_NOT_PARTNER"
        "Channel settings do not let a partner own consent."
        "Make the partner the consent owner in the channel's settings, or do not change consent through this connector.";
    Salesforce "10023" 1_010_023 Conflict no "CONSENT_KEYWORDS_ENABLED"
        "Channel handles consent keywords itself so the API may not set consent."
        "Switch consent keywords of the channel off, or leave consent to the channel.";
    Salesforce "10024" 1_010_024 Client no "FLOW_OR_FALLBACK_MISSING"
        "Flow routing needs both flow id and fallback queue id."
        "Name a flow and its fallback queue.";
    Salesforce "10025" 1_010_025 NotFound no "CONVERSATION_NOT_FOUND"
        "No conversation for that channel address on a CUSTOM channel."
        "Open the conversation first, or check recipient and channel address.";
    Salesforce "10026" 1_010_026 NotFound no "CHANNEL_DEFINITION_MISSING"
        "No ConversationChannelDefinition behind the addressed channel."
        "Create the ConversationChannelDefinition of the channel in Salesforce.";
    Salesforce "10027" 1_010_027 Client no "TO_INVALID"
        "To field not valid."
        "Give a channel address of at most 240 characters: FromAddress of the object, or the connector's channel.";
    Salesforce "10028" 1_010_028 Client no "FROM_INVALID"
        "From field not valid."
        "Give a recipient of at most 255 characters.";
    Salesforce "10029" 1_010_029 Client no "INTERACTION_LIST_INVALID"
        "Interactions array not valid (spec allows exactly one)."
        "Nothing of the caller's: tell the operator, the connector sends one interaction in each request.";
    Salesforce "10030" 1_010_030 Client no "ROUTE_TARGET_AMBIGUOUS"
        "Route call must name either a flow or a queue."
        "Name either a flow or a queue.";
    Salesforce "10031" 1_010_031 Conflict no "CHANNEL_INACTIVE"
        "Addressed channel exists but is not active."
        "Activate the channel in Salesforce, or address another.";
    Salesforce "10032" 1_010_032 Client no "QUEUE_ID_INVALID"
        "Queue id not valid."
        "Give the id of a queue that exists.";
    Salesforce "10033" 1_010_033 Client no "ROUTING_ERROR_MESSAGE_UNEXPECTED"
        "ErrorMessage sent with a successful routing result."
        "Leave errorMessage out of a routing result that succeeded.";
    Salesforce "10034" 1_010_034 Client no "ROUTING_ERROR_MESSAGE_MISSING"
        "ErrorMessage absent on a failed routing result."
        "Give errorMessage with a routing result that failed.";
    Salesforce "10035" 1_010_035 Client no "CHANNEL_NOT_CUSTOM"
        "Messaging channel is not of type CUSTOM."
        "Address a messaging channel of the type CUSTOM.";
    Salesforce "10036" 1_010_036 NotFound no "PARTICIPANT_NOT_FOUND"
        "Participant does not exist."
        "Give a participant of this conversation.";
    Salesforce "10037" 1_010_037 Client no "APP_TYPE_UNSUPPORTED"
        "AppType not supported."
        "Give an appType of the API (custom).";
    Salesforce "10038" 1_010_038 Client no "PARTICIPANT_ROLE_UNSUPPORTED"
        "Participant role not supported."
        "Give a role that the API has for participants.";
    Salesforce "10039" 1_010_039 Client no "PARTICIPANTS_MISSING"
        "No participants given."
        "Give the participants of the conversation.";
    Salesforce "10042" 1_010_042 Client no "END_USER_MISSING"
        "No end-user participant given."
        "Give an end user among the participants.";
    Salesforce "10043" 1_010_043 Client no "PARTICIPANT_ROLE_INVALID"
        "Role must be Chatbot or EndUser."
        "Give each participant the role Chatbot or EndUser.";
    Salesforce "10044" 1_010_044 Client no "END_USER_NOT_UNIQUE"
        "More than one end-user participant."
        "Give one end user, not several.";
    Salesforce "10045" 1_010_045 Client no "ENTRY_FORMAT_INVALID"
        "Message entry malformed."
        "Check the message entry against the API's schema.";
    Salesforce "10046" 1_010_046 Client no "CLIENT_TIMESTAMP_INVALID"
        "ClientTimestamp outside the allowed window."
        "Send the entry within the time that the API allows; check the clock of this machine.";
    Salesforce "10047" 1_010_047 Client no "MESSAGE_TYPE_INVALID"
        "MessageType not valid."
        "Give a messageType of the API.";
    Salesforce "10048" 1_010_048 Client no "FORMAT_TYPE_INVALID"
        "FormatType not valid."
        "Give a formatType of the API.";
    Salesforce "10049" 1_010_049 Client no "MESSAGE_FORMAT_COMBINATION_INVALID"
        "MessageType and formatType do not go together."
        "Give a formatType that goes with the messageType.";
    Salesforce "10050" 1_010_050 Client no "CUSTOM_INTEGRATION_INVALID"
        "CustomIntegration not valid."
        "Give a customIntegration of the API.";
    Salesforce "10051" 1_010_051 Client no "FILE_SIZE_MISMATCH"
        "Declared byte size differs from the uploaded file."
        "Send the file again; its length changed while it was read.";
    Salesforce "10052" 1_010_052 Client no "CONVERSATION_CHANNEL_ADDRESS_INVALID"
        "ChannelAddressIdentifier of a conversation request not valid."
        "Give a channel address that the org has: FromAddress of the object, or the connector's channel.";
    Salesforce "10053" 1_010_053 Client no "CONVERSATION_PARTICIPANTS_INVALID"
        "Participants of a conversation request empty or not valid."
        "Give one participant with subject, role and appType.";
    Salesforce "10054" 1_010_054 Client no "CONVERSATION_SUBJECT_INVALID"
        "Participant subject of a conversation request not valid."
        "Give a recipient that the channel accepts.";
    Salesforce "10055" 1_010_055 Transient yes "CONVERSATION_PRECONDITION_FAILED"
        "Concurrent state change on the conversation."
        "Nothing: it is sent again.";
    Salesforce "10056" 1_010_056 Transient yes "CONVERSATION_ABORTED"
        "Conversation processing aborted."
        "Nothing: it is sent again.";
    Salesforce "10057" 1_010_057 Auth no "HISTORY_API_NOT_PERMITTED"
        "Caller is not allowed to use ConversationHistory (CCaaS partners only)."
        "Ask the Salesforce administrator for access to ConversationHistory; contact-centre partners alone have it.";
    Salesforce "10058" 1_010_058 Client no "CUSTOMER_ERROR"
        "Unspecified error caused on the customer org side."
        "Ask the Salesforce administrator: the cause lies in the org, and the answer does not name it.";
    Salesforce "10059" 1_010_059 Client no "MESSAGE_ID_EMPTY"
        "Payload.id or abstractMessage.id empty."
        "Nothing of the caller's: tell the operator, ids are given by the connector.";
    Salesforce "10060" 1_010_060 Client no "MESSAGE_ID_MISMATCH"
        "Payload.id and abstractMessage.id differ."
        "Nothing of the caller's: tell the operator, ids are given by the connector.";
    Salesforce "10061" 1_010_061 Client no "SESSION_START_INVALID"
        "Messaging session startTime not valid."
        "Give a startTime in milliseconds that lies in the past.";
    Salesforce "10062" 1_010_062 Client no "END_USER_MESSAGE_TYPE_INVALID"
        "End users may send only StaticContent, ChoicesResponse or FormResponse messages."
        "Send a text, or the answer to choices or to a form.";
    Salesforce "10063" 1_010_063 Client no "HISTORY_SESSION_UNSUPPORTED"
        "Org does not support messagingSession in ConversationHistory: drop the parameter."
        "Leave messagingSession out of the request.";
    Salesforce "10064" 1_010_064 Client no "SESSION_END_INVALID"
        "Messaging session endTime not valid."
        "Give an endTime that is not before startTime.";
    Salesforce "10065" 1_010_065 Client no "END_USER_LEFT_TIME_GIVEN"
        "End users must not carry leftTime."
        "Leave leftTime of the end user out.";
    Salesforce "10066" 1_010_066 Client no "CHATBOT_LEFT_TIME_MISSING"
        "Chatbot needs leftTime once its conversation ended."
        "Give leftTime of the chatbot.";
    Salesforce "10067" 1_010_067 Client no "JOINED_TIME_INVALID"
        "JoinedTime not earlier than leftTime."
        "Give a joinedTime before leftTime.";
    Salesforce "10068" 1_010_068 Client no "SENDER_NOT_PARTICIPANT"
        "Message sender is not an approved participant."
        "Send as a participant of this conversation.";
    Salesforce "10069" 1_010_069 Auth no "CHANNEL_ADDRESS_OR_AUTH_INVALID"
        "Channel address wrong or not covered by the authorization set-up."
        "Check the channel address and the set-up of the connected app.";
    Salesforce "10070" 1_010_070 Auth no "CHANNEL_NOT_IN_AUTH_CONTEXT"
        "Channel address not configured for this authorization context."
        "Configure the channel for this authorization_context, or address another channel.";
    Salesforce "10071" 1_010_071 NotFound no "SESSION_NOT_FOUND"
        "Session id does not resolve (upstream wording is now: session is not found)."
        "Give a session that exists; it may have ended.";
    Salesforce "10072" 1_010_072 Client no "SESSION_ID_INVALID"
        "Session id malformed."
        "Give a session id as Salesforce returned it.";
    Salesforce "10073" 1_010_073 Conflict no "MESSAGE_ID_DUPLICATE"
        "Message id not unique within the conversation."
        "It is there already: look in Salesforce before sending it again under a new RequestID.";
    Salesforce "10074" 1_010_074 Client no "MESSAGE_TIMESTAMP_INVALID"
        "Timestamp outside the time the sender was in the conversation."
        "Give a timestamp at which the sender was in the conversation.";
    Salesforce "10075" 1_010_075 Client no "CONFERENCE_ROUTING_UNSUPPORTED"
        "Org release too old for conference routing: use Initial or Transfer."
        "Use the routing type Initial or Transfer until the org is upgraded.";
    Salesforce "10076" 1_010_076 Client no "CANCEL_REASON_UNSUPPORTED"
        "Org release too old for cancelReason on route delete."
        "Leave cancelReason out until the org is upgraded.";
    Salesforce "10077" 1_010_077 Client no "CONFERENCE_AGENT_WORK_UNSUPPORTED"
        "Org release too old for agent action Conference: use Transfer."
        "Use the agent action Transfer until the org is upgraded.";
    Salesforce "10078" 1_010_078 Client no "HISTORY_PAYLOAD_INVALID"
        "Some ConversationHistory parameter not valid."
        "Check the parameters of the history request.";
    Salesforce "10082" 1_010_082 Client no "WORK_ID_INVALID"
        "WorkId not valid."
        "Give a workId that exists.";
    Salesforce "10083" 1_010_083 Client no "CONTEXT_TYPE_INVALID"
        "ContextType unsupported."
        "Give a contextType of the API.";
    Salesforce "10084" 1_010_084 Client no "BOT_ID_INVALID"
        "BotId not valid."
        "Give the id of a bot of this org.";
    Salesforce "10085" 1_010_085 Client no "STATUS_INVALID"
        "Status value not valid."
        "Give a status of the API.";
    Salesforce "10086" 1_010_086 Client no "EXTERNAL_BOT_ID_INVALID"
        "ExternalBotId not valid."
        "Give an ExternalBotId of this org.";
    Salesforce "10087" 1_010_087 Auth no "AUTH_CONTEXT_NOT_VALID_FOR_BOT"
        "AuthorizationContext does not cover this bot."
        "Use the authorization_context of this bot.";
    Salesforce "10088" 1_010_088 Conflict no "BOT_INACTIVE"
        "Bot exists but is inactive."
        "Activate the bot in Salesforce.";
    Salesforce "10089" 1_010_089 Client no "PARAMETERS_INVALID"
        "Unspecified invalid parameters."
        "Check the parameters of the request; the answer does not say which is wrong.";
    Salesforce "10090" 1_010_090 Client no "ENTRIES_START_INVALID"
        "StartTime of an entries fetch not valid."
        "Give a startTime in milliseconds that lies in the past.";
    Salesforce "10091" 1_010_091 Client no "ENTRIES_END_INVALID"
        "EndTime not after startTime."
        "Give an endTime after startTime.";
    Salesforce "10092" 1_010_092 Client no "ENTRIES_LIMIT_INVALID"
        "Limit outside the allowed range."
        "Give a limit within the API's range.";
    Salesforce "10093" 1_010_093 Auth no "AUTH_CONTEXT_TYPE_INVALID"
        "AuthorizationContextType header value not valid."
        "Give ConversationChannelDefinition, EmbeddedMessagingChannel or ExternalConversationParticipant.";
    Salesforce "10094" 1_010_094 Transient doubt "DOWNSTREAM_TIMEOUT"
        "A service behind the API timed out: nobody knows whether it was done."
        "Look in Salesforce whether it arrived; on_ambiguous says whether it is sent again by itself.";
    Salesforce "10095" 1_010_095 Client no "MIME_TYPE_UNKNOWN"
        "MIME type of the upload cannot be determined."
        "Send a file whose name or content tells its type.";
    Salesforce "10096" 1_010_096 Client no "CHANNEL_VARIABLE_TOO_LONG"
        "RoutingAttributes value longer than the channel set-up allows."
        "Shorten the attribute, or raise the length of the channel variable in Salesforce.";
    Salesforce "10097" 1_010_097 Client no "PARTICIPANT_OPERATION_INVALID"
        "Participant operation not valid (only Remove exists)."
        "Use the operation Remove.";
    Salesforce "10098" 1_010_098 Client no "PROGRESS_CAPABILITY_EMPTY"
        "ProgressIndicatorCapability present but empty."
        "Give a value, or leave the capability out.";
    Salesforce "15102" 1_015_102 Auth no "CCAAS_NOT_ENABLED"
        "Contact Center as a Service not enabled in the org."
        "Have Contact Center as a Service enabled in the org.";
    Salesforce "15103" 1_015_103 Conflict no "END_USER_NOT_OPTED_IN"
        "End user has not fully opted in."
        "Set the consent of the end user first, as far as he gave it.";
    Salesforce "15104" 1_015_104 Conflict no "CHANNEL_NOT_LINKED"
        "Messaging channel not linked to a contact center."
        "Link the messaging channel to a contact center in Salesforce.";
    Salesforce "15105" 1_015_105 Auth no "USER_LACKS_PARTNER_MESSAGING"
        "Calling user lacks the Partner Messaging permission."
        "Give the connector's user the permission Partner Messaging.";
    Salesforce "15106" 1_015_106 Client no "USER_ID_INVALID"
        "UserId not valid."
        "Give the id of a user of this org.";
    Salesforce "15107" 1_015_107 Client no "CONVERSATION_WORK_ITEM_MISMATCH"
        "ConversationId is not the one linked to the work item."
        "Give the conversation that belongs to the work item.";
    Salesforce "15108" 1_015_108 NotFound no "SERVICE_CHANNEL_NOT_FOUND"
        "No service channel for this messaging session."
        "Check the messaging session and its service channel in Salesforce.";
    Salesforce "15109" 1_015_109 Conflict no "AGENT_WORK_EXISTS"
        "Active AgentWork already exists for that user and work item."
        "Use the AgentWork that is there.";
    Salesforce "15110" 1_015_110 Client no "WORK_ITEM_ID_INVALID_CCAAS"
        "WorkItemId is not a valid MessagingSession id (names the id)."
        "Give the id of a MessagingSession as workItemId.";
    Salesforce "15111" 1_015_111 NotFound no "WORK_ITEM_NOT_FOUND"
        "WorkItemId well formed but no such MessagingSession."
        "Give a MessagingSession that exists.";
    Salesforce "15112" 1_015_112 Conflict no "AGENT_STATUS_WRONG_CHANNEL"
        "Agent presence status not associated with the channel of this work."
        "Associate the agent's status with the channel in Salesforce, or choose another status.";
    Salesforce "20002" 1_020_002 Server doubt "CONVERSATION_LOOKUP_FAILED"
        "Service failed while listing conversations of an end-user address."
        "Look in Salesforce whether it arrived; on_ambiguous says whether it is sent again by itself.";
    Salesforce "20003" 1_020_003 Client no "INTERACTION_LIST_EMPTY"
        "Empty interaction list (filed as service error but caused by the caller)."
        "Nothing of the caller's: tell the operator, the connector sends one interaction in each request.";
    Salesforce "20004" 1_020_004 Server doubt "POD_NOT_FOUND"
        "Service could not locate the org pod to read permissions."
        "Look in Salesforce whether it arrived; when it stays, contact Salesforce support.";
    Salesforce "25005" 1_025_005 NotFound no "WORK_ITEM_END_USER_NOT_FOUND"
        "No messaging end user for the work item."
        "Check that the messaging session exists, then send it again.";
    Salesforce "25006" 1_025_006 NotFound no "WORK_ITEM_CONVERSATION_NOT_FOUND"
        "No conversation for the work item."
        "Check that the conversation exists, then send it again.";
    Salesforce "25007" 1_025_007 NotFound no "WORK_ITEM_CONVERSATION_ID_NOT_FOUND"
        "No conversationId for the work item."
        "Check that the conversation exists, then send it again.";
    Salesforce "500" 1_000_500 Server doubt "INTERNAL_SERVER_ERROR"
        "Internal server error: nobody knows whether it was done."
        "Look in Salesforce whether it arrived; when it stays, contact Salesforce support.";

    Yeastar "-2" 2_999_998 Server doubt "INTERNAL SERVER ERROR"
        "PBX internal error: nobody knows whether it was done."
        "Look in the session on the PBX whether it arrived; on_ambiguous says whether it is sent again by itself.";
    Yeastar "-1" 2_999_999 Client no "FAILURE"
        "Generic failure whose reason is only in invalid_param_list; also the answer to wrong credentials on get_token."
        "Read the reason in the message: it names the field. At log-in: correct client_id and client_secret.";
    Yeastar "0" 2_000_000 Ok no "SUCCESS"
        "Not an error."
        "Nothing.";
    Yeastar "1" 2_000_001 Ok no "PARTIAL SUCCESS"
        "Some items of the request took effect."
        "Look in the raw answer for what was done, and send again only what was not.";
    Yeastar "2" 2_000_002 Ok no "PROCESSING"
        "Accepted and still running."
        "Nothing: the PBX is still at it. Do not send it again.";
    Yeastar "10001" 2_010_001 NotFound no "INTERFACE NOT EXISTED"
        "Endpoint unknown to this firmware."
        "Update the firmware of the PBX; it does not know this operation.";
    Yeastar "10002" 2_010_002 Client no "API VERSION OUT OF MAINTENANCE"
        "API version retired."
        "Update the firmware of the PBX, or correct the version in the connector's base.";
    Yeastar "10003" 2_010_003 Client no "API VERSION UNSUPPORTED"
        "API version not supported by this firmware."
        "Update the firmware of the PBX, or correct the version in the connector's base.";
    Yeastar "10004" 2_010_004 Auth yes "TOKEN EXPIRED"
        "Access token or web session expired."
        "Nothing when it happens once: a new token is taken by itself. When it stays, check client_id and client_secret.";
    Yeastar "10005" 2_010_005 Auth no "ACCESS DENIED"
        "No permission."
        "Give the API application the permission in the PBX.";
    Yeastar "40001" 2_040_001 Client no "PARAMETER SYNTAX ERROR"
        "Request cannot be parsed."
        "Nothing of the caller's: tell the operator, the request is built by the connector.";
    Yeastar "40002" 2_040_002 Client no "PARAMETER ERROR"
        "A parameter is invalid or missing (invalid_param_list names it)."
        "Correct the field that the message names.";
    Yeastar "40003" 2_040_003 Conflict no "DUPLICATE KEY VALUE"
        "A unique value is already used (duplicate_field_list names it)."
        "Use another value for the field that the message names, or update what has it.";
    Yeastar "40004" 2_040_004 Client no "FILE SIZE EXCEEDED"
        "Upload or import too large."
        "Send a smaller file.";
    Yeastar "60001" 2_060_001 NotFound no "DATA NOT FOUND"
        "Object does not exist."
        "Give an object that exists on the PBX.";
    Yeastar "60002" 2_060_002 Conflict no "MAX LIMITATION EXCEEDED"
        "Quantity limit for this object kind reached: something must be deleted first."
        "Have objects of this kind deleted on the PBX, or its limit raised.";
    Yeastar "60101" 2_060_101 NotFound no "ROLE NOT EXISTED"
        "Role does not exist."
        "Give a role that exists on the PBX.";
    Yeastar "70004" 2_070_004 Auth no "ACCOUNT IP BLOCKED"
        "Caller IP blocked after failed logins: an administrator must unblock it, and another try makes it worse."
        "Have an administrator of the PBX unblock the address of this machine, and correct client_id and client_secret first.";
    Yeastar "70082" 2_070_082 Transient yes "OVERLOAD_TASK_RUNNING"
        "A heavy task is running."
        "Nothing: it is sent again when the task is over.";
    Yeastar "70084" 2_070_084 Auth no "ACTION FORBIDDEN"
        "Action not allowed."
        "Give the API application the permission in the PBX.";
    Yeastar "70087" 2_070_087 Auth no "IP FORBIDDEN"
        "Caller IP not on the allow list."
        "Have the address of this machine put on the allow list of the PBX.";
    Yeastar "70091" 2_070_091 Conflict no "CONNECTION_RELATION_EXISTED"
        "Object is referenced by another object, for example a contact in a phonebook."
        "Take the contact out of the phonebooks that hold it, then delete it.";
    Yeastar "70093" 2_070_093 NotFound no "PHONEBOOK_NOT_EXISTED"
        "Phonebook does not exist."
        "Give a phonebook that exists on the PBX.";
    Yeastar "70106" 2_070_106 NotFound no "RATE_NOT_EXISTED"
        "Call rate does not exist."
        "Give a call rate that exists on the PBX.";
    Yeastar "70120" 2_070_120 Conflict no "ORGANIZATION DISABLED"
        "Organization feature switched off."
        "Switch the organization feature of the PBX on.";
    Yeastar "70123" 2_070_123 Auth no "API UNAVAILABLE"
        "API feature not available on this plan or system."
        "Check the plan of the PBX: the API is part of some alone.";
    Yeastar "70128" 2_070_128 NotFound no "CONTACTS_NOT_EXISTED"
        "Contact does not exist."
        "Create the contact: it is not, or no longer, on the PBX.";
    Yeastar "70130" 2_070_130 NotFound no "CAHNNEL ID NOT FOUND"
        "Call channel id does not exist."
        "Give a call that is going on.";
    Yeastar "70132" 2_070_132 Client no "OPERATION NOT SUPPORTED"
        "Channel does not support the operation."
        "Use another operation: this channel does not have it.";
    Yeastar "70510" 2_070_510 Conflict no "MAX PARTICIPANTS EXCEEDED"
        "Conference full."
        "Wait until somebody has left the conference.";
    Yeastar "70516" 2_070_516 NotFound no "WAKEUP CALL ALARM NOT EXISTED"
        "Wake-up alarm does not exist."
        "Give a wake-up call that exists.";
    Yeastar "70524" 2_070_524 Conflict no "CAN'T CHECKOUT WHEN PMS CHECKIN"
        "Check-out blocked while a PMS is integrated."
        "Check out in the property management system.";
    Yeastar "70525" 2_070_525 Conflict no "CAN'T OPERATE WITH PMS CONNECT"
        "Operation blocked while a PMS is integrated."
        "Do it in the property management system.";
    Yeastar "70537" 2_070_537 NotFound no "RESPONSE_ERRCODE_DEST_NOT_EXISTED"
        "Destination does not exist."
        "Give a destination that exists on the PBX.";
    Yeastar "70536" 2_070_536 NotFound no "RESPONSE_ERRCODE_LANGUAGE_NOT_EXISTED"
        "Language does not exist."
        "Give a language that the PBX has.";
    Yeastar "70539" 2_070_539 Conflict no "RESPONSE_ERRCODE_IVR_ADVANCED_SETTING_FORBID"
        "IVR advanced settings block this operation."
        "Switch the advanced settings of the IVR off, or change it on the PBX.";
    Yeastar "70542" 2_070_542 NotFound no "PROMPT NOT EXISTED"
        "System prompt language not installed."
        "Install the prompt language on the PBX.";
    Yeastar "70547" 2_070_547 Transient yes "MESSAGE SERVICE UNAVAILABLE"
        "Messaging service not available (outage or not licensed)."
        "Nothing: it is sent again. When it stays, check the messaging licence of the PBX.";
    Yeastar "70550" 2_070_550 Client no "FILE TYPE NOT SUPPORTED"
        "File type not supported."
        "Send a file of a type that the channel takes.";
    Yeastar "70621" 2_070_621 Client no "RECIPIENT NUMBER CANNOT BE EMPTY"
        "No recipient number."
        "Give a recipient's number.";
    Yeastar "70623" 2_070_623 Client no "SENDING TIME CANNOT BE IN THE PAST"
        "Scheduled time already passed."
        "Give a time in the future.";
    Yeastar "70651" 2_070_651 RateLimit yes "RESPONSE_ERRCODE_REACH_RECORDING_DOWNLOAD_LIMIT"
        "Too many recording downloads at once."
        "Nothing: it is tried again.";
    Yeastar "70653" 2_070_653 Conflict no "THE CONVERSATION HAS BEEN ARCHIVED"
        "Session is archived: unarchive first."
        "Unarchive the session on the PBX (or let remedies do it), then send it again.";
    Yeastar "70654" 2_070_654 Conflict no "THE CONVERSATION HAS NOT BEEN ARCHIVED"
        "Unarchive asked for a session that is not archived."
        "Nothing: the session is not archived.";
    Yeastar "70655" 2_070_655 NotFound no "THE CONVERSATION HAS BEEN REMOVED"
        "Session was removed."
        "Send it again without a session; the PBX opens a new one.";
    Yeastar "70656" 2_070_656 Auth no "API FUNCTION IS NOT ENABLED"
        "API feature switched off by the admin."
        "Switch the API on in the PBX (Integrations > API).";
    Yeastar "70657" 2_070_657 Conflict no "THE SESSION HAS EXPIRED AND ONLY TEMPLATE MESSAGES OR MESSAGES WITH TAGS CAN BE SENT"
        "Free-form window closed: send a WhatsApp template or a tagged Facebook message."
        "Send a WhatsApp template, or a Facebook message with a tag; fallback_template does so by itself.";
    Yeastar "80010" 2_080_010 Auth no "NO PERMISSION TO OBTAIN"
        "No permission to read the resource."
        "Give the API application the permission in the PBX.";
    Yeastar "80011" 2_080_011 Conflict no "SESSION ALREADY EXISTS"
        "A session for that channel, DID and number exists: reuse it."
        "Send into the session that is there.";
    Yeastar "80012" 2_080_012 Auth no "NO PERMISSION TO CREATE A SESSION"
        "No permission to open a session."
        "Give the API application the permission in the PBX.";
    Yeastar "80013" 2_080_013 Client no "INVALID CHANNEL NUMBER"
        "DID or channel number not valid."
        "Give a number of a messaging channel of the PBX: FromAddress of the object, or the connector's sender.";
    Yeastar "80014" 2_080_014 NotFound no "SESSION DOES NOT EXIST"
        "Session id unknown to the PBX."
        "Send it again without a session; the PBX opens a new one.";
    Yeastar "80015" 2_080_015 Client no "ONLY ONE MESSAGE TYPE IS ALLOWED OR THE MESSAGE FORMAT IS INCORRECT"
        "Mixed or malformed message content."
        "Send either a text or one file.";
    Yeastar "80016" 2_080_016 Conflict no "SESSION CLOSED"
        "Session is closed."
        "Send it again without a session; the PBX opens a new one.";
    Yeastar "80017" 2_080_017 Client no "THE SESSION CANNOT BE TRANSFERRED TO ITSELF"
        "Transfer source equals destination."
        "Give another destination than the session's own.";
    Yeastar "80018" 2_080_018 Client no "INVALID MESSAGE CHANNEL"
        "Message channel not valid."
        "Give a channel that the PBX has.";
    Yeastar "80019" 2_080_019 Conflict no "THE SESSION HAS NOT BEEN PICKED UP"
        "Session must be picked up first."
        "Pick the session up first.";
    Yeastar "80050" 2_080_050 Conflict no "THE SESSION CANNOT BE PICKED UP"
        "Session state forbids pick-up."
        "Look at the session on the PBX: somebody has it, or it is over.";
    Yeastar "80051" 2_080_051 NotFound no "THE MESSAGE QUEUE DOES NOT EXIST"
        "Message queue does not exist."
        "Give a message queue that exists on the PBX.";
    Yeastar "80052" 2_080_052 Conflict no "THE MESSAGE QUEUE HAS NO AGENTS"
        "Message queue has no agents."
        "Put agents into the message queue.";
    Yeastar "80053" 2_080_053 Client no "SYSTEM MESSAGE DELETION IS NOT ALLOWED"
        "System messages cannot be deleted."
        "Delete messages of users alone.";

    Connectly "ERROR_CODE_INVALID_SENDER_ID" 3_000_001 Client no "INVALID_SENDER_ID"
        "Sender phone number not valid."
        "Give a sender number of the business: FromAddress of the object, or the connector's sender.";
    Connectly "ERROR_CODE_PHONE_NUMBER_BAD_FORMAT" 3_000_002 Client no "PHONE_NUMBER_BAD_FORMAT"
        "Recipient number badly formatted."
        "Give the number with its country (E.164), or set the connector's country.";
    Connectly "ERROR_CODE_MESSAGE_ATTACHMENTS_NUMBER_INVALID" 3_000_003 Client no "MESSAGE_ATTACHMENTS_NUMBER_INVALID"
        "More than the single attachment allowed."
        "Send one attachment in each message.";
    Connectly "ERROR_CODE_MESSAGE_TEXT_EMPTY" 3_000_004 Client no "MESSAGE_TEXT_EMPTY"
        "Text empty."
        "Give a text.";
    Connectly "ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND" 3_000_005 NotFound no "MESSAGE_TEMPLATE_NOT_FOUND"
        "No template with that name and language."
        "Create the template in this language, or correct its name: CustomerKey of the definition, or the route's template.";
    Connectly "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID" 3_000_006 Client no "MESSAGE_TEMPLATE_INPUT_INVALID"
        "Template inputs not valid."
        "Give the attributes that the template asks for.";
    Connectly "ERROR_CODE_MESSAGE_ATTACHMENT_EMPTY" 3_000_007 Client no "MESSAGE_ATTACHMENT_EMPTY"
        "Attachment URL empty."
        "Give the address of the attachment.";
    Connectly "ERROR_CODE_MESSAGE_ATTACHMENT_INVALID" 3_000_008 Client no "MESSAGE_ATTACHMENT_INVALID"
        "Attachment URL cannot be parsed."
        "Give a whole https address of the attachment.";
    Connectly "ERROR_CODE_BUSINESS_MISSES_MATCHING_CHANNEL" 3_000_009 NotFound no "BUSINESS_MISSES_MATCHING_CHANNEL"
        "Business has no sender channel of that type."
        "Connect a channel of that type to the business, or use another channel.";
    Connectly "ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW" 3_000_010 Conflict no "MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW"
        "24 h reply window closed: use a template."
        "Send a template; fallback_template does so by itself.";
    Connectly "ERROR_CODE_BUSINESS_REACHED_LIMITS" 3_000_011 RateLimit no "BUSINESS_REACHED_LIMITS"
        "Channel restricted because earlier messages were blocked or flagged: not a short-term throttle."
        "Send less and better wanted messages; the channel is restricted for days, so do not try again soon.";
    Connectly "ERROR_CODE_MESSAGE_SELF_INVALID" 3_000_012 Client no "MESSAGE_SELF_INVALID"
        "This message type cannot go to oneself."
        "Give another recipient than the sender.";
    Connectly "ERROR_CODE_MESSAGE_PHONE_NUMBER_INVALID" 3_000_013 Client no "MESSAGE_PHONE_NUMBER_INVALID"
        "Phone number not valid."
        "Correct the recipient's number.";
    Connectly "ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT" 3_000_014 Conflict no "MESSAGE_CUSTOMER_OPTED_OUT"
        "Customer opted out of templates."
        "Do not send templates to this customer; write when he has written.";
    Connectly "ERROR_CODE_MESSAGE_CUSTOMER_NO_CONVERSATION_INITIATION" 3_000_015 Conflict no "MESSAGE_CUSTOMER_NO_CONVERSATION_INITIATION"
        "Customer never wrote first: use a template."
        "Send a template; fallback_template does so by itself.";
    Connectly "ERROR_CODE_BUSINESS_KEY_SECRET_ABSENT" 3_000_016 Auth no "BUSINESS_KEY_SECRET_ABSENT"
        "API secret of the business not initialised."
        "Initialise the API secret of the business at Connectly.";
    Connectly "ERROR_CODE_MESSAGE_TEMPLATE_DELETED" 3_000_017 Conflict no "MESSAGE_TEMPLATE_DELETED"
        "Template language still being deleted (weeks)."
        "Use another template name; this one is free in about four weeks.";
    Connectly "ERROR_CODE_MESSAGE_TEMPLATE_INVALID_PARAM" 3_000_018 Client no "MESSAGE_TEMPLATE_INVALID_PARAM"
        "Template variable, button or parameter missing or wrong."
        "Give every variable, button and parameter of the template, by its name.";
    Connectly "ERROR_CODE_BUSINESS_RATE_LIMIT_REACHED" 3_000_019 RateLimit yes "BUSINESS_RATE_LIMIT_REACHED"
        "Business rate limit hit."
        "Nothing: it is sent again more slowly. When it stays, lower per_second.";
    Connectly "ERROR_TYPE_UNSPECIFIED" 3_000_101 Server doubt "UNSPECIFIED"
        "Unexpected error: nobody knows whether it was done."
        "Look at Connectly whether it arrived; on_ambiguous says whether it is sent again by itself.";
    Connectly "ERROR_TYPE_AUTHENTICATION" 3_000_102 Auth no "AUTHENTICATION"
        "API key wrong or missing."
        "Correct the connector's api_key.";
    Connectly "ERROR_TYPE_AUTHORIZATION" 3_000_103 Auth no "AUTHORIZATION"
        "API key has no access to this business."
        "Correct the connector's business, or use a key that has access to it.";
    Connectly "ERROR_TYPE_RATE_LIMIT" 3_000_104 RateLimit yes "RATE_LIMIT"
        "API rate limit: the page speaks of a couple of minutes."
        "Nothing: it is sent again after a rest. When it stays, lower per_second.";
    Connectly "ERROR_TYPE_INVALID_REQUEST" 3_000_105 Client no "INVALID_REQUEST"
        "Payload not valid."
        "Correct what the message names.";
    Connectly "ERROR_TYPE_DEADLINE_EXCEEDED" 3_000_106 Transient doubt "DEADLINE_EXCEEDED"
        "Server-side time-out (nobody knows whether it was done)."
        "Look at Connectly whether it arrived; on_ambiguous says whether it is sent again by itself.";
    Connectly "ERROR_TYPE_NOT_FOUND" 3_000_107 NotFound no "NOT_FOUND"
        "Resource does not exist."
        "Give something that exists at Connectly: the message names it.";
    Connectly "ERROR_TYPE_CONFLICT" 3_000_108 Conflict no "CONFLICT"
        "Resource exists: update instead of create."
        "Update what is there in place of creating it.";
    Connectly "ERROR_TYPE_CONTEXT_CANCLED" 3_000_109 Transient doubt "CONTEXT_CANCLED"
        "Client gave up first (nobody knows whether it was done)."
        "Look at Connectly whether it arrived, and raise the connector's timeout.";
    Connectly "ERROR_TYPE_BUSINESS_LIMIT" 3_000_110 RateLimit no "BUSINESS_LIMIT"
        "Account limit of the business reached."
        "Have the limits of the account raised at Connectly.";
};

/// Codes that the systems have beside those of the seeds: newer ones, names in place of codes, and what events of Yeastar say of
/// a message that did not arrive (event 30032, `send_error`).
#[rustfmt::skip]
pub const LATER: &[Code] = codes! {
    Salesforce "10099" 1_010_099 Auth no "ORG_PERMISSION_MISSING"
        "The org lacks a permission that this call needs."
        "Ask the Salesforce administrator for the permission that the message names.";
    Salesforce "10100" 1_010_100 Client no "BODY_EMPTY"
        "The request has no body."
        "Nothing of the caller's: tell the operator, the request is built by the connector.";
    Salesforce "10101" 1_010_101 Client no "PARTICIPANTS_DUPLICATE"
        "A participant is given twice."
        "Give each participant once.";
    Salesforce "10102" 1_010_102 Client no "OPERATION_INVALID"
        "The operation is none of the API's."
        "Use End or Inactivate.";
    Salesforce "10103" 1_010_103 Client no "OPERATION_BY_INVALID"
        "The value of operationBy is none of the API's."
        "Use EndUser or System.";
    Salesforce "10104" 1_010_104 Auth no "SESSION_NO_ACCESS"
        "The caller has no access to the MessagingSession."
        "Give the connector's user access to messaging sessions.";
    Salesforce "10105" 1_010_105 NotFound no "END_USER_NOT_FOUND"
        "No such end user."
        "Give a recipient who has written, or whose conversation was opened.";
    Salesforce "10106" 1_010_106 Client no "SESSION_ID_MISSING"
        "The session id is missing."
        "Give the id of the session.";
    Salesforce "SESSION_NOT_FOUND" 1_990_001 NotFound no "SESSION_NOT_FOUND"
        "No such messaging session (errorReason)."
        "Give a session that exists; it may have ended.";
    Salesforce "CONVERSATION_PRECONDITION_FAILED" 1_990_002 Transient yes "CONVERSATION_PRECONDITION_FAILED"
        "The conversation changed at the same time (errorReason)."
        "Nothing: it is sent again.";
    Salesforce "INTERNAL_ERROR" 1_990_003 Server doubt "INTERNAL_ERROR"
        "Internal error: nobody knows whether it was done (errorReason)."
        "Look in Salesforce whether it arrived; when it stays, contact Salesforce support.";
    Salesforce "NO_ACCESS" 1_990_004 Auth no "NO_ACCESS"
        "The caller has no access to the session (errorReason)."
        "Give the connector's user access to messaging sessions.";

    Yeastar "10006" 2_010_006 Auth yes "TOKEN INVALID"
        "The access token is not valid (seen at real systems, in no list)."
        "Nothing when it happens once: a new token is taken by itself. When it stays, check client_id and client_secret.";
    Yeastar "10009" 2_010_009 Client no "OPERATION FAILED"
        "The operation failed; the answer does not say why."
        "Look at the log of the PBX.";
    Yeastar "invalid_webhook_request" 2_990_001 Client no "INVALID_WEBHOOK_REQUEST"
        "The carrier's callback was not valid (event 30032)."
        "Check the messaging channel on the PBX.";
    Yeastar "unsupported_callback_type" 2_990_002 Client no "UNSUPPORTED_CALLBACK_TYPE"
        "The carrier called back with something the PBX does not know (event 30032)."
        "Check the messaging channel on the PBX.";
    Yeastar "resource_not_found" 2_990_003 NotFound no "RESOURCE_NOT_FOUND"
        "The carrier does not find what the message names (event 30032)."
        "Check sender and recipient at the carrier.";
    Yeastar "invalid_did_number" 2_990_004 Client no "INVALID_DID_NUMBER"
        "The sender is no number of the channel (event 30032)."
        "Give a number of a messaging channel of the PBX: FromAddress of the object, or the connector's sender.";
    Yeastar "auth_fail" 2_990_005 Auth no "AUTH_FAIL"
        "The carrier refuses the PBX (event 30032)."
        "Correct the credentials of the channel on the PBX.";
    Yeastar "auth_not_exit" 2_990_006 Auth no "AUTH_NOT_EXIT"
        "The PBX has no credentials for the carrier (event 30032)."
        "Give the channel its credentials on the PBX.";
    Yeastar "request_fail" 2_990_007 Server no "REQUEST_FAIL"
        "The PBX could not ask the carrier (event 30032)."
        "Check the connection between PBX and carrier, then send it again.";
    Yeastar "send_fail" 2_990_008 Server no "SEND_FAIL"
        "The carrier could not send it (event 30032)."
        "Look at the carrier for the reason, then send it again.";
    Yeastar "exceeds_size_limit" 2_990_009 Client no "EXCEEDS_SIZE_LIMIT"
        "The content is larger than the channel allows (event 30032)."
        "Send a shorter text or a smaller file.";
    Yeastar "too_many_request" 2_990_010 RateLimit no "TOO_MANY_REQUEST"
        "The carrier refused it since there were too many (event 30032)."
        "Lower per_second of the connector, then send it again.";
    Yeastar "unsupport_media_type" 2_990_011 Client no "UNSUPPORT_MEDIA_TYPE"
        "The channel does not take files of this type (event 30032)."
        "Send a file of a type that the channel takes.";
    Yeastar "invalid_param" 2_990_012 Client no "INVALID_PARAM"
        "A parameter is not valid for the carrier (event 30032)."
        "Correct what the message names.";
    Yeastar "invalid_phone_number" 2_990_013 Client no "INVALID_PHONE_NUMBER"
        "The recipient's number is not valid (event 30032)."
        "Correct the recipient's number.";
    Yeastar "exceeds_time_limit" 2_990_014 Conflict no "EXCEEDS_TIME_LIMIT"
        "The time in which a free text may be sent is over (event 30032)."
        "Send a template.";
    Yeastar "service_unavailable" 2_990_015 Transient no "SERVICE_UNAVAILABLE"
        "The carrier is not available (event 30032)."
        "Send it again later.";
    Yeastar "service_error" 2_990_016 Server no "SERVICE_ERROR"
        "An error at the carrier (event 30032)."
        "Send it again later.";
    Yeastar "unknown_error" 2_990_017 Server no "UNKNOWN_ERROR"
        "The PBX does not know why it did not arrive (event 30032)."
        "Look at the carrier for the reason.";
    Yeastar "template_not_exist" 2_990_018 NotFound no "TEMPLATE_NOT_EXIST"
        "No such WhatsApp template (event 30032)."
        "Create the template, or correct its name.";
    Yeastar "msg_exceed" 2_990_019 Client no "MSG_EXCEED"
        "The WhatsApp text is too long (event 30032)."
        "Send a shorter text.";

    Connectly "ERROR_CODE_UNSPECIFIED" 3_000_020 Server doubt "UNSPECIFIED"
        "Internal server error: nobody knows whether it was done. Beside a type that is known, the type decides."
        "Look at Connectly whether it arrived; on_ambiguous says whether it is sent again by itself.";
};
