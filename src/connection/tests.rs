use super::*;

fn minimal() -> Vec<Property> {
    vec![
        Property::text("region", "eu-west-1"),
        Property::text("access-key-id", "AKIAEXAMPLE"),
        Property::text(
            "secret-access-key",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        ),
    ]
}

fn with(more: &[(&str, &str)]) -> Vec<Property> {
    let mut settings = minimal();
    for (name, value) in more {
        settings.retain(|property| property.name != *name);
        settings.push(Property::text(*name, *value));
    }
    settings
}

fn problems(settings: Vec<Property>) -> Vec<(String, String)> {
    match open(settings) {
        Err(Error::InvalidSettings(problems)) => problems
            .into_iter()
            .map(|problem| (problem.field, problem.message))
            .collect(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => Vec::new(),
    }
}

fn fields(settings: Vec<Property>) -> Vec<String> {
    problems(settings)
        .into_iter()
        .map(|(field, _)| field)
        .collect()
}

#[test]
fn region_and_keys_suffice() {
    let (config, _) = open(minimal()).unwrap();
    assert_eq!(
        config.endpoint.origin(),
        "https://sqs.eu-west-1.amazonaws.com"
    );
    assert_eq!(config.max_in_flight, 8);
    assert_eq!(config.max_attempts, 3);
    assert!(config.verify_checksums);
}

#[test]
fn all_problems_of_all_settings_come_at_once() {
    let mut found = fields(vec![
        Property::text("region", "EU west"),
        Property::text("endpoint", "ftp://x"),
        Property::text("use-fips", "true"),
        Property::text("access-key-id", "AKIA\n"),
        Property::text("max-attempts", "0"),
        Property::text("max-in-flight", "many"),
        Property::text("default-queue", "no queue"),
        Property::text("colour", "red"),
    ]);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "access-key-id",
            "colour",
            "default-queue",
            "endpoint",
            "max-attempts",
            "max-in-flight",
            "region",
            "secret-access-key",
            "use-fips",
        ]
    );
}

#[test]
fn an_endpoint_excludes_fips_and_dual_stack() {
    let settings = with(&[
        (
            "endpoint",
            "https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com",
        ),
        ("use-fips", "true"),
        ("use-dualstack", "true"),
    ]);
    assert_eq!(fields(settings), ["use-fips", "use-dualstack"]);
}

#[test]
fn plain_http_needs_loopback_or_permission() {
    assert!(fields(with(&[("endpoint", "http://127.0.0.1:4566")])).is_empty());
    assert_eq!(
        fields(with(&[("endpoint", "http://sqs.internal:4566")])),
        ["endpoint"]
    );
    let allowed = with(&[
        ("endpoint", "http://sqs.internal:4566"),
        ("allow-plaintext", "true"),
    ]);
    assert!(fields(allowed).is_empty());
}

#[test]
fn a_region_cannot_smuggle_a_host() {
    for region in ["eu-west-1.evil.com/", "a@b", "eu west", "-eu", "eu--west"] {
        assert_eq!(fields(with(&[("region", region)])), ["region"], "{region}");
    }
}

#[test]
fn secrets_stand_in_no_problem_and_no_debug_text() {
    let settings = with(&[
        ("secret-access-key", "se cret-value"),
        ("session-token", "token\nvalue"),
    ]);
    for (_, message) in problems(settings) {
        assert!(
            !message.contains("cret-value") && !message.contains("token"),
            "{message}"
        );
    }
    let (config, identity) = open(with(&[("session-token", "tokenvalue")])).unwrap();
    let text = format!("{config:?} {identity:?}");
    assert!(
        !text.contains("wJalr") && !text.contains("tokenvalue"),
        "{text}"
    );
}

#[test]
fn renew_takes_credentials_and_nothing_else() {
    assert!(renew(minimal().split_off(1)).is_ok());
    let Err(Error::InvalidSettings(problems)) = renew(minimal()) else {
        panic!("a region cannot be renewed");
    };
    let fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
    assert_eq!(fields, ["region"]);
}
