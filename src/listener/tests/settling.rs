//! What becomes of messages: settled, removed, given back.

use super::*;

#[test]
fn messages_that_do_not_match_are_kept_back_and_settled_as_asked() {
    for (unmatched, action) in [
        ("leave", None),
        ("accept", Some("DeleteMessage")),
        ("retry", Some("ChangeMessageVisibility")),
    ] {
        let script = Script::new(|seen| match &*seen.action {
            "ReceiveMessage" => {
                let messages = [message(1, "{\"n\":1}", None), message(2, "{\"n\":2}", None)];
                reply(200, json!({ "Messages": messages }).to_string())
            }
            _ => reply(200, "{}"),
        });
        let settings = [
            ("visibility-timeout-seconds", "30"),
            ("filter", "body.n > 1"),
            ("unmatched", unmatched),
            ("unmatched-retry-seconds", "44"),
        ];
        let deliveries = script
            .run(listen(&script, QUEUE, &settings).next())
            .unwrap();
        assert_eq!(deliveries.len(), 1, "{unmatched}");
        let seen = script.seen();
        assert_eq!(seen.get(1).map(|seen| &*seen.action), action);
        if let Some(seen) = seen.get(1) {
            assert_eq!(handles(seen), ["handle-1"]);
            let timeout = (unmatched == "retry").then_some(44);
            assert_eq!(
                seen.body.get("VisibilityTimeout").and_then(Json::as_i64),
                timeout
            );
        }
    }
}

#[test]
fn on_receive_hands_over_only_what_it_has_removed() {
    let script = Script::new(|seen| match &*seen.action {
        "ReceiveMessage" => messages([1, 2]),
        _ => reply(
            200,
            r#"{"Successful":[{"Id":"0"}],"Failed":[{"Id":"1","Code":"ReceiptHandleIsInvalid","SenderFault":true}]}"#,
        ),
    });
    let settings = [
        ("visibility-timeout-seconds", "30"),
        ("commit", "on-receive"),
    ];
    let listener = listen(&script, QUEUE, &settings);
    assert_eq!(listener.commit(), CommitMode::OnReceive);
    let deliveries = script.run(listener.next()).unwrap();
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0].lease_ends_ms, 0);
    assert!(
        script.run(listener.next()).is_err(),
        "the other one is told"
    );
    let settle = |disposition| {
        let token = deliveries[0].token.clone();
        let settlements = vec![Settlement { token, disposition }];
        let settled = script
            .run(listener.session.settle(QUEUE, settlements))
            .unwrap();
        settled[0].outcome.is_ok()
    };
    let before = script.seen().len();
    assert!(settle(Disposition::Accept));
    assert!(!settle(Disposition::Retry(0)));
    assert!(!settle(Disposition::Extend(9)));
    assert_eq!(script.seen().len(), before, "nothing is sent for it");
}

#[test]
fn stop_gives_back_what_was_not_handed_over_and_what_polls_under_way_still_bring() {
    let number = Cell::new(0);
    let script = Script::new(move |seen| {
        if seen.action != "ReceiveMessage" {
            return done(seen);
        }
        number.set(number.get() + 1);
        match number.get() {
            1 => messages([1, 2, 3]).after(seconds(1)),
            2 => messages([4, 5]).after(seconds(9)),
            _ => messages([9]),
        }
    });
    let settings = [
        ("visibility-timeout-seconds", "30"),
        ("receives-in-flight", "2"),
    ];
    let listener = listen(&script, FIFO, &settings);
    assert_eq!(script.run(listener.next()).unwrap().len(), 3);
    script.run(listener.stop()).unwrap();
    let seen = script.seen();
    let last = seen.last().unwrap();
    assert_eq!(
        handles(last),
        ["handle-5", "handle-4"],
        "the last one first"
    );
    for entry in 0..2 {
        assert_eq!(
            last.body["Entries"][entry]["VisibilityTimeout"], 1,
            "together"
        );
    }
    let requests = seen.len();
    assert!(script.run(listener.next()).unwrap().is_empty());
    assert_eq!(script.seen().len(), requests, "nothing is sent any more");
}

#[test]
fn settlements_of_all_kinds_go_in_batches_and_fail_one_by_one() {
    let script = Script::new(|seen| match &*seen.action {
        "ReceiveMessage" => messages([1, 2, 3, 4]),
        "DeleteMessageBatch" => reply(
            200,
            r#"{"Successful":[{"Id":"0"}],"Failed":[{"Id":"1","Code":"InvalidParameterValue","Message":"Value handle-2 for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.","SenderFault":true}]}"#,
        ),
        _ => done(seen),
    });
    let listener = plain(&script, QUEUE);
    let deliveries = script.run(listener.next()).unwrap();
    let settlement = |number: usize, disposition| Settlement {
        token: deliveries[number].token.clone(),
        disposition,
    };
    let settlements = vec![
        settlement(0, Disposition::Accept),
        settlement(2, Disposition::Retry(7)),
        Settlement {
            token: "no token".to_owned(),
            disposition: Disposition::Accept,
        },
        settlement(1, Disposition::Accept),
        settlement(3, Disposition::Extend(60)),
        settlement(3, Disposition::Extend(43_201)),
    ];
    let settled = script
        .run(listener.session.settle(QUEUE, settlements))
        .unwrap();
    let good: Vec<bool> = settled.iter().map(|s| s.outcome.is_ok()).collect();
    assert_eq!(good, [true, true, false, false, true, false]);
    assert_eq!(settled[3].token, deliveries[1].token);
    let Err(Error::Rejected(fault)) = &settled[3].outcome else {
        panic!("{:?}", settled[3].outcome);
    };
    assert!(
        fault.message.starts_with("the lease is over"),
        "{}",
        fault.message
    );
    assert!(!fault.message.contains("handle-2"), "{}", fault.message);
    let Err(Error::InvalidDocument(problems)) = &settled[5].outcome else {
        panic!("{:?}", settled[5].outcome);
    };
    assert!(problems[0].message.contains("twelve hours"));
    let changes = script
        .seen()
        .into_iter()
        .find(|s| s.action == "ChangeMessageVisibilityBatch");
    let entries = changes.unwrap().body["Entries"].clone();
    assert_eq!(entries[0]["VisibilityTimeout"], 7);
    assert_eq!(entries[1]["VisibilityTimeout"], 60);
}

#[test]
fn a_throttled_settlement_is_tried_again_and_a_lost_lease_is_not() {
    let number = Cell::new(0);
    let script = Script::new(move |seen| match &*seen.action {
        "ReceiveMessage" => messages([1, 2]),
        _ if number.replace(number.get() + 1) > 0 => done(seen),
        _ => reply(
            200,
            r#"{"Failed":[{"Id":"0","Code":"RequestThrottled","SenderFault":true},{"Id":"1","Code":"AWS.SimpleQueueService.MessageNotInflight","SenderFault":true}]}"#,
        ),
    });
    let listener = plain(&script, QUEUE);
    let deliveries = script.run(listener.next()).unwrap();
    let settlements = deliveries
        .iter()
        .map(|delivery| Settlement {
            token: delivery.token.clone(),
            disposition: Disposition::Extend(60),
        })
        .collect();
    let settled = script
        .run(listener.session.settle(QUEUE, settlements))
        .unwrap();
    assert!(settled[0].outcome.is_ok());
    assert!(matches!(&settled[1].outcome, Err(Error::Conflict(fault))
        if fault.message.starts_with("the message is no longer in flight")));
    assert_eq!(script.seen().len(), 3);
}

#[test]
fn every_problem_of_the_settings_and_the_object_is_told_at_once() {
    let script = Script::new(|_| reply(200, "{}"));
    let settings = [
        ("wait-time-seconds", "21"),
        ("filter", "attribute.a ~ 1"),
        ("commit", "sometimes"),
        ("return-errors-as-documents", "true"),
    ];
    let settings = settings.map(|(name, text)| Property::text(name, text));
    let result = Listener::open(session(&script), "", settings.to_vec());
    let Err(Error::InvalidSettings(problems)) = result else {
        panic!("it was opened");
    };
    let mut fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "commit",
            "filter",
            "object",
            "return-errors-as-documents",
            "wait-time-seconds"
        ]
    );
    let settled = script.run(session(&script).settle("dynamic", Vec::new()));
    assert!(matches!(settled, Err(Error::InvalidSettings(_))));
    assert!(script.seen().is_empty());
}
