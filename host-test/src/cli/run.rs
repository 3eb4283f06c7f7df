//! `run`: an operation over a stream of documents.

use std::io::IsTerminal;
use std::time::Duration;

use connector_host::CallError;
use connector_host::Settings;
use connector_host::contract::{Document, Error, Outcome};
use indicatif::{ProgressBar, ProgressStyle};

use super::arguments::Run;
use super::interrupt::Interrupt;
use super::lines::{Lines, Window};
use super::report::Results;
use super::session::Session;
use super::{Failure, document, settings};

/// An operation, ready to be run over one window after another.
struct Job<'a> {
    session: &'a Session,
    operation: &'a str,
    object: Option<&'a str>,
    settings: Settings,
    interrupt: Interrupt,
}

/// What became of a window.
enum Ended {
    Called(Result<Vec<Outcome>, CallError>),
    Abandoned,
}

/// Runs the operation.
pub(crate) async fn run(session: &Session, arguments: Run) -> Result<(), Failure> {
    let operation = session
        .descriptor
        .operations
        .iter()
        .find(|operation| operation.id == arguments.operation);
    let mut given = Settings::new();
    settings::take(
        &arguments.set,
        operation.map_or(&[], |operation| &operation.settings),
        &mut given,
    );
    let job = Job {
        session,
        operation: &arguments.operation,
        object: arguments.object.as_deref(),
        settings: given,
        interrupt: Interrupt::listen([
            "stopping after the present window; once more to abandon it",
            "abandoning the present window",
        ]),
    };
    let mut input =
        match &arguments.input {
            None => None,
            Some(path) => Some(Lines::open(path).await.map_err(|error| {
                Failure::Usage(format!("cannot read {}: {error}", path.display()))
            })?),
        };
    let mut results = Results::create(&arguments.output).await.map_err(|error| {
        Failure::Usage(format!(
            "cannot write {}: {error}",
            arguments.output.display()
        ))
    })?;
    let progress = progress(arguments.output.as_os_str() == "-");
    let ended = match (&mut input, arguments.until_empty) {
        (input, true) => {
            let document = single(input).await?;
            job.drain(&document, &mut results, &progress).await
        }
        (Some(lines), false) => job.stream(lines, &mut results, &progress).await,
        (None, false) => {
            let window = Window {
                first: 0,
                documents: vec![Ok(document::empty())],
            };
            job.window(window, &mut results).await
        }
    };
    progress.finish_and_clear();
    let flushed = results.flush().await.map_err(Failure::output);
    ended.and(flushed)?;
    let stopped = job.interrupt.is_stopping();
    if stopped {
        eprintln!(
            "sqs-connector: stopped after {} documents",
            results.succeeded + results.failed
        );
    }
    if results.failed > 0 || stopped {
        Err(Failure::Documents)
    } else {
        Ok(())
    }
}

/// A line of figures, where a person watches and the results do not go to the same screen.
fn progress(to_standard_output: bool) -> ProgressBar {
    if !std::io::stderr().is_terminal() || to_standard_output && std::io::stdout().is_terminal() {
        return ProgressBar::hidden();
    }
    let progress = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} documents, {per_sec}, {msg}") {
        progress.set_style(style);
    }
    progress.enable_steady_tick(Duration::from_millis(200));
    progress
}

/// The one document that `--until-empty` repeats.
async fn single(input: &mut Option<Lines>) -> Result<Document, Failure> {
    let Some(lines) = input else {
        return Ok(document::empty());
    };
    let unreadable = |error| Failure::Usage(format!("cannot read the documents: {error}"));
    let window = lines.window().await.map_err(unreadable)?;
    match window
        .map(|window| window.documents)
        .unwrap_or_default()
        .pop()
    {
        Some(Ok(document)) if lines.count() == 1 => Ok(document),
        _ => Err(Failure::Usage(
            "--until-empty takes one document".to_owned(),
        )),
    }
}

impl Job<'_> {
    /// One window after another; the next one is read while the present one is at work.
    async fn stream(
        &self,
        lines: &mut Lines,
        results: &mut Results,
        progress: &ProgressBar,
    ) -> Result<(), Failure> {
        let unreadable = |error| Failure::Nothing(format!("cannot read the documents: {error}"));
        let mut next = self.read(lines).await.map_err(unreadable)?;
        while let Some(window) = next {
            let (written, read) = tokio::join!(self.window(window, results), self.read(lines));
            written?;
            progress.set_position(results.succeeded + results.failed);
            progress.set_message(format!("{} failed", results.failed));
            next = read.map_err(unreadable)?;
        }
        Ok(())
    }

    async fn read(&self, lines: &mut Lines) -> std::io::Result<Option<Window>> {
        tokio::select! {
            biased;
            () = self.interrupt.stopping() => Ok(None),
            window = lines.window() => window,
        }
    }

    /// The same document over and over, until it gives nothing.
    async fn drain(
        &self,
        document: &Document,
        results: &mut Results,
        progress: &ProgressBar,
    ) -> Result<(), Failure> {
        for number in 0.. {
            if self.interrupt.is_stopping() {
                break;
            }
            match self.call(std::slice::from_ref(document)).await {
                Ended::Abandoned => break,
                Ended::Called(Err(error)) if number == 0 => return Err(error.into()),
                Ended::Called(Err(error)) => {
                    results
                        .call_error(number, &error)
                        .await
                        .map_err(Failure::output)?;
                    break;
                }
                Ended::Called(Ok(mut outcomes)) => {
                    match outcomes.pop().map(|outcome| outcome.output) {
                        Some(Ok(output)) if !output.is_empty() => {
                            results
                                .success(number, &output)
                                .await
                                .map_err(Failure::output)?;
                            results.flush().await.map_err(Failure::output)?;
                        }
                        Some(Err(error)) => {
                            results
                                .error(number, &error)
                                .await
                                .map_err(Failure::output)?;
                            break;
                        }
                        Some(Ok(_)) | None => break,
                    }
                }
            }
            progress.set_position(number + 1);
        }
        Ok(())
    }

    /// Runs a window and writes its results, one a document, in order.
    async fn window(&self, window: Window, results: &mut Results) -> Result<(), Failure> {
        let Window { first, documents } = window;
        let mut whole = Vec::with_capacity(documents.len());
        // What is no document has its error already; the others keep their order.
        let errors: Vec<Option<Error>> = documents
            .into_iter()
            .map(|document| document.map(|document| whole.push(document)).err())
            .collect();
        let ended = if whole.is_empty() {
            Ended::Called(Ok(Vec::new()))
        } else {
            self.call(&whole).await
        };
        drop(whole);
        match ended {
            Ended::Called(Err(error)) if first == 0 => return Err(error.into()),
            ended => write(first, errors, ended, results)
                .await
                .map_err(Failure::output)?,
        }
        results.flush().await.map_err(Failure::output)
    }

    async fn call(&self, documents: &[Document]) -> Ended {
        let connection = &self.session.connection;
        tokio::select! {
            outcomes = connection.execute(self.operation, self.object, &self.settings, documents) => {
                Ended::Called(outcomes)
            }
            () = self.interrupt.abandoned() => Ended::Abandoned,
        }
    }
}

async fn write(
    first: u64,
    errors: Vec<Option<Error>>,
    ended: Ended,
    results: &mut Results,
) -> std::io::Result<()> {
    // By the index that each outcome names: a plugin that leaves one out is found out.
    let mut answers: Vec<Option<Outcome>> = Vec::new();
    if let Ended::Called(Ok(outcomes)) = &ended {
        answers.resize_with(outcomes.len().max(errors.len()), || None);
    }
    let (failure, outcomes) = match ended {
        Ended::Called(Ok(outcomes)) => (None, outcomes),
        Ended::Called(Err(error)) => (Some(error), Vec::new()),
        Ended::Abandoned => (None, Vec::new()),
    };
    let was_called = !answers.is_empty();
    for outcome in outcomes {
        if let Some(place) = answers.get_mut(outcome.document as usize) {
            *place = Some(outcome);
        }
    }
    let mut answers = answers.into_iter();
    for (number, error) in (first..).zip(errors) {
        if let Some(error) = error {
            results.error(number, &error).await?;
            continue;
        }
        match (
            answers.next().flatten().map(|outcome| outcome.output),
            &failure,
        ) {
            (Some(Ok(output)), _) => results.success(number, &output).await?,
            (Some(Err(error)), _) => results.error(number, &error).await?,
            (None, Some(failure)) => results.call_error(number, failure).await?,
            (None, None) if was_called => {
                results
                    .words(
                        number,
                        "corrupted",
                        "the plugin said nothing of this document",
                    )
                    .await?;
            }
            (None, None) => {
                let words = "abandoned on request; what was sent may have taken effect";
                results.words(number, "interrupted", words).await?;
            }
        }
    }
    Ok(())
}
