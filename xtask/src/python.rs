//! A Python to run the tests' servers with, and a virtual environment for each of them.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result, bail};

use crate::{
    toolchain::apt_install,
    workspace::{ask, run},
};

/// A Python interpreter of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Python {
    executable: PathBuf,
    /// Major and minor.
    pub(crate) version: (u32, u32),
    /// Whether `-m venv` can work; Debian has it in a package of its own.
    has_venv: bool,
}

/// The versions that the servers run on.
const OLDEST: (u32, u32) = (3, 10);
const NEWEST: (u32, u32) = (3, 13);

/// Where servers are installed.
pub(crate) fn cache() -> Result<PathBuf> {
    let set = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("SQS_CONNECTOR_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|folder| folder.join("sqs-connector")))
        .or_else(|| set("HOME").map(|folder| folder.join(".cache/sqs-connector")))
        .context("there is no HOME to install servers in: set SQS_CONNECTOR_CACHE to a folder")
}

impl Python {
    /// The best interpreter for the servers, with a working `venv`.
    pub(crate) fn find() -> Result<Self> {
        if let Some(named) = env::var_os("SQS_CONNECTOR_PYTHON").filter(|name| !name.is_empty()) {
            let python = Self::examine(Path::new(&named)).with_context(|| {
                format!(
                    "SQS_CONNECTOR_PYTHON: {} does not run",
                    named.to_string_lossy()
                )
            })?;
            if choose(std::slice::from_ref(&python)).is_none() {
                bail!(
                    "SQS_CONNECTOR_PYTHON is Python {}: {WANTED}",
                    python.dotted()
                );
            }
            return python.with_venv();
        }
        if let Some(python) = choose(&Self::all()) {
            return python.clone().with_venv();
        }
        eprintln!("xtask: no Python 3.10 to 3.13 found, trying to install one");
        apt_install(&["python3", "python3-venv"]).context(WANTED)?;
        choose(&Self::all()).cloned().context(WANTED)?.with_venv()
    }

    /// Every interpreter in the places where they usually are.
    fn all() -> Vec<Self> {
        let mut names: Vec<PathBuf> = [
            "python3",
            "python3.13",
            "python3.12",
            "python3.11",
            "python3.10",
        ]
        .iter()
        .map(PathBuf::from)
        .collect();
        let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        let pyenv = env::var_os("PYENV_ROOT").map_or_else(|| home.join(".pyenv"), PathBuf::from);
        for versions in [pyenv.join("versions"), home.join(".local/share/uv/python")] {
            let Ok(entries) = fs::read_dir(versions) else {
                continue;
            };
            names.extend(
                entries
                    .flatten()
                    .map(|entry| entry.path().join("bin/python3")),
            );
        }
        names
            .iter()
            .filter_map(|name| Self::examine(name))
            .collect()
    }

    /// Asks an interpreter what it is; nothing where it does not run.
    fn examine(name: &Path) -> Option<Self> {
        const QUESTION: &str = "import sys, importlib.util as u\n\
            print(*sys.version_info[:2], int(all(map(u.find_spec, ('venv', 'ensurepip')))))\n\
            print(sys.executable)";
        let answer = ask(Command::new(name).args(["-I", "-c", QUESTION]))?;
        let (numbers, executable) = answer.split_once('\n')?;
        let numbers: Vec<u32> = numbers
            .split(' ')
            .map(str::parse)
            .collect::<Result<_, _>>()
            .ok()?;
        let &[major, minor, has_venv] = numbers.as_slice() else {
            return None;
        };
        Some(Self {
            executable: executable.into(),
            version: (major, minor),
            has_venv: has_venv == 1,
        })
    }

    fn dotted(&self) -> String {
        format!("{}.{}", self.version.0, self.version.1)
    }

    /// Sees to it that `-m venv` works.
    fn with_venv(self) -> Result<Self> {
        if self.has_venv {
            return Ok(self);
        }
        eprintln!("xtask: {} has no venv", self.executable.display());
        let package = format!("python{}-venv", self.dotted());
        apt_install(&[&package])
            .with_context(|| format!("{} lacks its venv module", self.executable.display()))?;
        Self::examine(&self.executable)
            .filter(|python| python.has_venv)
            .with_context(|| format!("{} has no venv still", self.executable.display()))
    }
}

const WANTED: &str = "Python 3.10 to 3.13 is needed for the servers of the tests (3.13 gets the \
    newest LocalStack); install one, or set SQS_CONNECTOR_PYTHON to its path";

/// 3.13 where there is one, since only it runs the newest LocalStack; else the newest that is
/// old enough.
fn choose(found: &[Python]) -> Option<&Python> {
    found
        .iter()
        .filter(|python| (OLDEST..=NEWEST).contains(&python.version))
        // Of equals, the first that can make an environment at once.
        .max_by_key(|python| (python.version, python.has_venv))
}

/// A virtual environment with exactly the packages of a lock file.
pub(crate) struct Environment {
    /// Its folder.
    pub(crate) folder: PathBuf,
}

impl Environment {
    /// Makes it, unless it is there already. `finish` completes a fresh one.
    ///
    /// Safe to call from several processes at once: the first installs, the others wait.
    pub(crate) fn install(
        python: &Python,
        name: &str,
        lock: &Path,
        finish: impl FnOnce(&Self) -> Result<()>,
    ) -> Result<Self> {
        let cache = cache()?;
        fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
        let guard = File::create(cache.join(format!("{name}.lock")))?;
        guard
            .lock()
            .context("cannot wait for another installation")?;

        let wanted =
            fs::read_to_string(lock).with_context(|| format!("cannot read {}", lock.display()))?;
        let (major, minor) = python.version;
        let environment = Self {
            folder: cache.join(format!("{name}-py{major}{minor}")),
        };
        // The lock file's own text marks a complete installation: another lock, another one.
        let mark = environment.folder.join("complete");
        if fs::read_to_string(&mark).is_ok_and(|found| found == wanted) && environment.runs() {
            return Ok(environment);
        }
        let start = Instant::now();
        eprintln!(
            "xtask: installing {name} into {}",
            environment.folder.display()
        );
        if environment.folder.exists() {
            fs::remove_dir_all(&environment.folder)?;
        }
        let mut venv = Command::new(&python.executable);
        venv.args(["-m", "venv"])
            .arg(&environment.folder)
            .stdout(std::io::stderr());
        run(&mut venv)?;
        // The lock is complete and every package has a wheel: nothing is resolved or compiled.
        let mut pip = environment.python();
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
        ])
        .args(["--only-binary", ":all:", "--requirement"])
        .arg(lock)
        .stdout(std::io::stderr());
        run(&mut pip).context("the packages cannot be installed")?;
        finish(&environment)?;
        fs::write(&mark, wanted)?;
        eprintln!(
            "xtask: installed {name} in {:.1} s",
            start.elapsed().as_secs_f32()
        );
        Ok(environment)
    }

    /// Its interpreter.
    pub(crate) fn interpreter(&self) -> PathBuf {
        self.folder.join("bin/python")
    }

    /// Its interpreter, to be run.
    pub(crate) fn python(&self) -> Command {
        Command::new(self.interpreter())
    }

    /// Whether the interpreter that it was made from is still there.
    fn runs(&self) -> bool {
        ask(self.python().args(["-c", "pass"])).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(minor: u32, has_venv: bool) -> Python {
        let executable = format!("/python3.{minor}/{has_venv}").into();
        Python {
            executable,
            version: (3, minor),
            has_venv,
        }
    }

    #[test]
    fn prefers_the_one_for_the_newest_localstack() {
        let found = [python(11, true), python(13, true), python(12, true)];
        assert_eq!(choose(&found), Some(&found[1]));
    }

    #[test]
    fn takes_no_version_out_of_bounds() {
        let found = [python(9, true), python(14, true), python(10, true)];
        assert_eq!(choose(&found), Some(&found[2]));
        assert_eq!(choose(&found[..2]), None);
    }

    #[test]
    fn of_equals_takes_the_one_with_venv() {
        let found = [python(11, false), python(11, true)];
        assert_eq!(choose(&found), Some(&found[1]));
    }

    #[test]
    fn what_does_not_run_is_no_python() {
        assert_eq!(Python::examine(Path::new("/nonexistent/python3")), None);
    }
}
