//! Databases after a loss of power: what was written since the last sync is there in part, or not at all.

use std::path::Path;
use std::sync::Arc;

use cosigner::journal::{Journal, JournalError, Settings};
use payout::ids::{Digest, WalletId};
use payout::key::SecretKey;
use payout::policy::{GatewaySeat, Roster, Seat};
use payout::time::Millis;
use store::{PayoutFilter, Store};
use testbed::crash::caller::{Payout, Road};
use testbed::crash::rig::{Rig, plan};
use testbed::crash::tear::{last_transaction, mixed};
use testbed::crash::{CrashError, proof};
use testbed::dice::Dice;

/// As many torn files as a test looks at.
const TORN: u32 = 60;

/// The settings of the first of three co-signers whose journal lies in `folder`.
fn settings(folder: &Path) -> Settings {
    let key = |seed: u8| SecretKey::from_seed(&[seed; 32]);
    let seat = |index: u8| Seat { index, name: format!("c{index}"), key: key(index).public() };
    Settings {
        path: folder.join("journal"),
        counter: folder.join("counter"),
        me: 1,
        key: Arc::new(key(1)),
        deployment: Digest::from_bytes([7; 32]),
        roster: Roster {
            threshold: 2,
            cosigners: (1..=3).map(seat).collect(),
            gateways: vec![GatewaySeat { name: "g".to_owned(), key: key(9).public() }],
        },
    }
}

/// Writes one entry, durably.
async fn write(journal: &Journal, number: u32) {
    let (wallet, at) = (WalletId::new(5).unwrap(), Millis::new(1_764_000_000_000).unwrap());
    // Of different sizes, so that pages are split, freed and used again.
    let reason = "x".repeat(usize::try_from(number * 37 % 700).unwrap());
    journal.ban(wallet, number, 2, reason, at).await.unwrap();
}

#[tokio::test]
async fn a_journal_whose_last_commit_was_torn_has_it_or_has_it_not() {
    let folder = tempfile::tempdir().unwrap();
    let held = settings(folder.path());
    let mut dice = Dice::new(20_261_125);
    let journal = Journal::create(held.clone()).unwrap();
    let mut found = [0; 2];
    for number in 1..=TORN {
        let synced = std::fs::read(&held.path).unwrap();
        // The counter is written after the journal: at the crash it still has the entry before.
        let counter = std::fs::read(&held.counter).unwrap();
        let before = journal.own_seq();
        write(&journal, number).await;
        let written = std::fs::read(&held.path).unwrap();

        let torn = tempfile::tempdir().unwrap();
        let copy = settings(torn.path());
        std::fs::write(&copy.path, mixed(&synced, &written, &mut dice)).unwrap();
        std::fs::write(&copy.counter, counter).unwrap();
        let reopened = Journal::open(copy).unwrap_or_else(|error| panic!("entry {number}: {error}"));
        let lost = before + 1 - reopened.own_seq();
        assert!(lost <= 1, "entry {number}: {lost} entries are gone");
        found[usize::try_from(lost).unwrap()] += 1;
        assert_eq!(reopened.quarantine(), None);
        // It goes on.
        write(&reopened, number).await;
    }
    println!("the torn entry was there {} times, and not there {} times", found[0], found[1]);
}

#[tokio::test]
async fn a_journal_that_lost_what_was_synced_is_refused_or_quarantined() {
    let folder = tempfile::tempdir().unwrap();
    let held = settings(folder.path());
    let mut dice = Dice::new(42);
    let journal = Journal::create(held.clone()).unwrap();
    for number in 1..40 {
        write(&journal, number).await;
    }
    let whole = std::fs::read(&held.path).unwrap();
    let counter = std::fs::read(&held.counter).unwrap();
    let (mut refused, mut doubted) = (0, 0);
    for _ in 0..TORN {
        let torn = tempfile::tempdir().unwrap();
        let copy = settings(torn.path());
        std::fs::write(&copy.path, &whole[..dice.index(whole.len())]).unwrap();
        std::fs::write(&copy.counter, &counter).unwrap();
        match Journal::open(copy) {
            // Only free pages were cut off, or it knows that it does not know.
            Ok(opened) if opened.quarantine().is_some() => doubted += 1,
            Ok(opened) => assert_eq!(opened.own_seq(), journal.own_seq()),
            Err(JournalError::Disk(error)) => {
                assert!(error.to_string().contains("journal"), "{error}");
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused + doubted > 0);
    println!("{refused} refused, {doubted} quarantined");
}

/// The write-ahead log beside a database.
fn log_of(database: &Path) -> std::path::PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    path.into()
}

/// The business numbers in a database.
async fn numbers_in(path: &Path) -> Vec<String> {
    let store = Store::open(path).await.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let filter = PayoutFilter { limit: 10_000, ..PayoutFilter::default() };
    let rows = store.list(filter).await.unwrap();
    store.close().await;
    rows.iter().map(|row| row.payout.intent.third_party_id.as_str().to_owned()).collect()
}

#[tokio::test]
async fn a_gateway_whose_last_commit_was_torn_pays_what_it_answered_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::asleep(plan(2, 3), folder.path()).await.unwrap();
    let mut dice = Dice::new(20_261_125);
    rig.stage.deployment.start().await.unwrap();
    let mut wanted = Vec::new();
    let mut answered = Vec::new();
    let mut cuts = 0;
    // Nobody signs meanwhile: what callers were answered is all that has left the house.
    for index in 1..=3 {
        rig.stage.deployment.kill_cosigner(index);
    }
    for _ in 0..4 {
        let (asked, got) = loaded_and_killed(&mut rig, &mut dice).await;
        wanted.extend(asked);
        answered.extend(got);
        cuts += torn(&rig, &answered, &mut dice, folder.path()).await;
        // The count of commits beside the database was not torn with it: it looks like an old copy, until the co-signers
        // have said that they know nothing more.
        for index in 1..=3 {
            rig.stage.deployment.launch_cosigner(index).unwrap();
        }
        rig.stage.deployment.start_gateway().await.unwrap();
        for index in 1..=3 {
            rig.stage.deployment.kill_cosigner(index);
        }
    }
    println!("{} of {} were answered; {cuts} torn logs were opened", answered.len(), wanted.len());
    assert!(cuts > 0, "no kill came in the middle of a commit");

    // The last torn log is the one that the gateway runs on. Who had no answer asks again.
    for index in 1..=3 {
        rig.stage.deployment.start_cosigner(index).await.unwrap();
    }
    rig.stage.deployment.fund(&rig.stage.from).await.unwrap();
    let caller = rig.caller().unwrap();
    let mut payouts = Vec::new();
    for one in wanted {
        let cid = caller.ask(&one.order).await.unwrap();
        payouts.push(Payout { wanted: one, cid });
    }
    let ended = async |rig: &mut Rig| {
        for payout in &payouts {
            if !caller.is_done(&rig.stage, payout.cid, &[6]).await? {
                return Ok(None);
            }
        }
        Ok(Some(()))
    };
    rig.until("the end of all payouts", ended).await.unwrap();
    for payout in &payouts {
        proof::paid_once(&rig.stage, &caller, payout).await.unwrap();
    }
    proof::no_other_transaction(&rig.stage, payouts.len()).await.unwrap();
}

/// Many callers ask at once; after a moment the gateway is killed. Gives what was asked for, and the numbers of those
/// that had an answer.
async fn loaded_and_killed(
    rig: &mut Rig,
    dice: &mut Dice,
) -> (Vec<testbed::crash::caller::Wanted>, Vec<String>) {
    let vendor = rig.stage.deployment.vendor().unwrap();
    let wanted: Vec<_> = (0..32).map(|_| rig.wanted(Road::Automatic)).collect();
    let asks = wanted.iter().map(|one| {
        let (vendor, order) = (vendor.clone(), one.order.clone());
        tokio::spawn(async move {
            let reply = vendor.payout(&order).await.ok()?;
            (reply.code == "00000").then_some(order.third_party_id)
        })
    });
    let asks: Vec<_> = asks.collect();
    tokio::time::sleep(std::time::Duration::from_millis(3 + dice.below(40))).await;
    rig.stage.deployment.kill_gateway();
    let mut answered = Vec::new();
    for ask in asks {
        answered.extend(ask.await.unwrap());
    }
    (wanted, answered)
}

/// Opens the database with its last transaction cut at many places, as far as nobody was answered after it; leaves the
/// last of them in place. Gives how many there were.
async fn torn(rig: &Rig, answered: &[String], dice: &mut Dice, folder: &Path) -> u32 {
    let database = rig.stage.deployment.folder().database();
    let (file, log) = (std::fs::read(&database).unwrap(), std::fs::read(log_of(&database)).unwrap());
    let last = last_transaction(&log);
    let mut left = None;
    let mut count = 0;
    for number in 0..12 {
        let mut cut = log[..last.start + dice.index(last.len() + 1)].to_vec();
        if dice.percent(50) {
            // The file has grown, and what stands there is anything.
            cut.extend((0..dice.below(9000)).map(|_| dice.next().to_le_bytes()[0]));
        }
        let path = folder.join(format!("torn-{number}.db"));
        std::fs::write(&path, &file).unwrap();
        std::fs::write(log_of(&path), &cut).unwrap();
        let numbers = numbers_in(&path).await;
        let lost = answered.iter().filter(|number| !numbers.contains(number)).count();
        for path in [path.clone(), log_of(&path)] {
            let _ = std::fs::remove_file(path);
        }
        if lost > 0 {
            // The last transaction had been answered, so it was synced: no loss of power tears it. If something else is
            // gone, the whole log lacks it too.
            let whole = folder.join("whole.db");
            std::fs::write(&whole, &file).unwrap();
            std::fs::write(log_of(&whole), &log).unwrap();
            let numbers = numbers_in(&whole).await;
            assert!(answered.iter().all(|number| numbers.contains(number)), "an answered payout is gone");
            for path in [whole.clone(), log_of(&whole)] {
                let _ = std::fs::remove_file(path);
            }
            break;
        }
        count += 1;
        left = Some(cut);
    }
    if let Some(cut) = left {
        std::fs::write(log_of(&database), cut).unwrap();
        // It belongs to the log that was there before.
        let mut shared = database.as_os_str().to_owned();
        shared.push("-shm");
        let _ = std::fs::remove_file(shared);
    }
    count
}

#[tokio::test]
async fn a_database_whose_log_was_being_folded_in_loses_nothing() -> Result<(), CrashError> {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::asleep(plan(2, 3), folder.path()).await?;
    let mut dice = Dice::new(7);
    rig.stage.deployment.start().await?;
    for index in 1..=3 {
        rig.stage.deployment.kill_cosigner(index);
    }
    let caller = rig.caller()?;
    let mut numbers = Vec::new();
    for _ in 0..20 {
        let wanted = rig.wanted(Road::Automatic);
        caller.ask(&wanted.order).await?;
        numbers.push(wanted.order.third_party_id);
    }
    rig.stage.deployment.kill_gateway();
    let database = rig.stage.deployment.folder().database();
    let (before, log) = (std::fs::read(&database).unwrap(), std::fs::read(log_of(&database)).unwrap());
    // A clean end folds the log into the file.
    Store::open(&database).await.unwrap().close().await;
    let after = std::fs::read(&database).unwrap();
    assert_ne!(before, after);
    for number in 0..TORN {
        let path = folder.path().join(format!("folding-{number}.db"));
        std::fs::write(&path, mixed(&before, &after, &mut dice)).unwrap();
        std::fs::write(log_of(&path), &log).unwrap();
        let found = numbers_in(&path).await;
        assert!(numbers.iter().all(|number| found.contains(number)), "a payout is gone");
        let _ = std::fs::remove_file(&path);
    }
    rig.stage.stop().await;
    Ok(())
}
