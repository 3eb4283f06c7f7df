//! Listeners and settlements of the plugin, for tests that see to each delivery themselves.

use connector_host::contract::{Delivery, Disposition, Error, Settlement};
use connector_host::{CallError, Listener, Settings};

use crate::bounded;
use crate::client::Client;

impl Client {
    /// A listener with settings (`name`, text).
    ///
    /// # Errors
    /// What `listen` of the contract gives.
    pub async fn try_listen(
        &self,
        queue: &str,
        settings: &[(&str, &str)],
    ) -> Result<Listener, CallError> {
        let given = settings
            .iter()
            .fold(Settings::new(), |all, (name, text)| all.with(*name, *text));
        bounded("listening", self.connection().listen(queue, &given)).await
    }

    /// The same where it has to work.
    ///
    /// # Panics
    /// Where it does not.
    pub async fn listen(&self, queue: &str, settings: &[(&str, &str)]) -> Listener {
        match self.try_listen(queue, settings).await {
            Ok(listener) => listener,
            Err(error) => panic!("no listener: {error}"),
        }
    }

    /// Settles one delivery.
    ///
    /// # Errors
    /// That of the settlement.
    ///
    /// # Panics
    /// Where the whole call fails.
    pub async fn settle(
        &self,
        queue: &str,
        token: &str,
        disposition: Disposition,
    ) -> Result<(), Error> {
        let settlements = [Settlement {
            token: token.to_owned(),
            disposition,
        }];
        let settling = self.connection().settle(queue, &settlements);
        match bounded("settling", settling).await {
            Ok(mut settled) => {
                assert_eq!(settled.len(), 1, "one result a settlement");
                assert_eq!(settled[0].token, token);
                settled.remove(0).outcome
            }
            Err(error) => panic!("settling failed as a whole: {error}"),
        }
    }
}

/// The next deliveries of a listener.
///
/// # Panics
/// Where there are none to be had.
pub async fn next(listener: &mut Listener) -> Vec<Delivery> {
    match bounded("deliveries", listener.next()).await {
        Ok(deliveries) => deliveries,
        Err(error) => panic!("no deliveries: {error}"),
    }
}

/// Pulls until so many deliveries have come.
pub async fn gather(listener: &mut Listener, count: usize) -> Vec<Delivery> {
    let mut all = Vec::with_capacity(count);
    while all.len() < count {
        all.extend(next(listener).await);
    }
    all
}
