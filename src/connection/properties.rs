//! Whatever a form holds, it is a connection, or problems with every field that has one; and no
//! secret is in any word that is said.

use proptest::prelude::*;

use super::*;
use crate::contract::Value;
use crate::testing::fuzz::{cases, properties};

/// Stands in every secret, and nowhere else.
const SECRET: &str = "sEcReT-0123456789";

fn names() -> Vec<&'static str> {
    SETTINGS.iter().map(|field| field.name).collect()
}

fn is_secret(name: &str) -> bool {
    SETTINGS
        .iter()
        .any(|field| field.name == name && field.secret)
}

/// Any settings, often with the required ones, their secrets such as can be known again.
fn settings() -> impl Strategy<Value = Vec<Property>> {
    let good = [
        ("region", "eu-west-1"),
        ("access-key-id", "AKIAEXAMPLE"),
        ("secret-access-key", SECRET),
    ];
    let good = good.map(|(name, text)| Property::text(name, text)).to_vec();
    let good = proptest::sample::subsequence(good, 0..=3);
    let ending = prop_oneof![Just(String::new()), "[\\n é/+]{0,3}"];
    (good, properties(names()), ending).prop_map(|(mut settings, odd, ending)| {
        settings.extend(odd);
        for property in &mut settings {
            if is_secret(&property.name) {
                match &mut property.value {
                    Value::Text(text) => *text = format!("{SECRET}{ending}"),
                    Value::TextList(texts) => texts.push(SECRET.to_owned()),
                    Value::Bytes(bytes) => *bytes = SECRET.into(),
                    Value::Json(json) => *json = format!("\"{SECRET}\""),
                    Value::Integer(_) | Value::Boolean(_) => {}
                }
            }
        }
        settings
    })
}

/// What is said names its fields, and says why.
fn are_problems(error: &Error, given: &[String]) -> bool {
    let Error::InvalidSettings(problems) = error else {
        return false;
    };
    let names_a_field = |problem: &Problem| {
        given.contains(&problem.field) || SETTINGS.iter().any(|field| field.name == problem.field)
    };
    !problems.is_empty()
        && problems
            .iter()
            .all(|problem| !problem.message.is_empty() && names_a_field(problem))
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn any_settings_are_a_connection_or_problems_without_secrets(settings in settings()) {
        let given: Vec<String> = settings.iter().map(|property| property.name.clone()).collect();
        let said = match open(settings) {
            Ok((config, credentials)) => {
                prop_assert!(is_region(&config.region));
                prop_assert!((1..=64).contains(&config.max_in_flight));
                prop_assert!(config.max_attempts >= 1);
                prop_assert!(!config.request_timeout.is_zero());
                format!("{config:?} {credentials:?}")
            }
            Err(error) => {
                prop_assert!(are_problems(&error, &given), "{error:?}");
                format!("{error:?}")
            }
        };
        prop_assert!(!said.contains(SECRET), "{}", said);
        prop_assert!(!said.contains("115, 69, 99, 82"), "as bytes: {}", said);
    }

    #[test]
    fn any_renewal_is_credentials_or_problems_without_secrets(settings in settings()) {
        let given: Vec<String> = settings.iter().map(|property| property.name.clone()).collect();
        let others = given.iter().any(|name| !CREDENTIALS.contains(&name.as_str()));
        let said = match renew(settings) {
            Ok(credentials) => {
                prop_assert!(!others);
                format!("{credentials:?}")
            }
            Err(error) => {
                prop_assert!(are_problems(&error, &given), "{error:?}");
                format!("{error:?}")
            }
        };
        prop_assert!(!said.contains(SECRET), "{}", said);
    }

    /// A problem more in the settings is a problem more in the answer: none hides another one.
    #[test]
    fn no_problem_hides_another_one(settings in settings(), name in "x-[a-z]{1,8}") {
        let told = |settings: Vec<Property>| match open(settings) {
            Err(Error::InvalidSettings(problems)) => problems.len(),
            _ => 0,
        };
        let mut more = settings.clone();
        more.push(Property::text(name, "x"));
        prop_assert_eq!(told(more), told(settings) + 1);
    }
}
