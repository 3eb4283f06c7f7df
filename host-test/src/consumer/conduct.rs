//! The loop itself: it carries what happens to [`Hand`], and what `Hand` decides to those who do
//! it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::error::CallError;

use super::event::Event;
use super::faults;
use super::figures::{Board, Figures};
use super::hand::{Ended, Hand};
use super::handler::{Handler, Outcome};
use super::options::ConsumerOptions;
use super::poll::{Polled, Poller, Stage, reached};
use super::port::{Port, Source};
use super::settle::{Answer, Request, Settler};

/// How long giving back may take when nothing else is waited for.
const LAST_SETTLEMENTS: Duration = Duration::from_secs(3);

/// Who hears of events.
pub(super) type Listening = Arc<dyn Fn(Event) + Send + Sync>;

/// What a consumer runs with.
pub(super) struct Conductor<P, H> {
    pub(super) port: P,
    pub(super) handler: Arc<H>,
    pub(super) options: ConsumerOptions,
    pub(super) listening: Option<Listening>,
    pub(super) board: Board,
    pub(super) stop: watch::Receiver<Stage>,
}

/// A row of pulls that failed.
struct Outage {
    since: Instant,
    sort: String,
}

struct Run<H> {
    hand: Hand,
    handler: Arc<H>,
    handlers: JoinSet<Outcome>,
    deliveries: HashMap<Id, u64>,
    listening: Option<Listening>,
    outage: Option<Outage>,
    is_pulling: bool,
    /// How the poller ended, once it has.
    ended: Option<Result<(), CallError>>,
    /// When the present stage of a stop is over.
    deadline: Option<Instant>,
    stage: Stage,
}

impl<P: Port, H: Handler> Conductor<P, H> {
    /// Runs until it is stopped, or cannot go on.
    pub(super) async fn run(self) -> Result<Figures, CallError> {
        let Self {
            port,
            handler,
            options,
            listening,
            board,
            mut stop,
        } = self;
        // Nothing was received yet, so whoever started this may as well decide what to do.
        let source = port.listen().await?;
        let mut run = Run {
            hand: Hand::new(source.commit(), &options),
            handler,
            handlers: JoinSet::new(),
            deliveries: HashMap::new(),
            listening,
            outage: None,
            is_pulling: false,
            ended: None,
            deadline: None,
            stage: Stage::Running,
        };
        let (permits, permitted) = mpsc::channel(1);
        let (told, mut polled) = mpsc::channel(4);
        let (asked, requests) = mpsc::unbounded_channel();
        let (answering, mut answers) = mpsc::unbounded_channel::<Answer>();
        // The poller's stage: that of the caller, or a later one once time is over.
        let stages = watch::Sender::new(Stage::Running);
        let mut workers = JoinSet::new();
        let back_off = options.back_off;
        let poller = Poller::new(
            port.clone(),
            source,
            permitted,
            stages.subscribe(),
            told,
            back_off,
        );
        workers.spawn(poller.run());
        let settler = Settler::new(port.clone(), options.settling, answering);
        workers.spawn(settler.run(requests));

        loop {
            run.start_handlers(options.handlers());
            run.hand_out(&asked);
            board.write(run.hand.figures(), run.hand.oldest());
            let may_pull = run.stage == Stage::Running
                && !run.is_pulling
                && run.ended.is_none()
                && run.hand.len() < options.bound();
            if may_pull {
                run.is_pulling = permits.try_send(()).is_ok();
            }
            if run.is_done() {
                break;
            }
            let alarm = run.hand.next_alarm();
            let (stage, deadline) = (run.stage, run.deadline);
            tokio::select! {
                () = reached(&mut stop, later(stage)), if stage != Stage::Now => {
                    let wanted = *stop.borrow();
                    run.go_to(wanted, &options);
                    stages.send_replace(run.stage);
                }
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    if run.stage == Stage::Now {
                        // What is not given back by now comes again when its lease ends.
                        break;
                    }
                    run.go_to(Stage::Now, &options);
                    stages.send_replace(run.stage);
                }
                Some(polled) = polled.recv() => {
                    run.polled(polled, port.now());
                    if run.ended.is_some() && run.stage == Stage::Running {
                        run.go_to(Stage::Stopping, &options);
                    }
                }
                Some(answer) = answers.recv() => {
                    let now = Instant::now();
                    run.hand.answered(answer, now);
                    while let Ok(answer) = answers.try_recv() {
                        run.hand.answered(answer, now);
                    }
                }
                Some(ended) = run.handlers.join_next_with_id() => run.handled(ended),
                Some(worker) = workers.join_next() => {
                    if let Err(error) = worker && let Ok(panic) = error.try_into_panic() {
                        std::panic::resume_unwind(panic);
                    }
                }
                () = sleep_until(alarm.unwrap_or_else(Instant::now)), if alarm.is_some() => {
                    run.hand.look_at_leases(Instant::now());
                }
            }
        }
        board.write(run.hand.figures(), run.hand.oldest());
        let figures = board.read();
        run.ended.unwrap_or(Ok(())).map(|()| figures)
    }
}

/// The least stage that a stop can come to next.
fn later(stage: Stage) -> Stage {
    match stage {
        Stage::Running => Stage::Stopping,
        Stage::Stopping | Stage::Now => Stage::Now,
    }
}

impl<H: Handler> Run<H> {
    fn start_handlers(&mut self, most: usize) {
        if self.stage == Stage::Now {
            return;
        }
        while self.hand.running() < most {
            let Some((id, handed)) = self.hand.start(Instant::now()) else {
                return;
            };
            let handler = Arc::clone(&self.handler);
            let task = self
                .handlers
                .spawn(async move { handler.handle(handed).await });
            self.deliveries.insert(task.id(), id);
        }
    }

    /// Passes on what the hand wants done and told.
    fn hand_out(&mut self, asked: &mpsc::UnboundedSender<Request>) {
        for request in self.hand.requests.drain(..) {
            // The settler lives as long as this loop.
            let _ = asked.send(request);
        }
        for event in std::mem::take(&mut self.hand.events) {
            self.tell(event);
        }
    }

    fn tell(&self, event: Event) {
        if let Some(listening) = &self.listening {
            listening(event);
        }
    }

    fn polled(&mut self, polled: Polled, clock: Duration) {
        match polled {
            Polled::Deliveries(deliveries) => {
                self.is_pulling = false;
                if let Some(outage) = self.outage.take() {
                    self.tell(Event::Recovered {
                        after: outage.since.elapsed(),
                    });
                }
                self.hand.receive(deliveries, Instant::now(), clock);
            }
            Polled::Failed {
                error,
                wait,
                reconnecting,
            } => {
                let sort = faults::sort(&error);
                let outage = self.outage.get_or_insert_with(|| Outage {
                    since: Instant::now(),
                    sort: String::new(),
                });
                if outage.sort != sort {
                    outage.sort = sort;
                    self.tell(Event::PullFailed {
                        reason: error.to_string(),
                        wait,
                        reconnecting,
                    });
                }
            }
            Polled::Reconnected => self.hand.figures.reconnects += 1,
            Polled::Ended(result) => self.ended = Some(result),
        }
    }

    fn handled(&mut self, ended: Result<(Id, Outcome), JoinError>) {
        let (task, ended) = match ended {
            Ok((task, outcome)) => (task, Ended::Handled(outcome)),
            Err(error) if error.is_panic() => (error.id(), Ended::Panicked),
            Err(error) => (error.id(), Ended::Abandoned),
        };
        if let Some(id) = self.deliveries.remove(&task) {
            self.hand.ended(id, ended, Instant::now());
        }
    }

    fn go_to(&mut self, stage: Stage, options: &ConsumerOptions) {
        if stage <= self.stage {
            return;
        }
        let now = Instant::now();
        if self.stage == Stage::Running {
            self.tell(Event::Stopping);
            self.hand.stop(now);
            self.deadline = Some(now + options.stop_within);
        }
        self.stage = stage;
        if stage == Stage::Now {
            let handlers = self.handlers.len();
            let lost = self.hand.drop_waiting();
            if handlers > 0 || lost > 0 {
                self.tell(Event::Abandoned { handlers, lost });
            }
            // Each is given back when its task is gone, and nothing of it at work any more.
            self.handlers.abort_all();
            self.deadline = Some(now + LAST_SETTLEMENTS);
        }
    }

    fn is_done(&self) -> bool {
        self.stage != Stage::Running && self.ended.is_some() && self.hand.len() == 0
    }
}
