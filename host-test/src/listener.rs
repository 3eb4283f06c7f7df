//! A listener as a platform sees it: an instance of its own that waits for messages.
//!
//! An instance is busy while it waits, so a listener has one to itself, beside those that run the
//! connection's calls, and takes none of their permits: what it hands out is settled over
//! [`Connection::settle`] meanwhile. Between two calls of [`Listener::next`] the instance stays as
//! it is, with requests that the plugin may have under way.

use wasmtime::component::ResourceAny;

use crate::connection::Connection;
use crate::contract::{CommitMode, Delivery, Settings};
use crate::error::CallError;
use crate::instance::{Answered, Instance};

/// Messages of one object, pulled by whoever owns it.
///
/// A trap, a timeout, and dropping the future of a call end it: each further call gives
/// [`CallError::ListenerLost`], and [`Connection::listen`] makes another one. What it had received
/// and not handed over then comes again when its lease ends.
pub struct Listener {
    connection: Connection,
    commit: CommitMode,
    /// None during a call, and after one that did not give it back.
    alive: Option<Alive>,
}

struct Alive {
    instance: Instance,
    listener: ResourceAny,
}

/// A call of one of the functions of the contract's `listener`, for [`Instance::run`].
macro_rules! on_listener {
    ($function:ident, $listener:expr) => {
        |mut instance: Instance| async move {
            let answer = instance.exports.$function(&mut instance.store, $listener);
            let answer = answer.await;
            (instance, answer)
        }
    };
}

impl Connection {
    /// `connection.listen` of the contract. Nothing is received before the first
    /// [`Listener::next`].
    ///
    /// The listener's instance counts in [`Connection::metrics`] and for the engine's
    /// `maximum_instances`, and not for `limits.instances`.
    ///
    /// # Errors
    /// Where the settings cannot work or the plugin does not listen ([`CallError::Connector`]), or
    /// there is no room for an instance; see [`CallError`].
    pub async fn listen(&self, object: &str, settings: &Settings) -> Result<Listener, CallError> {
        let instance = self.instance_apart().await?;
        let properties = settings.as_properties();
        let (instance, listener) = instance
            .run(|mut instance| async move {
                let listening = async {
                    let connection = instance.connection()?;
                    let (exports, store) = (&instance.exports, &mut instance.store);
                    let listening = exports
                        .call_listen(store, connection, object, properties)
                        .await?;
                    let listener = match listening {
                        Ok(listener) => listener,
                        Err(error) => return Ok(Err(error)),
                    };
                    let commit = exports.call_commit(store, listener).await?;
                    Ok(Ok((listener, commit)))
                };
                let answer = listening.await;
                (instance, answer)
            })
            .await;
        let (listener, commit) = listener?;
        let instance = instance.ok_or(CallError::ListenerLost)?;
        Ok(Listener {
            connection: self.clone(),
            commit,
            alive: Some(Alive { instance, listener }),
        })
    }
}

impl Listener {
    /// Who settles its deliveries, by its settings.
    #[must_use]
    pub fn commit(&self) -> CommitMode {
        self.commit
    }

    /// Whether it can be called again.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.alive.is_some()
    }

    /// Waits for the next deliveries; an empty list after the listener's wait time, or once it is
    /// stopped. `limits.call_time` bounds it, and has to be longer than the wait time.
    ///
    /// To drop the future ends the listener, and delays the messages that were just being handed
    /// out until their leases end: to stop, let it come to its end, then call
    /// [`Listener::stop`].
    ///
    /// # Errors
    /// See [`CallError`]. After [`CallError::Connector`] the listener can be called again.
    pub async fn next(&mut self) -> Result<Vec<Delivery>, CallError> {
        let Alive { instance, listener } = self.alive.take().ok_or(CallError::ListenerLost)?;
        let instance = self.connection.renewed(instance).await?;
        self.run(instance, listener, on_listener!(call_next, listener))
            .await
    }

    /// Starts no new request, and gives back at once what was received and not handed over. After
    /// it [`Listener::next`] gives an empty list.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn stop(&mut self) -> Result<(), CallError> {
        let Alive { instance, listener } = self.alive.take().ok_or(CallError::ListenerLost)?;
        let instance = self.connection.renewed(instance).await?;
        self.run(instance, listener, on_listener!(call_stop, listener))
            .await
    }

    async fn run<R, F>(
        &mut self,
        instance: Instance,
        listener: ResourceAny,
        call: impl FnOnce(Instance) -> F,
    ) -> Result<R, CallError>
    where
        F: Future<Output = Answered<R>>,
    {
        let record = std::sync::Arc::clone(&instance.record);
        let (instance, result) = instance.run(call).await;
        self.connection.note(record.denial());
        self.alive = instance.map(|instance| Alive { instance, listener });
        result
    }
}
