//! A defect in the part that everything hangs on.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use testbed::crash::caller::Road;
use testbed::crash::proof;
use testbed::crash::rig::{PATIENCE, Rig, plan};
use testbed::deployment::GATEWAY;

#[tokio::test]
async fn a_gateway_whose_database_writer_panics_ends_and_goes_on_at_its_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::start(plan(2, 3), folder.path()).await.unwrap();
    // In the middle of the writer's transaction.
    rig.arm("panic at token taken").unwrap();
    let (caller, wanted) = (rig.caller().unwrap(), rig.wanted(Road::Automatic));
    let payout = caller.pay(wanted).await.unwrap();
    let start = Instant::now();
    let status = loop {
        if let Some(status) = rig.stage.deployment.gateway().unwrap().ended() {
            break status;
        }
        assert!(start.elapsed() < PATIENCE, "it goes on without a database:\n{}", rig.logs());
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    // Whoever watches over it starts it again when it ends with an error.
    assert_eq!((status.code(), status.signal()), (Some(1), None));
    let log = std::fs::read_to_string(rig.stage.deployment.folder().log(GATEWAY)).unwrap();
    assert!(log.contains("the database's writer has failed"), "{log}");

    rig.stage.deployment.start_gateway().await.unwrap();
    let done = async |rig: &mut Rig| {
        let done = caller.is_done(&rig.stage, payout.cid, &[6]).await?;
        Ok(done.then_some(()))
    };
    rig.until("the end of the payout", done).await.unwrap();
    proof::paid_once(&rig.stage, &caller, &payout).await.unwrap();
    proof::no_other_transaction(&rig.stage, 1).await.unwrap();
}
