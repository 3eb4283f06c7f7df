//! Credentials: kept from every eye, and wiped when they are no longer needed.

use std::fmt;

use zeroize::Zeroizing;

/// What requests are signed with.
pub struct Credentials {
    /// Names the key; not a secret, but not for logs either.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: Zeroizing<String>,
    /// Goes with temporary credentials.
    pub session_token: Option<Zeroizing<String>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials { … }")
    }
}
