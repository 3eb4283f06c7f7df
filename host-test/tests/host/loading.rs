//! What is loaded, and what is not.

use connector_host::{CallError, Engine, EngineOptions, LoadError, Plugin};

use crate::support::plugin;

fn load(text: &str) -> Result<Plugin, LoadError> {
    let engine = Engine::new(EngineOptions::default()).expect("an engine");
    Plugin::from_binary(&engine, &wat::parse_str(text).expect("WebAssembly text"))
}

#[test]
fn a_component_that_imports_more_is_refused_by_the_names_of_it() {
    let result = load(
        r#"(component
            (import "wasi:cli/environment@0.2.0" (instance
                (export "initial-cwd" (func (result (option string))))))
            (import "wasi:sockets/instance-network@0.2.0" (instance
                (export "x" (func)))))"#,
    );
    let Err(error) = result else {
        panic!("it must not load")
    };
    assert!(
        matches!(&error, LoadError::ForbiddenImports(names) if names.len() == 2),
        "{error}"
    );
    assert!(
        error.to_string().contains("wasi:cli/environment@0.2.0"),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("wasi:sockets/instance-network@0.2.0"),
        "{error}"
    );
}

#[test]
fn a_component_that_is_no_plugin_is_told_so() {
    assert!(matches!(load("(component)"), Err(LoadError::NotAPlugin(_))));
}

#[test]
fn what_is_no_component_is_told_so() {
    assert!(matches!(load("(module)"), Err(LoadError::Invalid(_))));
}

#[test]
fn a_file_that_is_missing_is_named() {
    let engine = Engine::new(EngineOptions::default()).expect("an engine");
    let Err(error) = Plugin::load(&engine, "does/not/exist.wasm".as_ref()) else {
        panic!("missing")
    };
    assert!(error.to_string().contains("does/not/exist.wasm"));
}

#[tokio::test]
async fn a_plugin_describes_itself_without_a_connection() {
    let descriptor = plugin().describe().await.expect("a description");
    assert_eq!(descriptor.id, "misbehaving");
    assert!(
        plugin()
            .facts()
            .imports
            .iter()
            .any(|name| name.starts_with("wasi:http/types@0.2"))
    );
    assert!(
        plugin()
            .facts()
            .exports
            .iter()
            .any(|name| name.starts_with("integration:connector/connector"))
    );
}

/// A component with functions of these names, none of which has the contract's types.
fn mistyped(of_connections: &[&str], of_listeners: &[&str]) -> String {
    let methods = |resource: &str, names: &[&str]| -> String {
        let export = |name: &&str| {
            format!(
                r#"(export "[method]{resource}.{name}" (func ${resource}-method)
                    (func (param "self" (borrow $its-{resource})) (result u32)))"#
            )
        };
        names.iter().map(export).collect()
    };
    format!(
        r#"(component
            (core module $m
                (func (export "plain") (result i32) i32.const 0)
                (func (export "method") (param i32) (result i32) i32.const 0))
            (core instance $i (instantiate $m))
            (type $connection (resource (rep i32)))
            (type $listener (resource (rep i32)))
            (func $plain (result u32) (canon lift (core func $i "plain")))
            (func $connection-method (param "self" (borrow $connection)) (result u32)
                (canon lift (core func $i "method")))
            (func $listener-method (param "self" (borrow $listener)) (result u32)
                (canon lift (core func $i "method")))
            (component $names
                (import "a-connection" (type $connection (sub resource)))
                (import "a-listener" (type $listener (sub resource)))
                (import "plain" (func $plain (result u32)))
                (import "of-connection" (func $connection-method
                    (param "self" (borrow $connection)) (result u32)))
                (import "of-listener" (func $listener-method
                    (param "self" (borrow $listener)) (result u32)))
                (export $its-connection "connection" (type $connection))
                (export $its-listener "listener" (type $listener))
                (export "[static]connection.open" (func $plain))
                {}{})
            (instance $metadata (export "describe" (func $plain)))
            (instance $connector (instantiate $names
                (with "a-connection" (type $connection))
                (with "a-listener" (type $listener))
                (with "plain" (func $plain))
                (with "of-connection" (func $connection-method))
                (with "of-listener" (func $listener-method))))
            (export "integration:connector/metadata@0.1.0" (instance $metadata))
            (export "integration:connector/connector@0.1.0" (instance $connector)))"#,
        methods("connection", of_connections),
        methods("listener", of_listeners),
    )
}

#[tokio::test]
async fn functions_of_other_types_are_refused_before_one_is_called() {
    let of_connections = [
        "test", "browse", "profile", "execute", "listen", "settle", "renew",
    ];
    let of_listeners = ["commit", "next", "stop"];
    let plugin = load(&mistyped(&of_connections, &of_listeners)).expect("the names are right");
    for _ in 0..2 {
        let described = plugin.describe().await;
        assert!(matches!(described, Err(CallError::Instantiation(_))));
    }
    for missing in 0..of_listeners.len() {
        let mut some = of_listeners.to_vec();
        some.remove(missing);
        let loaded = load(&mistyped(&of_connections, &some));
        assert!(matches!(loaded, Err(LoadError::NotAPlugin(_))));
    }
}
