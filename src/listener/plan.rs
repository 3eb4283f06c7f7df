//! What a listener's settings ask for.

use std::time::Duration;

use super::envelope::Envelope;
use super::filter::Filter;
use crate::catalogue::listen::{COMMIT, ON_RECEIVE, PROCESS_MANAGED};
use crate::catalogue::messages::ATTRIBUTE;
use crate::catalogue::system_attributes::SYSTEM_ATTRIBUTES;
use crate::connection::fields::Values;
use crate::contract::{CommitMode, Problem};

/// Settings of a listener, checked.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) wait_seconds: u32,
    pub(super) maximum_messages: usize,
    /// None: the queue's own.
    pub(super) visibility_seconds: Option<u32>,
    pub(super) receives_in_flight: usize,
    pub(super) poll_interval: Duration,
    pub(super) attribute_names: Vec<String>,
    pub(super) system_attribute_names: Vec<String>,
    pub(super) commit: CommitMode,
    pub(super) filter: Option<Filter>,
    pub(super) unmatched: Unmatched,
    pub(super) envelope: Option<Envelope>,
    pub(super) content: Content,
    pub(super) retry: Retry,
}

/// What becomes of a message that the filter keeps back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unmatched {
    Leave,
    Accept,
    /// After so many seconds.
    Retry(u32),
}

/// What payloads are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Raw,
    Json,
    ByAttribute,
}

/// Name of the message attribute that says what a payload is.
pub(super) const CONTENT_TYPE: &str = "attribute.contentType";

/// What is suggested to wait before the next attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retry {
    base_seconds: u32,
    factor: u32,
    cap_seconds: u32,
}

impl Retry {
    /// After the given attempt (from 1), in seconds.
    pub(super) fn after(self, attempt: u32) -> u32 {
        self.factor
            .saturating_pow(attempt.saturating_sub(1))
            .saturating_mul(self.base_seconds)
            .min(self.cap_seconds)
    }
}

impl Plan {
    /// Reads checked values; what only this can see to be wrong becomes a problem.
    pub(super) fn read(values: &mut Values, problems: &mut Vec<Problem>) -> Self {
        let filter = values.take_text("filter").and_then(|text| {
            Filter::parse(&text)
                .map_err(|message| problems.push(Problem::new("filter", message)))
                .ok()
        });
        let content = match values.text("content") {
            Some("json") => Content::Json,
            Some("by-attribute") => Content::ByAttribute,
            _ => Content::Raw,
        };
        let number = |name| {
            let number = values.integer(name);
            number.and_then(|number| u32::try_from(number).ok())
        };
        let count = |name| usize::try_from(number(name).unwrap_or(1)).unwrap_or(1);
        let mut plan = Self {
            wait_seconds: number("wait-time-seconds").unwrap_or(0),
            maximum_messages: count("maximum-messages"),
            visibility_seconds: number("visibility-timeout-seconds"),
            receives_in_flight: count("receives-in-flight"),
            poll_interval: Duration::from_millis(number("poll-interval-ms").unwrap_or(0).into()),
            attribute_names: values.list("message-attribute-names").to_vec(),
            system_attribute_names: values.list("message-system-attribute-names").to_vec(),
            commit: match values.text(COMMIT) {
                Some(PROCESS_MANAGED) => CommitMode::ProcessManaged,
                Some(ON_RECEIVE) => CommitMode::OnReceive,
                _ => CommitMode::AtLeastOnce,
            },
            filter,
            unmatched: match values.text("unmatched") {
                Some("accept") => Unmatched::Accept,
                Some("retry") => Unmatched::Retry(number("unmatched-retry-seconds").unwrap_or(30)),
                _ => Unmatched::Leave,
            },
            envelope: values.text("unwrap").and_then(Envelope::of),
            content,
            retry: Retry {
                base_seconds: number("retry-base-seconds").unwrap_or(0),
                factor: number("retry-factor").unwrap_or(1),
                cap_seconds: number("retry-cap-seconds").unwrap_or(0),
            },
        };
        plan.ask_for_what_is_needed();
        plan
    }

    /// A delivery's attempt and group, the filter and the content are read from attributes, so
    /// these are fetched even where the settings name others only.
    fn ask_for_what_is_needed(&mut self) {
        let mut asked = vec!["approximate-receive-count", "message-group-id"];
        if self.content == Content::ByAttribute {
            asked.push(CONTENT_TYPE);
        }
        asked.extend(self.filter.iter().flat_map(Filter::properties));
        for property in asked {
            if let Some(name) = property.strip_prefix(ATTRIBUTE) {
                add(&mut self.attribute_names, name);
            } else if let Some(known) = SYSTEM_ATTRIBUTES.iter().find(|a| a.property == property) {
                add(&mut self.system_attribute_names, known.name);
            }
        }
    }
}

fn add(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name || known == "All") {
        names.push(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Operation;
    use crate::contract::Property;

    fn plan(settings: Vec<Property>) -> Plan {
        let operation = Operation::find("listen").unwrap();
        let (mut values, mut problems) = Values::read(&operation.all_settings(), settings);
        let plan = Plan::read(&mut values, &mut problems);
        assert!(problems.is_empty(), "{problems:?}");
        plan
    }

    #[test]
    fn the_suggested_pause_grows_by_its_factor_up_to_its_cap() {
        let retry = plan(vec![
            Property::integer("retry-base-seconds", 3),
            Property::integer("retry-factor", 4),
            Property::integer("retry-cap-seconds", 100),
        ])
        .retry;
        let pauses = [0, 1, 2, 3, 4, 4_000_000_000].map(|attempt| retry.after(attempt));
        assert_eq!(pauses, [3, 3, 12, 48, 100, 100]);
    }

    #[test]
    fn attributes_that_the_listener_itself_reads_are_always_asked_for() {
        let plan = plan(vec![
            Property::text("message-attribute-names", "kind"),
            Property::text("message-system-attribute-names", ""),
            Property::text("filter", "attribute.size > 1 and sender-id = 'x'"),
            Property::text("content", "by-attribute"),
        ]);
        assert_eq!(plan.attribute_names, ["kind", "contentType", "size"]);
        assert_eq!(
            plan.system_attribute_names,
            ["ApproximateReceiveCount", "MessageGroupId", "SenderId"]
        );
    }

    #[test]
    fn all_attributes_are_asked_for_by_default_and_no_name_besides() {
        let plan = plan(vec![Property::text("filter", "attribute.size > 1")]);
        assert_eq!(plan.attribute_names, ["All"]);
        assert_eq!(plan.system_attribute_names, ["All"]);
    }
}
