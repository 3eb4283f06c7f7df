//! Credentials from the standard AWS chain, kept fresh in the open connection.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use connector_host::contract::Value;
use connector_host::{Connection, Settings};

use super::Failure;

/// How long before their end credentials are renewed.
const AHEAD: Duration = Duration::from_secs(300);
/// How long to wait where the chain has nothing newer, or fails.
const PAUSE: Duration = Duration::from_secs(30);

/// The chain, and what it gave first.
pub(crate) struct Chain {
    provider: SharedCredentialsProvider,
    expiry: Option<SystemTime>,
}

impl Chain {
    /// Asks the chain, and puts what it gives into the settings.
    pub(crate) async fn load(settings: &mut Settings) -> Result<Self, Failure> {
        use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .http_client(http)
            .load()
            .await;
        let provider = config
            .credentials_provider()
            .ok_or_else(|| Failure::Usage("the AWS credentials chain is empty".to_owned()))?;
        let credentials = provider.provide_credentials().await.map_err(|error| {
            Failure::Usage(format!(
                "the AWS credentials chain gives nothing: {}",
                words(&error)
            ))
        })?;
        put(&credentials, settings);
        Ok(Self {
            provider,
            expiry: credentials.expiry(),
        })
    }

    /// Renews the connection's credentials before they expire, until the program ends.
    pub(crate) fn keep_fresh(self, connection: Connection) {
        tokio::spawn(async move {
            let mut expiry = self.expiry;
            // What never expires needs no renewal.
            while let Some(end) = expiry {
                tokio::time::sleep(until(end, SystemTime::now())).await;
                let fresh = match self.provider.provide_credentials().await {
                    Ok(fresh) => fresh,
                    Err(error) => {
                        eprintln!(
                            "sqs-connector: credentials could not be renewed: {}",
                            words(&error)
                        );
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    }
                };
                if fresh.expiry() == expiry {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                let mut settings = Settings::new();
                put(&fresh, &mut settings);
                match connection.renew(settings).await {
                    Ok(()) => expiry = fresh.expiry(),
                    Err(error) => {
                        eprintln!("sqs-connector: renewed credentials are refused: {error}");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
        });
    }
}

/// How long to wait before credentials with this end are renewed.
fn until(end: SystemTime, now: SystemTime) -> Duration {
    end.duration_since(now)
        .unwrap_or_default()
        .saturating_sub(AHEAD)
}

fn put(credentials: &Credentials, settings: &mut Settings) {
    let mut set = |name: &str, value: &str| settings.set(name, Value::Text(value.to_owned()));
    set("access-key-id", credentials.access_key_id());
    set("secret-access-key", credentials.secret_access_key());
    if let Some(token) = credentials.session_token() {
        set("session-token", token);
    }
}

/// An error with its causes: the first words alone say too little.
fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(&format!(": {error}"));
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_renewed_five_minutes_before_their_end_and_at_once_when_later() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        assert_eq!(
            until(now + Duration::from_secs(3_600), now),
            Duration::from_secs(3_300)
        );
        assert_eq!(until(now + Duration::from_secs(60), now), Duration::ZERO);
        assert_eq!(until(now - Duration::from_secs(60), now), Duration::ZERO);
    }
}
