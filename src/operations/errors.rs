//! `return-errors-as-documents`: faults of the service as documents, for flows that branch on them.

use super::result;
use crate::client::fault::{fault_of, kind};
use crate::client::json;
use crate::contract::{Blame, Document, Error, Outcome, Property};

/// Turns every fault into an output document. Anything else that went wrong stays an error: a
/// document that cannot be sent, or a service that cannot be reached, is no answer of the service.
pub(super) fn as_documents(
    done: Result<Vec<Outcome>, Error>,
    documents: usize,
) -> Result<Vec<Outcome>, Error> {
    match done {
        Ok(outcomes) => Ok(outcomes
            .into_iter()
            .map(|outcome| Outcome {
                output: outcome.output.or_else(document),
                ..outcome
            })
            .collect()),
        Err(error) => {
            let output = document(error)?;
            Ok((0..)
                .take(documents)
                .map(|document| Outcome {
                    document,
                    output: Ok(output.clone()),
                })
                .collect())
        }
    }
}

fn document(error: Error) -> Result<Vec<Document>, Error> {
    let Some(fault) = fault_of(&error) else {
        return Err(error);
    };
    let mut properties = vec![
        Property::text("error-kind", kind(&error)),
        Property::text("error-code", fault.code.as_str()),
        Property::text("error-message", fault.message.as_str()),
        Property::integer("http-status", i64::from(fault.http_status)),
    ];
    let request_id = fault.request_id.as_deref();
    properties.extend(request_id.map(|id| Property::text("request-id", id)));
    let mut payload = Vec::new();
    json::object(&mut payload, |object| {
        object
            .object("Error", |object| {
                let side = match fault.blame {
                    Blame::Caller => "Sender",
                    Blame::Service => "Receiver",
                };
                object
                    .text("Type", side)
                    .text("Code", &fault.code)
                    .text("Message", &fault.message);
            })
            .optional_text("RequestId", request_id);
    });
    let mut documents = result(properties);
    for document in &mut documents {
        document.payload = std::mem::take(&mut payload);
        document.content_type = Some("application/json".to_owned());
    }
    Ok(documents)
}
