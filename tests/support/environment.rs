//! What `cargo xtask test` provides by environment variables. A missing one fails the test that
//! needs it: a test that skips itself proves nothing.

use std::env;
use std::path::{Path, PathBuf};

use connector_host::Settings;

/// The value of a variable.
///
/// # Panics
/// Where it is not set.
#[must_use]
pub fn required(name: &str) -> String {
    optional(name).unwrap_or_else(|| {
        panic!("{name} is not set: run the tests with `cargo xtask test`, which provides it")
    })
}

fn optional(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The root of the workspace.
#[must_use]
pub fn workspace() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// The target directory that this test was built in.
#[must_use]
pub fn target() -> PathBuf {
    // target/debug/deps/end_to_end-0123456789abcdef
    let test = env::current_exe().expect("the path of this test");
    test.ancestors()
        .nth(3)
        .expect("a target directory")
        .to_owned()
}

/// The plugin, built.
#[must_use]
pub fn plugin() -> PathBuf {
    existing("SQS_CONNECTOR_PLUGIN", "sqs-connector.wasm")
}

/// The plugin that misbehaves on purpose, built.
#[must_use]
pub fn fixture() -> PathBuf {
    existing("SQS_CONNECTOR_FIXTURE", "fixtures/misbehaving.wasm")
}

fn existing(variable: &str, name: &str) -> PathBuf {
    let path =
        optional(variable).map_or_else(|| workspace().join("target").join(name), PathBuf::from);
    assert!(
        path.is_file(),
        "{variable}: there is no {}: `cargo xtask build` makes it, and `cargo xtask test` before its tests",
        path.display()
    );
    path
}

/// Credentials.
#[derive(Clone)]
pub struct Keys {
    /// Access key ID.
    pub id: String,
    /// Secret access key.
    pub secret: String,
    /// Session token, of temporary ones.
    pub token: Option<String>,
}

/// An SQS server, and credentials that it takes.
#[derive(Clone)]
pub struct Service {
    /// Such as `http://127.0.0.1:4566`.
    pub endpoint: String,
    /// What requests are signed with.
    pub keys: Keys,
}

/// The region that the tests work in.
pub const REGION: &str = "us-east-1";

/// LocalStack, which refuses wrong signatures here, with plain keys.
#[must_use]
pub fn localstack() -> Service {
    service("SQS_ENDPOINT", "SQS_TEST", false)
}

/// LocalStack with session credentials.
#[must_use]
pub fn localstack_session() -> Service {
    service("SQS_ENDPOINT", "SQS_TEST_SESSION", true)
}

/// MiniStack, a second opinion on signatures, with a user's keys.
#[must_use]
pub fn ministack() -> Service {
    service("MINISTACK_ENDPOINT", "MINISTACK", false)
}

/// MiniStack with a role's session credentials.
#[must_use]
pub fn ministack_session() -> Service {
    service("MINISTACK_ENDPOINT", "MINISTACK_SESSION", true)
}

/// MiniStack with the keys of a user that may do nothing.
#[must_use]
pub fn ministack_denied() -> Service {
    service("MINISTACK_ENDPOINT", "MINISTACK_DENIED", false)
}

fn service(endpoint: &str, prefix: &str, session: bool) -> Service {
    let endpoint = required(endpoint);
    let token = match (session, prefix) {
        (false, _) => None,
        (true, prefix) => Some(required(&format!(
            "{}_SESSION_TOKEN",
            prefix.trim_end_matches("_SESSION")
        ))),
    };
    Service {
        endpoint: endpoint.trim_end_matches('/').to_owned(),
        keys: Keys {
            id: required(&format!("{prefix}_ACCESS_KEY_ID")),
            secret: required(&format!("{prefix}_SECRET_ACCESS_KEY")),
            token,
        },
    }
}

impl Service {
    /// One of our own servers, which look at no signature, with credentials that are easily
    /// searched for.
    #[must_use]
    pub fn scripted(endpoint: &str) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            keys: Keys {
                id: "AKIAEXAMPLEEXAMPLE00".to_owned(),
                secret: "a-secret-that-nobody-may-see".to_owned(),
                token: Some("a-token-that-nobody-may-see".to_owned()),
            },
        }
    }

    /// Connection settings for it.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let settings = Settings::new()
            .with("region", REGION)
            .with("endpoint", &*self.endpoint)
            .with("access-key-id", &*self.keys.id)
            .with("secret-access-key", &*self.keys.secret);
        match &self.keys.token {
            Some(token) => settings.with("session-token", &**token),
            None => settings,
        }
    }
}
