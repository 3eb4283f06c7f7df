//! A soak: sends, listens and settles through a network that fails at random, and then accounts
//! for every message. `cargo xtask soak --minutes N [--seed S]` runs it.
//!
//! | module | topic |
//! |---|---|
//! | `work` | senders, and consumers whose handlers fail |
//! | `memory` | what the process takes |
//!
//! `proxy` of the tests' support is the network, and `ledger` has what was sent, told and handled.
//!
//! A standard queue and a FIFO queue are worked on at once. The messages are looked for with the
//! faults over: what was said to be sent must have been handled to success, and the queues must
//! be empty. It ends N minutes and 100 seconds after its start at the latest.

mod memory;
mod work;

use std::process::{ExitCode, exit};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use end_to_end::client::Client;
use end_to_end::environment::{Service, localstack};
use end_to_end::ledger::{Balance, Ledger};
use end_to_end::proxy::Proxy;
use end_to_end::queue::Queue;
use tokio::time::{MissedTickBehavior, interval, timeout};

use work::{Consuming, Site};

/// The plugin's bound of an attempt.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long it may take until all that was sent is handled, once the faults are over.
const SETTLING_DOWN: Duration = Duration::from_secs(70);
/// After the sending, how much later the process ends whatever happens.
const LATEST: Duration = Duration::from_secs(100);
/// Mebibytes that this process may take.
const MEMORY: u64 = 256;
/// How many mebibytes more it may take at the end of the sending than half-way.
const GROWTH: u64 = 48;

#[tokio::main]
async fn main() -> ExitCode {
    let (minutes, seed) = match arguments() {
        Ok(read) => read,
        Err(problem) => {
            eprintln!("soak: {problem}: --minutes N --seed S");
            return ExitCode::from(2);
        }
    };
    let sending = Duration::from_secs(60 * minutes);
    // Outside the runtime: it ends this process also where that hangs.
    std::thread::spawn(move || {
        std::thread::sleep(sending + LATEST);
        eprintln!("soak: it did not end in time");
        exit(3);
    });
    println!("soak: {minutes} min, seed {seed}");
    let problems = soak(sending, seed).await;
    for problem in &problems {
        eprintln!("soak: {problem}");
    }
    if problems.is_empty() {
        println!("soak: every message is accounted for");
        ExitCode::SUCCESS
    } else {
        eprintln!("soak: {} problems with seed {seed}", problems.len());
        ExitCode::FAILURE
    }
}

fn arguments() -> Result<(u64, u64), String> {
    let (mut minutes, mut seed) = (None, None);
    let mut rest = std::env::args().skip(1);
    while let Some(name) = rest.next() {
        let number = rest.next().and_then(|text| text.parse::<u64>().ok());
        let number = number.ok_or_else(|| format!("{name} wants a number"))?;
        match name.as_str() {
            "--minutes" => minutes = Some(number),
            "--seed" => seed = Some(number),
            other => return Err(format!("there is no {other}")),
        }
    }
    let minutes = minutes.filter(|minutes| *minutes > 0);
    minutes
        .zip(seed)
        .ok_or_else(|| "two arguments are needed".to_owned())
}

/// Runs it, prints the figures, and gives the problems.
async fn soak(sending: Duration, seed: u64) -> Vec<String> {
    let direct = localstack();
    let proxy = Proxy::start(&direct.endpoint, seed, PATIENCE).await;
    let through = Service {
        endpoint: proxy.origin.clone(),
        keys: direct.keys.clone(),
    };
    let standard = site("standard", Queue::standard().await, &through, seed, 6).await;
    // Longer leases: what is lost in an answer keeps its group closed, and what is handled twice
    // is lost order.
    let fifo = site("fifo", Queue::fifo().await, &through, seed, 15).await;
    let sites = [standard, fifo];

    let (stop, is_clear) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let consuming: Vec<Consuming> = sites
        .iter()
        .zip([12, 8])
        .map(|(site, handlers)| site.consume(seed, handlers, Arc::clone(&is_clear)))
        .collect();
    let senders: Vec<_> = sites
        .iter()
        .flat_map(|site| (0..2).map(move |sender| (Arc::clone(site), sender)))
        .map(|(site, sender)| tokio::spawn(site.send(seed, sender, Arc::clone(&stop))))
        .collect();

    let begun = Instant::now();
    tokio::time::sleep(sending / 2).await;
    let half_way = memory::resident();
    tokio::time::sleep(sending.saturating_sub(begun.elapsed())).await;
    let at_end = memory::resident();

    stop.store(true, Ordering::SeqCst);
    is_clear.store(true, Ordering::SeqCst);
    let mut problems = Vec::new();
    let settled = timeout(SETTLING_DOWN, async {
        proxy.clear().await;
        for sender in senders {
            if sender.await.is_err() {
                eprintln!("soak: a sender panicked");
            }
        }
        for site in &sites {
            site.ledger.at_most(0).await;
        }
        until_empty(&sites).await;
    });
    if settled.await.is_err() {
        for site in &sites {
            let left = site.queue.messages().await;
            problems.push(format!(
                "{}: after {} s there are still messages: {left:?} (visible, invisible, delayed)",
                site.name,
                SETTLING_DOWN.as_secs()
            ));
        }
    }
    let is_stuck = !problems.is_empty();
    for (site, consuming) in sites.iter().zip(consuming) {
        problems.extend(end(site, consuming).await);
        if is_stuck {
            ask_directly(site).await;
        }
    }
    tell(&proxy, &mut problems, half_way, at_end);
    if problems.is_empty() {
        for site in sites {
            if let Some(site) = Arc::into_inner(site) {
                site.queue.delete().await;
            }
        }
    }
    problems
}

/// Prints what the server hands out to a client that is neither plugin nor behind the proxy: where
/// that is nothing of what it calls visible, nobody else could have it either.
async fn ask_directly(site: &Site) {
    let before = site.queue.messages().await;
    let input = serde_json::json!({
        "QueueUrl": site.queue.url,
        "MaxNumberOfMessages": 10,
        "WaitTimeSeconds": 5,
    });
    let answer = site.queue.service.call("ReceiveMessage", &input).await;
    let count = answer.map(|answer| answer["Messages"].as_array().map_or(0, Vec::len));
    println!(
        "soak: {}: of {before:?} the server itself hands out {count:?}",
        site.name
    );
}

async fn site(
    name: &'static str,
    queue: Queue,
    service: &Service,
    seed: u64,
    visibility_seconds: u32,
) -> Arc<Site> {
    let patience = PATIENCE.as_millis().to_string();
    let client = Client::open(service, &[("request-timeout-ms", &patience)]).await;
    Arc::new(Site {
        name,
        queue,
        connection: client.connection().clone(),
        ledger: Arc::new(Ledger::new(seed)),
        visibility_seconds,
    })
}

/// Ends when the server says that nothing is left in any queue: nobody tells that by itself.
async fn until_empty(sites: &[Arc<Site>]) {
    let mut looks = interval(Duration::from_millis(500));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for site in sites {
        while site.queue.messages().await != [0; 3] {
            looks.tick().await;
        }
    }
}

/// Stops a consumer, prints what it and the ledger say, and gives what must not be.
async fn end(site: &Site, consuming: Consuming) -> Vec<String> {
    consuming.control.stop();
    let figures = match timeout(Duration::from_secs(20), consuming.task).await {
        Ok(Ok(Ok(figures))) => figures,
        Ok(Ok(Err(error))) => return vec![format!("{}: the consumer ended: {error}", site.name)],
        Ok(Err(error)) => return vec![format!("{}: the consumer crashed: {error}", site.name)],
        Err(_) => return vec![format!("{}: the consumer does not stop", site.name)],
    };
    let balance = site
        .ledger
        .balance(figures.settlements_lost + figures.leases_lost);
    let metrics = site.connection.metrics();
    let Balance {
        sent,
        may_be_duplicated,
        failed_and_came,
        deliveries,
        sent_twice,
        handled_again,
        out_of_order,
        ..
    } = &balance;
    let failed: u64 = balance.failed.values().sum();
    println!(
        "soak: {}: sent {sent} failed {failed} {:?} may-be-duplicated {may_be_duplicated}",
        site.name, balance.failed
    );
    println!(
        "soak: {}: {figures} renewed {} in handlers {deliveries}",
        site.name, figures.renewed
    );
    println!(
        "soak: {}: sent twice {sent_twice} handled again {handled_again} failed but came \
         {failed_and_came} out of order {out_of_order} requests {}",
        site.name, metrics.requests
    );
    let broken = [
        ("traps", metrics.traps),
        ("calls without an end", metrics.timeouts),
        ("calls without memory", metrics.memory_exceeded),
        ("requests denied", metrics.denied),
        ("malformed deliveries", figures.malformed),
        ("abandoned handlers", figures.handlers_abandoned),
        ("lost listeners", figures.reconnects),
    ];
    let broken = broken.into_iter().filter(|(_, count)| *count > 0);
    let broken = broken.map(|(what, count)| format!("{count} {what}"));
    broken
        .chain(balance.problems.iter().cloned())
        .map(|problem| format!("{}: {problem}", site.name))
        .collect()
}

/// Prints what the network did and what memory it took; adds what is too much.
fn tell(proxy: &Proxy, problems: &mut Vec<String>, half_way: Option<u64>, at_end: Option<u64>) {
    let faults: Vec<_> = proxy.faults().collect();
    let sum: u64 = faults.iter().map(|(_, count)| count).sum();
    let by_kind: Vec<_> = faults
        .iter()
        .map(|(fault, count)| format!("{fault:?} {count}"))
        .collect();
    println!(
        "soak: {sum} faults in {} requests: {}",
        proxy.requests(),
        by_kind.join(", ")
    );
    let (Some(half_way), Some(at_end), Some(peak)) = (half_way, at_end, memory::peak()) else {
        println!("soak: this system does not say what memory a process takes");
        return;
    };
    println!("soak: {half_way} MiB half-way, {at_end} MiB at the end, {peak} MiB at most");
    if peak > MEMORY {
        problems.push(format!("{peak} MiB is more than {MEMORY}"));
    }
    if at_end > half_way + GROWTH {
        problems.push(format!("memory grew from {half_way} to {at_end} MiB"));
    }
}
