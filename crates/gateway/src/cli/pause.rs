//! `bursar pause` and `bursar resume`

use clap::Args;
use serde_json::json;

use super::answer::Answer;
use super::desk::Desk;
use super::failure::Failure;
use super::table::{harmless, table};
use super::time::{parse_span, utc};
use crate::clock;
use crate::operator::pauses::{PauseLine, PauseOrder, Scope};

#[derive(Debug, Args)]
pub(super) struct PauseArgs {
    /// chain:60, coin:60@60, wallet:1 or project:7.
    #[arg(value_parser = scope, requires = "reason")]
    scope: Option<Scope>,
    /// Why, for the people who read it later.
    #[arg(long)]
    reason: Option<String>,
    /// For how long, such as 2h; it ends by itself.
    #[arg(long = "for", value_name = "SPAN", default_value = "1h", value_parser = parse_span)]
    span: i64,
}

fn scope(text: &str) -> Result<Scope, String> {
    let rule = || "a scope is chain:60, coin:60@60, wallet:1 or project:7".to_owned();
    let (kind, subject) = text.split_once(':').ok_or_else(rule)?;
    let found = match kind {
        "chain" => subject.parse().ok().map(Scope::Chain),
        "coin" => subject.parse().ok().map(Scope::Coin),
        "wallet" => subject.parse().ok().map(Scope::Wallet),
        "project" => subject.parse().ok().map(Scope::Project),
        _ => None,
    };
    found.ok_or_else(rule)
}

fn words(scope: &Scope) -> String {
    match scope {
        Scope::Chain(id) => format!("chain:{id}"),
        Scope::Coin(id) => format!("coin:{id}"),
        Scope::Wallet(id) => format!("wallet:{id}"),
        Scope::Project(id) => format!("project:{id}"),
    }
}

pub(super) async fn pause(desk: &Desk, args: PauseArgs) -> Result<Answer, Failure> {
    let client = desk.client()?;
    let Some(scope) = args.scope else {
        let lines = client.pauses().await?;
        return Answer::new(list(&lines), &lines);
    };
    let order =
        PauseOrder { scope, reason: args.reason.unwrap_or_default(), until: clock::now().plus(args.span) };
    let line = client.pause(&order).await?;
    Answer::new(
        format!(
            "{} is paused until {}; end it early with `bursar resume {}`\n",
            words(&line.scope),
            utc(line.until),
            line.id
        ),
        &line,
    )
}

pub(super) async fn resume(desk: &Desk, id: i64) -> Result<Answer, Failure> {
    desk.client()?.resume(id).await?;
    Answer::new(format!("pause {id} is ended\n"), &json!({ "ended": id }))
}

fn list(lines: &[PauseLine]) -> String {
    if lines.is_empty() {
        return "nothing is paused\n".to_owned();
    }
    let rows: Vec<_> = lines
        .iter()
        .map(|line| {
            [
                line.id.to_string(),
                words(&line.scope),
                utc(line.until),
                line.by.to_string(),
                harmless(&line.reason),
            ]
        })
        .collect();
    table(["PAUSE", "SCOPE", "UNTIL", "BY", "REASON"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reads_as_it_is_written() {
        for text in ["chain:60", "coin:60@60", "wallet:1", "project:7"] {
            assert_eq!(words(&scope(text).unwrap()), text);
        }
        for wrong in ["", "60", "chain:", "wallet:0", "token:1", "coin:60"] {
            assert!(scope(wrong).is_err(), "{wrong}");
        }
    }
}
