//! What is loaded, and what is not.

use connector_host::{Engine, EngineOptions, LoadError, Plugin};

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
