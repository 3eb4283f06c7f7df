//! `build`: the plugin and the misbehaving plugin of the tests, as checked components.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};

use crate::{
    component::{self, Import},
    toolchain::{TARGET, Toolchain},
    workspace::{Workspace, run as run_command},
};

/// What the plugin may weigh, in bytes.
const SIZE_LIMIT: usize = 400_000;

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    super::no_arguments("build", arguments)?;
    let workspace = Workspace::find()?;
    build(&workspace, &Toolchain::find(&workspace)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Builds both components.
pub(crate) fn build(workspace: &Workspace, toolchain: &Toolchain) -> Result<()> {
    let (component, imports) = component_of(workspace, toolchain, "sqs-connector")?;
    let (size, plugin) = (component.len(), workspace.plugin());
    component::write(&plugin, &component)?;
    println!("{}: {size} bytes, imports:", plugin.display());
    for Import { name, functions } in imports {
        let what = if functions == 0 {
            "types only"
        } else {
            "functions"
        };
        println!("  {name} ({what})");
    }

    let (component, _) = component_of(workspace, toolchain, "misbehaving-plugin")?;
    let fixture = workspace.fixture();
    component::write(&fixture, &component)?;
    println!("{}: {} bytes", fixture.display(), component.len());

    // Last, so that what is too big can be looked at, and tried.
    if size > SIZE_LIMIT {
        bail!(
            "the plugin has {size} bytes, the limit is {SIZE_LIMIT}: `cargo xtask size` says what \
             they are spent on"
        );
    }
    Ok(())
}

/// Compiles a package and gives its component with what it imports, which is all allowed.
fn component_of(
    workspace: &Workspace,
    toolchain: &Toolchain,
    package: &str,
) -> Result<(Vec<u8>, Vec<Import>)> {
    let module = compile(workspace, toolchain, package, &workspace.target, &[])?;
    let module = fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    let component = component::encode(&module).with_context(|| format!("package {package}"))?;
    let imports = component::imports(&component)?;
    let problems = component::forbidden(&imports);
    if !problems.is_empty() {
        bail!(
            "{package} imports what it must not:\n  {}",
            problems.join("\n  ")
        );
    }
    Ok((component, imports))
}

/// Compiles a package to a core module, and says where that is.
pub(crate) fn compile(
    workspace: &Workspace,
    toolchain: &Toolchain,
    package: &str,
    target: &Path,
    environment: &[(&str, &str)],
) -> Result<PathBuf> {
    let mut cargo = workspace.cargo();
    // Only the module: with the native `rlib` beside it, cargo would leave out link-time
    // optimisation.
    cargo
        .args([
            "rustc",
            "--package",
            package,
            "--lib",
            "--crate-type",
            "cdylib",
        ])
        .args(["--profile", "plugin"])
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(workspace))
        .envs(environment.iter().copied());
    toolchain.configure(&mut cargo);
    run_command(&mut cargo)?;
    let file = format!("{}.wasm", package.replace('-', "_"));
    Ok(target.join(TARGET).join("plugin").join(file))
}

/// The compiler's flags: those of the environment, and a few more.
///
/// Panics name crates and their files, not folders of the machine that built the component: it is
/// smaller then, and the same everywhere. Vectors are part of WebAssembly since its version 2, which
/// is older than components. And the linker writes indexes and addresses as short as they are; by
/// itself it gives each the five bytes that the longest could need.
pub(crate) fn flags(workspace: &Workspace) -> String {
    let mut flags: Vec<String> = match env::var("CARGO_ENCODED_RUSTFLAGS") {
        Ok(encoded) => encoded.split('\x1f').map(str::to_owned).collect(),
        Err(_) => env::var("RUSTFLAGS")
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
    };
    flags.retain(|flag| !flag.is_empty());
    let home = env::var_os("CARGO_HOME").map_or_else(
        || PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cargo"),
        PathBuf::from,
    );
    let mut folders = vec![(workspace.root.clone(), "plugin")];
    if let Ok(sources) = fs::read_dir(home.join("registry/src")) {
        folders.extend(sources.flatten().map(|source| (source.path(), "crates")));
    }
    flags.extend(
        folders
            .iter()
            .map(|(folder, name)| format!("--remap-path-prefix={}={name}", folder.display())),
    );
    flags.push("-Ctarget-feature=+simd128".to_owned());
    flags.push("-Cllvm-args=-inline-threshold=40".to_owned());
    flags.push("-Clink-arg=--compress-relocations".to_owned());
    flags.join("\x1f")
}
