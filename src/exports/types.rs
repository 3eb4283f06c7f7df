//! The contract's types, as `wit/` has them: what stands in them, in which order.
//!
//! The compiler sees to the names and the types; the order of fields and the numbers of cases are
//! held against `wit/` by a test, `xtask/tests/contract.rs`.

use super::abi::{Abi, aligned, larger, record, variant};
use crate::contract::metadata::{
    Condition, Descriptor, Direction, Field, FieldKind, Mode, Operation, PropertyDefinition,
};
use crate::contract::{
    Blame, Delivery, Disposition, Document, Error, Fault, Identity, ObjectType, Outcome, Problem,
    Profile, Property, Settled, Settlement, Value,
};

variant!(Value {
    Text(text: String) = 0,
    Integer(number: i64) = 1,
    Boolean(flag: bool) = 2,
    TextList(texts: Vec<String>) = 3,
    Bytes(bytes: Vec<u8>) = 4,
    Json(text: String) = 5,
});
record!(Property {
    name: String,
    value: Value,
});
record!(Document {
    payload: Vec<u8>,
    content_type: Option<String>,
    properties: Vec<Property>,
});
record!(Problem {
    field: String,
    message: String,
});
variant!(Blame {
    Caller = 0,
    Service = 1,
});
record!(Fault {
    code: String,
    message: String,
    http_status: u16,
    request_id: Option<String>,
    blame: Blame,
    attempts: u32,
});
variant!(Error {
    InvalidSettings(problems: Vec<Problem>) = 0,
    InvalidDocument(problems: Vec<Problem>) = 1,
    Unauthenticated(fault: Fault) = 2,
    Forbidden(fault: Fault) = 3,
    NotFound(fault: Fault) = 4,
    Conflict(fault: Fault) = 5,
    Throttled(fault: Fault) = 6,
    Rejected(fault: Fault) = 7,
    Unavailable(fault: Fault) = 8,
    Transport(words: String) = 9,
    Timeout(words: String) = 10,
    Corrupted(words: String) = 11,
    Other(words: String) = 12,
});

variant!(FieldKind {
    Text = 0,
    Integer = 1,
    Boolean = 2,
    Choice = 3,
    TextList = 4,
    Json = 5,
    Bytes = 6,
});
record!(Condition {
    field: String,
    any_of: Vec<String>,
});
record!(Field {
    name: String,
    label: String,
    description: String,
    kind: FieldKind,
    required: bool,
    secret: bool,
    default: Option<Value>,
    choices: Vec<String>,
    minimum: Option<i64>,
    maximum: Option<i64>,
    shown_when: Option<Condition>,
    hints: Vec<(String, String)>,
});
variant!(Direction {
    Input = 0,
    Output = 1,
    Both = 2,
});
record!(PropertyDefinition {
    field: Field,
    direction: Direction,
});
variant!(Mode {
    Execute = 0,
    Listen = 1,
});
record!(Operation {
    id: String,
    label: String,
    description: String,
    mode: Mode,
    takes_object: bool,
    settings: Vec<Field>,
    properties: Vec<PropertyDefinition>,
    idempotent: bool,
});
record!(Descriptor {
    id: String,
    label: String,
    version: String,
    description: String,
    connection: Vec<Field>,
    operations: Vec<Operation>,
});

record!(ObjectType {
    id: String,
    label: String,
    kind: String,
});
record!(Profile {
    request: Option<String>,
    response: Option<String>,
});
record!(Outcome {
    document: u32,
    output: Result<Vec<Document>, Error>,
});
record!(Identity {
    account: String,
    principal: String,
});
record!(Delivery {
    token: String,
    group: Option<String>,
    attempt: u32,
    lease_ends_ms: u64,
    suggested_retry_seconds: u32,
    document: Document,
    problem: Option<Error>,
});
variant!(Disposition {
    Accept = 0,
    Retry(seconds: u32) = 1,
    Extend(seconds: u32) = 2,
});
record!(Settlement {
    token: String,
    disposition: Disposition,
});
record!(Settled {
    token: String,
    outcome: Result<(), Error>,
});
