//! `listen`: messages as they come, each settled by what becomes of it.

mod act;
mod output;
mod shell;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use connector_host::Settings;
use connector_host::consumer::{
    Consumer, ConsumerOptions, Control, Event, Figures, Handed, Malformed, Outcome,
};
use connector_host::contract::Mode;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::arguments::{Listen, OnMalformed};
use super::interrupt::Interrupt;
use super::session::Session;
use super::{Failure, settings};
use act::Act;
use output::Output;

/// How often it is looked whether there was nothing to do for long enough.
const LOOK: Duration = Duration::from_millis(200);

/// Listens until it is stopped.
pub(crate) async fn run(session: Session, arguments: Listen) -> Result<(), Failure> {
    let operation = session
        .descriptor
        .operations
        .iter()
        .find(|operation| operation.mode == Mode::Listen);
    let mut given = Settings::new();
    settings::take(
        &arguments.set,
        operation.map_or(&[], |operation| &operation.settings),
        &mut given,
    );
    let act = act(&arguments).await?;
    let consumer = Consumer::new(
        session.connection,
        &arguments.object,
        given,
        options(&arguments),
    )
    .on_event(tell);
    let control = consumer.control();
    let handler = handler(act.clone(), arguments.messages, control.clone());
    let interrupt = Interrupt::listen([
        "stopping: what is being handled may finish, the rest is given back; once more to stop at once",
        "stopping at once",
    ]);
    let every = Duration::from_secs(arguments.figures_every);
    let idle = arguments.idle_exit.map(Duration::from_secs);
    let ended = tokio::select! {
        ended = consumer.run(handler) => ended,
        never = async {
            tokio::join!(
                obey(&interrupt, &control),
                report(every, &control),
                leave_when_idle(idle, &control),
            )
        } => match never.0 {},
    };
    let figures = match ended {
        Ok(figures) => figures,
        Err(error) => {
            // Where something was received before it could not go on.
            if control.figures().received > 0 {
                eprintln!("sqs-connector: {}", control.figures());
            }
            return Err(error.into());
        }
    };
    eprintln!("sqs-connector: {figures}");
    if let Some(error) = act.failure() {
        return Err(Failure::output(error));
    }
    verdict(figures)
}

fn verdict(figures: Figures) -> Result<(), Failure> {
    if figures.settlements_lost > 0 || figures.handlers_abandoned > 0 {
        Err(Failure::Documents)
    } else {
        Ok(())
    }
}

async fn act(arguments: &Listen) -> Result<Act, Failure> {
    let act = match (&arguments.exec, &arguments.output) {
        (Some(command), _) => Act::Run(Arc::from(command.as_str())),
        (None, Some(path)) => Act::Write(open(path).await?),
        (None, None) => Act::Accept,
    };
    Ok(act)
}

async fn open(path: &Path) -> Result<Output, Failure> {
    Output::append(path)
        .await
        .map_err(|error| Failure::Usage(format!("cannot write {}: {error}", path.display())))
}

fn options(arguments: &Listen) -> ConsumerOptions {
    let mut options = ConsumerOptions::default();
    options.concurrency = arguments.concurrency;
    options.deliveries_in_hand = arguments.in_hand;
    options.stop_within = Duration::from_secs(arguments.stop_within);
    let accepts_all = arguments.exec.is_none() && arguments.output.is_none();
    options.malformed = match arguments.malformed {
        Some(OnMalformed::Retry) => Malformed::Retry,
        Some(OnMalformed::Accept) => Malformed::Accept,
        Some(OnMalformed::Handle) => Malformed::HandOver,
        None if accepts_all => Malformed::HandOver,
        None => Malformed::Retry,
    };
    options
}

/// Acts on each delivery, and stops after so many that were accepted, or when acting has become
/// useless.
fn handler(
    act: Act,
    messages: Option<u64>,
    control: Control,
) -> impl Fn(Handed) -> std::pin::Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync {
    let accepted = Arc::new(AtomicU64::new(0));
    move |handed| {
        let (act, control, accepted) = (act.clone(), control.clone(), Arc::clone(&accepted));
        Box::pin(async move {
            let outcome = act.on(handed).await;
            if outcome == Outcome::Accept {
                let count = accepted.fetch_add(1, Ordering::Relaxed) + 1;
                if messages.is_some_and(|messages| count >= messages) {
                    control.stop();
                }
            }
            if act.failure().is_some() {
                control.stop();
            }
            outcome
        })
    }
}

fn tell(event: Event) {
    // Of a stop, the signal's own line says more.
    if event != Event::Stopping {
        eprintln!("sqs-connector: {event}");
    }
}

/// The first signal stops, the second one stops at once.
async fn obey(interrupt: &Interrupt, control: &Control) -> std::convert::Infallible {
    interrupt.stopping().await;
    control.stop();
    interrupt.abandoned().await;
    control.stop_now();
    std::future::pending().await
}

async fn report(every: Duration, control: &Control) {
    if every.is_zero() {
        return;
    }
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    // The first one comes at once.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        eprintln!("sqs-connector: {}", control.figures());
    }
}

async fn leave_when_idle(idle: Option<Duration>, control: &Control) {
    let Some(least) = idle else { return };
    loop {
        let figures = control.figures();
        // A server that does not answer has not said that there is nothing.
        if figures.empty_polls > 0 && figures.idle.is_some_and(|idle| idle >= least) {
            control.stop();
            return;
        }
        sleep(LOOK).await;
    }
}
