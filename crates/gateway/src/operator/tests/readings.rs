//! What monitoring reads without a signature.

use super::house::House;

#[tokio::test]
async fn the_status_says_that_nobody_is_there_to_sign() {
    let house = House::new().await;
    house.accept().await;
    let status = house.client("vera").status().await.unwrap();
    assert_eq!((status.threshold, status.can_sign), (2, false));
    assert_eq!(status.cosigners.len(), 3);
    assert!(status.cosigners.iter().all(|line| line.condition == "absent"));
    assert_eq!(status.queue.iter().map(|line| line.count).sum::<u64>(), 1);
    assert!(status.oldest_ms.is_some());
    assert!(status.chains[0].nodes.is_empty());
}

#[tokio::test]
async fn metrics_are_one_openmetrics_text_with_counters_and_gauges() {
    let house = House::new().await;
    house.accept().await;
    let text = reqwest::get(format!("http://{}/metrics", house.address)).await.unwrap().text().await.unwrap();
    assert!(text.ends_with("# EOF\n"));
    assert_eq!(text.matches("# EOF").count(), 1);
    assert!(text.contains("bursar_payouts{status=\"0\",step=\"approve\"} 1\n"), "{text}");
    assert!(text.contains("bursar_cosigner_ready{cosigner=\"co-1\"} 0\n"), "{text}");
    let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let mut once = names.clone();
    once.dedup();
    assert_eq!(names, once, "each metric is declared once");
}

#[tokio::test]
async fn ready_means_that_a_row_can_be_stored() {
    let house = House::new().await;
    let ready = || async { reqwest::get(format!("http://{}/readyz", house.address)).await.unwrap().status() };
    assert_eq!(ready().await, 200);
    house.gateway.store.close().await;
    assert_eq!(ready().await, 503);
}
