//! From a command line to an open connection.

use std::path::{Path, PathBuf};
use std::time::Duration;

use connector_host::contract::{Descriptor, Error, Value};
use connector_host::{
    Connection, ConnectionOptions, Engine, EngineOptions, HttpOptions, HttpPool, Origin, Plugin,
    Policy, Settings,
};

use super::arguments::{Arguments, Credentials};
use super::{Failure, settings};

/// An open connection, and what the plugin says of itself.
pub(crate) struct Session {
    pub(crate) connection: Connection,
    pub(crate) descriptor: Descriptor,
}

impl Session {
    /// The first operation that acts on an object.
    pub(crate) fn browsable(&self) -> Result<String, Failure> {
        let found = self
            .descriptor
            .operations
            .iter()
            .find(|operation| operation.takes_object);
        found.map(|operation| operation.id.clone()).ok_or_else(|| {
            Failure::Usage("this plugin has no operation that acts on an object".to_owned())
        })
    }
}

/// Loads the plugin.
pub(crate) fn load(arguments: &Arguments) -> Result<Plugin, Failure> {
    let mut options = EngineOptions::default();
    options.cache_directory = cache_directory();
    let engine = Engine::new(options)?;
    let path = match &arguments.plugin {
        Some(path) => path.clone(),
        None => default_plugin()?,
    };
    Ok(Plugin::load(&engine, &path)?)
}

fn default_plugin() -> Result<PathBuf, Failure> {
    const NAME: &str = "sqs-connector.wasm";
    let beside = std::env::current_exe()
        .ok()
        .and_then(|program| Some(program.parent()?.join(NAME)));
    [Some(Path::new("target").join(NAME)), beside]
        .into_iter()
        .flatten()
        .find(|path| path.is_file())
        .ok_or_else(|| {
            let words = format!("there is no target/{NAME} and no {NAME} beside this program: name one with --plugin");
            Failure::Nothing(words)
        })
}

/// The user's directory for caches; none where the system does not say.
fn cache_directory() -> Option<PathBuf> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let caches = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(caches.join("sqs-connector"))
}

/// Opens the connection that the arguments describe.
pub(crate) async fn connect(arguments: &Arguments, plugin: Plugin) -> Result<Session, Failure> {
    let descriptor = plugin.describe().await?;
    let mut given = Settings::new();
    if let Some(path) = &arguments.connection {
        let usage = |words: String| Failure::Usage(format!("{}: {words}", path.display()));
        let text = std::fs::read(path).map_err(|error| usage(error.to_string()))?;
        settings::read(&text, &descriptor.connection, &mut given).map_err(usage)?;
    }
    settings::take(&arguments.settings, &descriptor.connection, &mut given);

    #[cfg(feature = "aws-credentials")]
    let chain = match arguments.credentials {
        Credentials::Settings => None,
        Credentials::Default => Some(super::credentials::Chain::load(&mut given).await?),
    };
    #[cfg(not(feature = "aws-credentials"))]
    if arguments.credentials == Credentials::Default {
        return Err(Failure::Usage(
            "this program was built without the AWS credentials chain".to_owned(),
        ));
    }

    let policy = policy(arguments, &plugin, &given).await?;
    let mut http = HttpOptions::default();
    http.certificates.clone_from(&arguments.ca_file);
    let mut options = ConnectionOptions::new(policy, HttpPool::new(http)?);
    options.limits.call_time = Duration::from_secs(arguments.timeout);
    let connection = plugin.connect(given, options).await?;
    #[cfg(feature = "aws-credentials")]
    if let Some(chain) = chain {
        chain.keep_fresh(connection.clone());
    }
    Ok(Session {
        connection,
        descriptor,
    })
}

/// What was allowed, and the connection's own endpoint.
async fn policy(
    arguments: &Arguments,
    plugin: &Plugin,
    given: &Settings,
) -> Result<Policy, Failure> {
    let mut policy = Policy::deny_all();
    for entry in &arguments.allow {
        policy.allow(entry)?;
    }
    for network in &arguments.allow_network {
        policy.allow_network(network)?;
    }
    match plugin.endpoint(given).await {
        Ok(Some(origin)) if may_default(&origin, given) => policy.allow_origin(origin),
        Ok(_) => {}
        Err(error) if matches!(error.connector(), Some(Error::InvalidSettings(_))) => {
            return Err(error.into());
        }
        // Whatever it is, the command itself will meet it and say so.
        Err(_) => {}
    }
    Ok(policy)
}

/// A plugin is believed where its endpoint is, but for addresses inside: those the user must have
/// written down.
fn may_default(origin: &Origin, given: &Settings) -> bool {
    let is_written = |text: &str| {
        let host = text
            .parse::<http::Uri>()
            .ok()
            .and_then(|uri| uri.host().map(str::to_ascii_lowercase));
        host.is_some_and(|host| host.trim_matches(['[', ']']) == origin.host())
    };
    !origin.is_restricted()
        || given
            .as_properties()
            .iter()
            .any(|property| match &property.value {
                Value::Text(text) => is_written(text),
                _ => false,
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        text.parse().expect("an origin")
    }

    #[test]
    fn a_public_endpoint_is_allowed_by_default() {
        assert!(may_default(
            &origin("https://sqs.eu-west-1.amazonaws.com"),
            &Settings::new()
        ));
    }

    #[test]
    fn an_endpoint_inside_is_allowed_only_where_the_settings_name_it() {
        let local = origin("http://127.0.0.1:4566");
        assert!(!may_default(
            &local,
            &Settings::new().with("region", "eu-west-1")
        ));
        assert!(!may_default(
            &local,
            &Settings::new().with("endpoint", "http://127.0.0.11:4566")
        ));
        assert!(may_default(
            &local,
            &Settings::new().with("endpoint", "http://127.0.0.1:4566/path")
        ));
        assert!(may_default(
            &origin("http://[::1]:4566"),
            &Settings::new().with("endpoint", "http://[::1]:4566")
        ));
        assert!(!may_default(
            &origin("http://localhost:1"),
            &Settings::new()
        ));
    }
}
