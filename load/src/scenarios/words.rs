//! What people say to each other, beside chat: requests stored per second of the server's
//! processor time, as a part of what it stores of chat.

use super::growth::Client;
use crate::{
    row::{Goal, Row},
    target::{self, Canvas, Person, Target},
};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::time::Instant;
use uuid::Uuid;

/// Tiles in each direction. A tile takes 1,000 comments, so all take those of twelve rounds.
const SIDE: usize = 16;
/// Tiles that are liked and commented on.
const TILES: usize = SIDE * SIDE;

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Traffic {
    /// Likes of another user's tiles, and their withdrawal
    Likes,
    /// Chat messages that mention a user who is away
    Mentions,
    /// Comments on another user's tiles
    Comments,
    /// Private messages to a user who is away
    Private,
}

/// Options of the scenario.
#[derive(Args)]
pub(crate) struct Words {
    /// What is compared with chat
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "likes,mentions,comments,private"
    )]
    traffic: Vec<Traffic>,
    /// Requests of each kind in a round
    #[arg(long, default_value_t = 20_000)]
    requests: usize,
    /// Number of rounds
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The part of chat's number to reach
    #[arg(long, default_value_t = 0.1)]
    goal: f64,
}

/// The people of the scenario. The owner started the tiles and is away.
struct People {
    owner: Person,
    owner_name: String,
    writer: Person,
    canvas: Canvas,
}

/// Runs the scenario.
pub(crate) fn run(target: &Target, options: &Words) -> Result<Vec<Row>> {
    let people = People::prepare(target)?;
    let is_private = options.traffic.contains(&Traffic::Private);
    let conversation = is_private
        .then(|| people.conversation(target))
        .transpose()?;
    let mut client = Client::join_canvas(target, &people.canvas, &people.writer)?;
    let mut ratios = vec![Vec::new(); options.traffic.len()];
    let mut rates = vec![Vec::new(); options.traffic.len()];
    for round in 0..options.rounds {
        let chat = measure(target, &mut client, options.requests, |_| {
            target::sample_chat()
        })?;
        for (index, traffic) in options.traffic.iter().enumerate() {
            let stored = measure(target, &mut client, options.requests, |number| {
                traffic.request(&people, conversation, round, number)
            })?;
            ratios[index].push(stored.by_processor / chat.by_processor);
            rates[index].push(stored.by_time / chat.by_time);
        }
    }
    let rows = options.traffic.iter().zip(ratios).zip(rates);
    let rows = rows.map(|((traffic, ratios), rates)| {
        let goal = Goal::AtLeast(options.goal);
        let row = Row::new(traffic.figure(), "of chat's", goal, ratios);
        row.detail(format!(
            "per second of processor time; per second {:.2} of chat's",
            crate::row::median(&rates)
        ))
    });
    Ok(rows.collect())
}

impl Traffic {
    fn figure(self) -> &'static str {
        match self {
            Self::Likes => "likes of others' tiles",
            Self::Mentions => "chat with a mention of a user who is away",
            Self::Comments => "comments",
            Self::Private => "private messages",
        }
    }

    fn request(
        self,
        people: &People,
        conversation: Option<i64>,
        round: usize,
        number: usize,
    ) -> Vec<u8> {
        let op_id = Uuid::new_v4();
        let (x, y) = (number % SIDE, number / SIDE % SIDE);
        target::request(&match self {
            // Every tile by turns: the first time round it is liked, the second it no longer is.
            Self::Likes => json!({
                "type": "tile_like", "x": x, "y": y, "op_id": op_id,
                "liked": (number / TILES + round).is_multiple_of(2)
            }),
            Self::Mentions => json!({
                "type": "canvas_chat", "op_id": op_id,
                "text": format!("@{} stellar stellar stellar stellar stellar", people.owner_name)
            }),
            Self::Comments => json!({
                "type": "comment_create", "x": x, "y": y, "op_id": op_id,
                "text": "stellar stellar stellar stellar stellar stellar stellar"
            }),
            Self::Private => json!({
                "type": "direct_message_send", "conversation_id": conversation, "op_id": op_id,
                "text": "stellar stellar stellar stellar stellar stellar stellar"
            }),
        })
    }
}

impl People {
    fn prepare(target: &Target) -> Result<Self> {
        let mut people = target.people(2)?;
        let (Some(writer), Some(owner)) = (people.pop(), people.pop()) else {
            bail!("nobody writes");
        };
        let canvas = target.canvas(&owner, 16)?;
        Client::join_canvas(target, &canvas, &owner)?.send_all(TILES, |number| {
            let (x, y) = (number % SIDE, number / SIDE);
            target::request(&json!({ "type": "tile_create", "x": x, "y": y }))
        })?;
        let owner_name = name(target, &owner)?;
        Ok(Self {
            owner,
            owner_name,
            writer,
            canvas,
        })
    }

    /// A conversation in which both may write.
    fn conversation(&self, target: &Target) -> Result<i64> {
        let with = json!({ "username": name(target, &self.writer)? });
        let begun = target.act("/conversations", &self.owner, &with)?;
        let id = begun["id"].as_i64().context("a conversation has no id")?;
        let path = format!("/conversations/{id}/messages");
        for person in [&self.owner, &self.writer] {
            target.act(&path, person, &json!({ "text": "Hello" }))?;
        }
        Ok(id)
    }
}

/// What was stored.
struct Stored {
    /// Requests per second of the server's processor time.
    by_processor: f64,
    /// Requests per second.
    by_time: f64,
}

fn measure(
    target: &Target,
    client: &mut Client<'_>,
    count: usize,
    request: impl Fn(usize) -> Vec<u8>,
) -> Result<Stored> {
    let before = target.processor_time()?;
    let begun = Instant::now();
    client.send_all(count, request)?;
    let time = begun.elapsed().as_secs_f64();
    let used = target.processor_time()?.saturating_sub(before);
    Ok(Stored {
        by_processor: count as f64 / used.as_secs_f64(),
        by_time: count as f64 / time,
    })
}

fn name(target: &Target, person: &Person) -> Result<String> {
    let user = target.get("/users/me", person)?;
    let name = user["username"].as_str().context("a user has no name")?;
    Ok(name.to_owned())
}
