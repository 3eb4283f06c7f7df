//! The operations that administer queues: one request of an action for each document.
//!
//! A request's members come from the operation's settings and from the document's payload, a JSON
//! object in AWS's own names; the payload wins. Both are checked against the same table. The
//! answer is given whole, members that nobody here knows included.

mod answer;
mod attributes;

use super::queues::Target;
use super::{Problems, Results, Session, outcomes, settle};
use crate::catalogue::administration::Action;
use crate::catalogue::{Kind, Operation};
use crate::client::Call;
use crate::client::json::{self, Node};
use crate::connection::fields::{Values, coerce};
use crate::connection::queue::{QueueReference, check_name};
use crate::contract::{Document, Error, Outcome, Problem, Value};
use crate::transport::Ports;
use attributes::Attributes;
pub(super) use attributes::is_attribute;

/// Pages that are read at most.
const PAGES: usize = 100;
/// Results that a page has at most, where nobody says otherwise: without a number of its own the
/// service gives one page and no token for more.
const PAGE: i64 = 1_000;

pub(super) async fn execute<P: Ports>(
    session: &Session<P>,
    operation: &Operation,
    action: &Action,
    target: &Target,
    settings: &mut Values,
    documents: Vec<Document>,
) -> Result<Vec<Outcome>, Error> {
    let all_pages = settings.flag("all-pages");
    let (members, attributes) = from_settings(operation, settings)?;
    let mut results: Results = documents.iter().map(|_| None).collect();
    // One after another: two documents may well concern the same queue.
    for (index, document) in documents.into_iter().enumerate() {
        let mut request = Request {
            members: members.clone(),
            attributes: attributes.clone(),
            queue: None,
        };
        let result = match request.add(operation, action, document, target, session) {
            Ok(()) => request.run(session, operation, action, all_pages).await,
            Err(error) => Err(error),
        };
        settle(&mut results, index, result);
    }
    Ok(outcomes(results))
}

/// A request's members by AWS's names, as JSON values.
type Members = Vec<(&'static str, Value)>;

/// What the settings say.
fn from_settings(
    operation: &Operation,
    settings: &mut Values,
) -> Result<(Members, Attributes), Error> {
    let mut members = Members::new();
    let mut attributes = Attributes::default();
    for field in operation.own_settings() {
        if field.member.is_empty() {
            continue;
        }
        // A list setting that was not given is not sent as an empty one.
        if let Some(value) = settings.take(field.name) {
            if is_attribute(field) {
                attributes.set_field(field, value);
            } else {
                members.push((field.member, value));
            }
        }
    }
    if let Some(Value::Json(further)) = settings.take("attributes") {
        attributes.set_missing(&further);
    }
    let mut problems: Vec<Problem> = Vec::new();
    attributes.check(&mut |field, message| problems.push(Problem::new(field, message)));
    if problems.is_empty() {
        Ok((members, attributes))
    } else {
        Err(Error::InvalidSettings(problems))
    }
}

struct Request {
    members: Members,
    attributes: Attributes,
    queue: Option<QueueReference>,
}

impl Request {
    /// Adds what the document says, and checks that nothing is missing.
    fn add<P: Ports>(
        &mut self,
        operation: &Operation,
        action: &Action,
        document: Document,
        target: &Target,
        session: &Session<P>,
    ) -> Result<(), Error> {
        let mut problems = Problems::default();
        let mut named = None;
        for property in document.properties {
            if property.name == "queue"
                && operation.takes_queue
                && let Some(Value::Text(text)) =
                    problems.read(operation, &property.name, property.value)
            {
                named = Some(text);
            }
        }
        let mut url = None;
        let fields = operation.own_settings();
        for (name, node) in object(&document.payload, &mut problems) {
            let name = name.as_ref();
            let field = fields.iter().copied().find(|field| field.member == name);
            match (field, node) {
                (_, Node::Null) => {}
                (_, Node::Text(text)) if name == "QueueUrl" && operation.takes_queue => {
                    url = Some(text.into_owned());
                }
                (_, Node::Object(given)) if name == "Attributes" && action.attributes => {
                    self.attributes.set(given, &mut problems);
                }
                (Some(field), node) if !is_attribute(field) => {
                    let value = node.into_value().map(|value| coerce(field, value));
                    match value {
                        Some(Ok(value)) => {
                            self.members.retain(|(known, _)| *known != field.member);
                            self.members.push((field.member, value));
                        }
                        Some(Err(message)) => problems.add(format!("payload.{name}"), message),
                        None => {}
                    }
                }
                _ => problems.add(format!("payload.{name}"), unknown_member(operation, action)),
            }
        }
        for field in fields {
            let given = self.members.iter().any(|(known, _)| *known == field.member);
            if given || !field.required {
                continue;
            }
            problems.add(
                field.name,
                format!(
                    "is required, as a setting or as `{}` in the payload",
                    field.member
                ),
            );
        }
        if operation.takes_queue {
            let region = &session.client.config().region;
            self.queue = match url {
                Some(url) => QueueReference::parse(&url, region)
                    .map_err(|message| problems.add("payload.QueueUrl", message))
                    .ok(),
                None => target.of_document(named.as_deref(), region, &mut problems),
            };
        }
        let name = self.members.iter().find(|(known, _)| *known == "QueueName");
        if let Some((_, Value::Text(name))) = name {
            if check_name(name).is_err() {
                problems.add(
                    "queue-name",
                    "must be 1 to 80 letters, digits, hyphens and underscores, `.fifo` at the end of a FIFO queue's included",
                );
            }
            if action.name == "CreateQueue" {
                self.attributes.agree_with_name(name, &mut problems);
            }
        }
        self.attributes
            .check(&mut |field, message| problems.add(field, message));
        if problems.0.is_empty() {
            Ok(())
        } else {
            Err(Error::InvalidDocument(problems.0))
        }
    }

    /// Sends it, page after page where that is asked for.
    async fn run<P: Ports>(
        mut self,
        session: &Session<P>,
        operation: &Operation,
        action: &Action,
        all_pages: bool,
    ) -> Result<Vec<Document>, Error> {
        let queue = match &self.queue {
            Some(reference) => Some(session.queue(reference).await?),
            None => None,
        };
        let paged = action.paged.filter(|_| all_pages);
        if paged.is_some() && !self.members.iter().any(|(name, _)| *name == "MaxResults") {
            self.members.push(("MaxResults", Value::Integer(PAGE)));
        }
        let mut gathered: Vec<String> = Vec::new();
        let mut pages = 0;
        loop {
            let mut body = Vec::new();
            json::object(&mut body, |input| {
                input.optional_text("QueueUrl", queue.as_ref().map(|queue| &*queue.url));
                for (name, value) in &self.members {
                    input.value_of(name, value);
                }
                for (name, texts) in action.fixed {
                    input.texts(name, texts.iter().copied());
                }
                if !self.attributes.is_empty() {
                    input.object("Attributes", |map| self.attributes.write(map));
                }
            });
            let answer = session.client.call(Call::new(action.name, &body)).await?;
            let output = answer.read()?;
            pages += 1;
            let token = output
                .owned_text("NextToken")
                .filter(|token| !token.is_empty());
            if let Some(list) = paged {
                let page = output.get(list).and_then(Node::texts);
                gathered.extend(page.unwrap_or_default());
                if let (Some(token), true) = (token, pages < PAGES) {
                    self.members.retain(|(name, _)| *name != "NextToken");
                    self.members.push(("NextToken", Value::Text(token)));
                    continue;
                }
            }
            let url = queue.as_ref().map(|queue| &*queue.url);
            let all = paged.map(|list| (list, gathered));
            return Ok(answer::document(
                operation,
                output,
                all,
                url,
                answer.trace.request_id.as_deref(),
            ));
        }
    }
}

/// The members of a payload; an empty payload has none.
fn object<'a>(
    payload: &'a [u8],
    problems: &mut Problems,
) -> Vec<(std::borrow::Cow<'a, str>, Node<'a>)> {
    if payload.iter().all(u8::is_ascii_whitespace) {
        return Vec::new();
    }
    match Node::parse(payload) {
        Some(Node::Object(members)) => members,
        _ => {
            problems.add(
                "payload",
                "must be empty, or a JSON object with the request's members under AWS's names",
            );
            Vec::new()
        }
    }
}

fn unknown_member(operation: &Operation, action: &Action) -> String {
    let mut known = Vec::new();
    for field in operation.own_settings() {
        if !is_attribute(field) && field.kind != Kind::Boolean && !field.member.is_empty() {
            known.push(field.member);
        }
    }
    if operation.takes_queue {
        known.push("QueueUrl");
    }
    if action.attributes {
        known.push("Attributes");
    }
    format!(
        "is not a member of {}, or not of the right kind; its members are: {}",
        action.name,
        known.join(", ")
    )
}
