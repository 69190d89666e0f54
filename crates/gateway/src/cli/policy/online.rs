//! `policy show`, `propose`, `vote`, `publish`: versions and their signatures, each read against one's own genesis.

use std::path::Path;

use payout::ids::Digest;
use payout::policy::file::{write_book, write_people, write_rules};
use payout::policy::{ChainName, Document, Policy, SignedVersion};
use serde_json::json;

use super::chain::ChainWord;
use super::offline::{read_book, read_people, read_rules};
use super::short;
use crate::cli::answer::Answer;
use crate::cli::desk::{Consent, Desk, confirm};
use crate::cli::diff::diff;
use crate::cli::failure::Failure;
use crate::cli::intent::beginning;
use crate::cli::table::{harmless, table};
use crate::cli::trust::Trusted;
use crate::client::OperatorClient;
use crate::operator::proposals::ProposalSheet;

/// `policy show`
pub(super) async fn show(desk: &Desk, chain: Option<ChainWord>) -> Result<Answer, Failure> {
    let (_, Trusted { genesis, policy, .. }) = desk.trusted().await?;
    let heads = policy.heads();
    let chains = match chain {
        Some(word) => vec![ChainName::from(word)],
        None => vec![ChainName::Rules, ChainName::People, ChainName::Book],
    };
    let mut text = format!("# {} ({})\n", harmless(&genesis.name), policy.deployment());
    let mut value = serde_json::Map::new();
    for chain in chains {
        let head = heads.of(chain);
        let document = newest(&policy, chain);
        text.push_str(&format!("\n# ---- {chain}, version {} ({})\n\n", head.version, short(&head.digest)));
        text.push_str(&file_of(&document));
        value.insert(
            chain.to_string(),
            json!({ "version": head.version, "digest": head.digest, "document": document.to_text() }),
        );
    }
    Answer::new(text, &value)
}

/// `policy show --proposals`
pub(super) async fn proposals(desk: &Desk) -> Result<Answer, Failure> {
    let sheets = desk.client()?.proposals().await?;
    if sheets.is_empty() {
        return Answer::new("no proposals\n", &sheets);
    }
    let row = |sheet: &ProposalSheet| {
        let given: Vec<&str> = sheet.given.iter().map(|id| id.as_str()).collect();
        [
            short(&sheet.digest),
            sheet.version.chain.to_string(),
            sheet.version.version.to_string(),
            format!("{}/{}", sheet.given.len(), sheet.needed),
            given.join(","),
            if sheet.ready { "yes".to_owned() } else { "no".to_owned() },
        ]
    };
    let rows: Vec<_> = sheets.iter().map(row).collect();
    let mut text = table(["PROPOSAL", "CHAIN", "VERSION", "SIGNED", "BY", "READY"], &rows);
    for sheet in &sheets {
        for finding in &sheet.findings {
            text.push_str(&format!("{}: {}\n", short(&sheet.digest), harmless(finding)));
        }
    }
    Answer::new(text, &sheets)
}

/// `policy propose`
pub(super) async fn propose(
    desk: &Desk,
    chain: ChainWord,
    path: &Path,
    yes: bool,
) -> Result<Answer, Failure> {
    let (client, trusted) = desk.trusted().await?;
    let policy = &trusted.policy;
    let document = match chain {
        ChainWord::Rules => Document::Rules(read_rules(path)?.document),
        ChainWord::People => Document::People(read_people(path)?.document),
        ChainWord::Book => Document::Book(read_book(path, policy.newest_rules(), policy.book())?.document),
    };
    offer(&client, policy, &document, Consent::of(yes)).await
}

/// Shows what a document would change, signs it as the next version, and proposes it.
pub(in crate::cli) async fn offer(
    client: &OperatorClient,
    policy: &Policy,
    document: &Document,
    consent: Consent,
) -> Result<Answer, Failure> {
    let mut version = policy.draft(document);
    policy.examine(&version).map_err(|error| Failure::refused(error.to_string()))?;
    let digest = version.digest();
    let changes = changes(policy, document);
    if changes.is_empty() {
        return Err(Failure::refused("this is the newest version already: nothing changes"));
    }
    let question = format!("{changes}\n{}", lines_of(&version, &digest, &remarks(policy, document)));
    confirm(consent, &question, "the first 8 digits of the digest", &beginning(&digest))?;
    version.sign(client.key(), client.principal().clone());
    let sheet = client.propose(&version).await?;
    after_signing(&sheet)
}

/// `policy vote`
pub(super) async fn vote(desk: &Desk, proposal: &str, yes: bool) -> Result<Answer, Failure> {
    let (client, trusted) = desk.trusted().await?;
    let policy = &trusted.policy;
    let sheet = find(&client, proposal).await?;
    let digest = sheet.version.digest();
    if digest != sheet.digest {
        return Err(
            Failure::refused("the gateway's proposal has another digest than it says").next("sign nothing")
        );
    }
    let document = policy.examine(&sheet.version).map_err(|error| Failure::refused(error.to_string()))?;
    let question = format!(
        "{}\n{}",
        changes(policy, &document),
        lines_of(&sheet.version, &digest, &remarks(policy, &document))
    );
    confirm(Consent::of(yes), &question, "the first 8 digits of the digest", &beginning(&digest))?;
    after_signing(&client.vote(digest).await?)
}

/// `policy publish`
pub(super) async fn publish(desk: &Desk, proposal: &str) -> Result<Answer, Failure> {
    let client = desk.client()?;
    let digest = find(&client, proposal).await?.digest;
    let published = client.publish(digest).await?;
    Answer::new(format!("version {} of the {} is in force\n", published.version, published.chain), &published)
}

/// `policy drop`
pub(super) async fn drop(desk: &Desk, proposal: &str) -> Result<Answer, Failure> {
    let client = desk.client()?;
    let digest = find(&client, proposal).await?.digest;
    client.drop_proposal(digest).await?;
    Answer::new(format!("proposal {} is dropped\n", short(&digest)), &json!({ "dropped": digest }))
}

/// The proposal whose digest begins so.
async fn find(client: &OperatorClient, beginning: &str) -> Result<ProposalSheet, Failure> {
    if let Ok(digest) = beginning.parse::<Digest>() {
        return Ok(client.proposal(digest).await?);
    }
    let mut fits: Vec<ProposalSheet> = client.proposals().await?;
    fits.retain(|sheet| beginning.len() >= 4 && sheet.digest.to_string().starts_with(beginning));
    match (fits.pop(), fits.is_empty()) {
        (Some(sheet), true) => Ok(sheet),
        (Some(_), false) => Err(Failure::usage(format!("several proposals begin with {beginning}"))),
        (None, _) => Err(Failure::refused(format!("no proposal begins with {beginning}"))
            .next("look at `bursar policy show --proposals`")),
    }
}

fn after_signing(sheet: &ProposalSheet) -> Result<Answer, Failure> {
    let beginning = short(&sheet.digest);
    let next = if sheet.ready {
        format!("it has its signatures; put it in force with `bursar policy publish {beginning}`")
    } else {
        let missing = usize::from(sheet.needed).saturating_sub(sheet.given.len());
        format!("{missing} more signatures are needed: `bursar policy vote {beginning}`")
    };
    let text = format!(
        "{} version {} is proposed as {beginning}\n{next}\n",
        sheet.version.chain, sheet.version.version
    );
    Answer::new(text, sheet)
}

/// What a signer reads under the changes.
fn lines_of(version: &SignedVersion, digest: &Digest, remarks: &[String]) -> String {
    let mut text = format!("You are about to sign version {} of the {}.\n", version.version, version.chain);
    for remark in remarks {
        text.push_str(&format!("  {}\n", harmless(remark)));
    }
    text.push_str(&format!("  digest  {digest}"));
    text
}

fn remarks(policy: &Policy, document: &Document) -> Vec<String> {
    policy.findings_with(document).iter().map(ToString::to_string).collect()
}

/// What differs between the newest version and this document, as files.
fn changes(policy: &Policy, document: &Document) -> String {
    let lines = diff(&file_of(&newest(policy, document.chain())), &file_of(document));
    lines.lines().map(|line| format!("{}\n", harmless(line))).collect()
}

fn newest(policy: &Policy, chain: ChainName) -> Document {
    match chain {
        ChainName::Rules => Document::Rules(policy.newest_rules().clone()),
        ChainName::People => Document::People(policy.people().clone()),
        ChainName::Book => Document::Book(policy.book().clone()),
    }
}

fn file_of(document: &Document) -> String {
    match document {
        Document::Rules(rules) => write_rules(rules),
        Document::People(people) => write_people(people),
        Document::Book(book) => write_book(book),
    }
}
