//! What the host adds: policy, imports, and instances that may die without harm.

use connector_host::contract::FieldKind;
use connector_host::{CallError, ConnectionOptions, LoadError, Plugin, Policy, Settings};
use end_to_end::bounded;
use end_to_end::client::{Client, engine, failed, fixture, plugin, pool};
use end_to_end::document::{Read, empty, text};
use end_to_end::environment::Service;
use end_to_end::error::kind;
use end_to_end::server::{Gate, Reply, Server};
use end_to_end::sqs;

#[tokio::test]
async fn the_plugin_imports_nothing_but_http_io_clocks_and_randomness() {
    let facts = plugin().facts();
    for import in &facts.imports {
        let allowed = [
            "wasi:http/",
            "wasi:io/",
            "wasi:clocks/",
            "wasi:random/",
            "integration:connector/types@",
        ];
        assert!(
            allowed.iter().any(|prefix| import.starts_with(prefix)),
            "it imports {import}"
        );
    }
    assert!(
        facts
            .imports
            .iter()
            .any(|import| import.starts_with("wasi:http/outgoing-handler@"))
    );
    let exports: Vec<_> = facts
        .exports
        .iter()
        .map(|export| export.split('@').next().unwrap_or_default())
        .collect();
    for export in [
        "integration:connector/metadata",
        "integration:connector/connector",
    ] {
        assert!(exports.contains(&export), "{exports:?}");
    }
}

#[tokio::test]
async fn the_plugin_describes_itself_and_marks_its_secrets() {
    let descriptor = plugin().describe().await.expect("a description");
    let operations: Vec<_> = descriptor
        .operations
        .iter()
        .map(|operation| operation.id.as_str())
        .collect();
    assert_eq!(operations[..3], ["send", "receive", "listen"]);
    let secrets: Vec<_> = descriptor
        .connection
        .iter()
        .filter(|field| field.secret)
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(secrets, ["secret-access-key", "session-token"]);
    let mut fields: Vec<_> = descriptor.connection.iter().collect();
    fields.extend(
        descriptor
            .operations
            .iter()
            .flat_map(|operation| &operation.settings),
    );
    for operation in &descriptor.operations {
        fields.extend(operation.properties.iter().map(|property| &property.field));
    }
    for field in fields {
        assert!(
            !field.label.is_empty() && !field.description.is_empty(),
            "{}",
            field.name
        );
        assert!(
            field.kind != FieldKind::Choice || !field.choices.is_empty(),
            "{}",
            field.name
        );
    }
}

#[tokio::test]
async fn a_denied_origin_is_named_in_the_error_and_gets_no_connection() {
    let server = Server::start(sqs::obey).await;
    let other = Server::start(sqs::obey).await;
    for allowed in [None, Some(other.origin.as_str())] {
        let mut policy = Policy::deny_all();
        if let Some(origin) = allowed {
            policy.allow(origin).expect("an origin");
        }
        let client = Client::connect(server.service().settings(), policy)
            .await
            .expect("a connection");
        let outcome = client.send(sqs::QUEUE_URL, &[text("x")]).await.remove(0);
        let error = outcome.expect_err("denied");
        assert_eq!(kind(&error), "transport");
        let whole = client
            .execute("send", Some("orders"), &[], &[text("x")])
            .await;
        let tested = client.test().await;
        for words in [
            connector_host::describe(&error),
            whole.expect_err("denied").to_string(),
            tested.expect_err("denied").to_string(),
        ] {
            let names_it = words.contains(&format!("--allow {}", server.origin));
            assert!(names_it && words.contains("nothing was sent"), "{words}");
        }
        let denial = client.connection().last_denial().expect("a denial");
        assert_eq!(denial.origin().to_string(), server.origin);
        assert_eq!(client.connection().metrics().requests, 0);
    }
    assert_eq!(server.connections(), 0);
    Client::open(&server.service(), &[])
        .await
        .test()
        .await
        .expect("allowed, it works");
}

#[tokio::test]
async fn an_allowed_name_does_not_lead_to_this_machine_by_another_name() {
    let server = Server::start(sqs::obey).await;
    let port = server.origin.rsplit(':').next().expect("a port");
    let mut policy = Policy::deny_all();
    policy
        .allow(&format!("http://localhost:{port}"))
        .expect("an origin");
    // Allowed by its name, and not by its address.
    let denied = Client::connect(server.service().settings(), policy.clone())
        .await
        .expect("a connection");
    assert!(
        denied
            .test()
            .await
            .expect_err("denied")
            .to_string()
            .contains("denied")
    );
    let service = Service::scripted(&format!("http://localhost:{port}"));
    let client = Client::connect(service.settings(), policy)
        .await
        .expect("a connection");
    client.test().await.expect("the name itself works");
}

#[tokio::test]
async fn a_crash_costs_its_instance_and_the_next_call_works() {
    let options = ConnectionOptions::new(Policy::deny_all(), pool());
    let connection = fixture()
        .connect(Settings::new(), options)
        .await
        .expect("a connection");
    let documents = [text("payload-of-a-call-that-crashes")];
    for round in 1..=3 {
        let none = Settings::new();
        let crashed = connection.execute("trap", None, &none, &documents);
        match bounded("a crash", crashed).await {
            Err(CallError::Trapped(words)) => {
                assert!(!words.contains("payload-of-a-call"), "{words}")
            }
            other => panic!("no crash, but {:?}", other.map(|outcomes| outcomes.len())),
        }
        assert_eq!(connection.metrics().traps, round);
        let echoed = connection
            .execute("echo", None, &Settings::new(), &documents)
            .await
            .expect("the next call");
        let output = echoed[0].output.as_ref().expect("a document");
        assert_eq!(output[0].body(), "payload-of-a-call-that-crashes");
    }
}

#[tokio::test]
async fn a_call_without_end_and_one_without_measure_are_ended() {
    let mut options = ConnectionOptions::new(Policy::deny_all(), pool());
    options.limits.call_time = std::time::Duration::from_millis(200);
    options.limits.memory_bytes = 32 << 20;
    let connection = fixture()
        .connect(Settings::new(), options)
        .await
        .expect("a connection");
    for operation in ["spin", "hang"] {
        let ended = bounded(
            operation,
            connection.execute(operation, None, &Settings::new(), &[empty()]),
        )
        .await;
        assert!(matches!(ended, Err(CallError::TimedOut(_))), "{operation}");
        connection
            .execute("echo", None, &Settings::new(), &[empty()])
            .await
            .expect("the next call");
    }
    let ended = bounded(
        "allocate",
        connection.execute("allocate", None, &Settings::new(), &[empty()]),
    )
    .await;
    assert!(matches!(
        ended,
        Err(CallError::MemoryExceeded(_) | CallError::TimedOut(_))
    ));
    connection
        .execute("echo", None, &Settings::new(), &[empty()])
        .await
        .expect("the next call");
}

#[tokio::test]
async fn a_call_that_is_dropped_leaves_the_connection_usable() {
    let server = Server::start(|request| match request.number {
        0 => Reply::Silence,
        _ => sqs::obey(request),
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    let documents = [text("x")];
    tokio::select! {
        _ = client.send(sqs::QUEUE_URL, &documents) => panic!("there is no answer"),
        () = server.requested(1) => {}
    }
    let sent = client.send(sqs::QUEUE_URL, &documents).await.remove(0);
    assert!(sent.is_ok(), "{}", failed(sent));
}

#[tokio::test]
async fn calls_over_one_connection_run_side_by_side() {
    let gate = Gate::new();
    let held = gate.clone();
    let server =
        Server::start(move |request| Reply::Held(held.clone(), Box::new(sqs::obey(request)))).await;
    let client = Client::open(&server.service(), &[]).await;
    let document = [text("x")];
    let calls = async {
        tokio::join!(
            client.send(sqs::QUEUE_URL, &document),
            client.send(sqs::QUEUE_URL, &document),
            client.send(sqs::QUEUE_URL, &document),
            client.send(sqs::QUEUE_URL, &document),
        )
    };
    let together = async {
        server.requested(4).await;
        gate.open();
    };
    let ((first, second, third, fourth), ()) = tokio::join!(calls, together);
    for sent in [first, second, third, fourth].concat() {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
}

#[tokio::test]
async fn what_is_no_plugin_is_not_loaded() {
    for bytes in [&b"not wasm"[..], b"\0asm\x01\0\0\0", b"\0asm\x0d\0\x01\0"] {
        let loaded = Plugin::from_binary(engine(), bytes);
        assert!(matches!(
            loaded,
            Err(LoadError::Invalid(_) | LoadError::NotAPlugin(_))
        ));
    }
}

#[tokio::test]
async fn an_unknown_operation_is_told_with_the_known_ones() {
    let server = Server::start(sqs::obey).await;
    let client = Client::open(&server.service(), &[]).await;
    let error = client
        .execute("sing", Some(sqs::QUEUE_URL), &[], &[empty()])
        .await
        .expect_err("unknown");
    assert_eq!(error.connector().map(kind), Some("other"));
    assert!(
        error.to_string().contains("send, receive, listen, delete"),
        "{error}"
    );
    assert_eq!(server.connections(), 0);
}
