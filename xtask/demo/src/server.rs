//! The server that the tour runs against: inside this process, or any other by its address.
//!
//! The embedded one is Rustack's SQS: a newcomer needs nothing but Rust for it. Its check of
//! signatures is switched on, so what the plugin signs is proved here as well.

use std::{convert::Infallible, env, net::Ipv4Addr, sync::Arc};

use anyhow::{Context, Result, bail};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustack_auth::StaticCredentialProvider;
use rustack_sqs_core::{config::SqsConfig, handler::RustackSqsHandler, provider::RustackSqs};
use rustack_sqs_http::service::{SqsHttpConfig, SqsHttpService};
use tokio::net::TcpListener;

/// Worthless anywhere else.
const EMBEDDED_KEY: (&str, &str) = (
    "AKIADEMODEMODEMODEMO",
    "embedded-server-only/secret0123456789+/",
);
const EMBEDDED_REGION: &str = "us-east-1";

/// Where the documents go, and with which credentials.
pub(crate) struct Server {
    /// Name for people.
    pub(crate) name: String,
    /// What it cannot do, where that matters to the tour.
    pub(crate) gaps: Option<&'static str>,
    /// Origin, such as `http://127.0.0.1:4566`.
    pub(crate) endpoint: String,
    pub(crate) region: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: Option<String>,
}

impl Server {
    /// `embedded`, or the address of one that runs.
    pub(crate) async fn get(which: &str, name: Option<&str>) -> Result<Self> {
        if which == "embedded" {
            Self::embed().await
        } else {
            Self::at(which, name)
        }
    }

    fn at(address: &str, name: Option<&str>) -> Result<Self> {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let needed = |name: &str| variable(name).with_context(|| format!("{name} is not set"));
        let uri: http::Uri = address
            .parse()
            .with_context(|| format!("{address:?} is not an address"))?;
        if !uri.path().trim_matches('/').is_empty() || uri.query().is_some() {
            bail!("{address} has to be scheme, host and port only");
        }
        Ok(Self {
            name: name.unwrap_or("a server of yours").to_owned(),
            gaps: None,
            endpoint: address.trim_end_matches('/').to_owned(),
            region: variable("AWS_REGION")
                .or_else(|| variable("AWS_DEFAULT_REGION"))
                .unwrap_or_else(|| "us-east-1".to_owned()),
            access_key_id: needed("AWS_ACCESS_KEY_ID")?,
            secret_access_key: needed("AWS_SECRET_ACCESS_KEY")?,
            session_token: variable("AWS_SESSION_TOKEN"),
        })
    }

    async fn embed() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("no port of 127.0.0.1 is free for the embedded server")?;
        let port = listener.local_addr()?.port();
        let (key, secret) = EMBEDDED_KEY;
        let keys = StaticCredentialProvider::new([(key.to_owned(), secret.to_owned())]);
        let queues = RustackSqs::new(SqsConfig {
            skip_signature_validation: false,
            default_region: EMBEDDED_REGION.to_owned(),
            host: Ipv4Addr::LOCALHOST.to_string(),
            port,
            ..SqsConfig::default()
        });
        let service = SqsHttpService::new(
            Arc::new(RustackSqsHandler::new(Arc::new(queues))),
            SqsHttpConfig {
                skip_signature_validation: false,
                region: EMBEDDED_REGION.to_owned(),
                credential_provider: Some(Arc::new(keys)),
            },
        );
        tokio::spawn(async move {
            let Err(error) = serve(listener, service).await;
            eprintln!("demo: the embedded server stopped: {error}");
        });
        Ok(Self {
            name: "embedded in this process (Rustack SQS 0.12), checks signatures".to_owned(),
            gaps: Some(
                "It is a part of SQS: messages of up to 256 KiB, one message of a FIFO group a request.",
            ),
            endpoint: format!("http://127.0.0.1:{port}"),
            region: EMBEDDED_REGION.to_owned(),
            access_key_id: key.to_owned(),
            secret_access_key: secret.to_owned(),
            session_token: None,
        })
    }
}

/// Serves connections until accepting one fails.
async fn serve(
    listener: TcpListener,
    service: SqsHttpService<RustackSqsHandler>,
) -> Result<Infallible, std::io::Error> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = service.clone();
        tokio::spawn(async move {
            // A client that goes away in the middle is no fault of the server's.
            let _ = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
