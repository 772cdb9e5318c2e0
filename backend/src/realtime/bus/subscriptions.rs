//! The channels that the link is subscribed to: first all that the subscriber
//! names, then each change in its order.

use super::{
    Channel, Subscriber,
    link_error::{LinkError, REDIS_TIMEOUT},
};
use redis::aio::PubSubSink;
use std::{iter, vec};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use uuid::Uuid;

/// Channels of one SUBSCRIBE or UNSUBSCRIBE.
const MAX_CHANNELS: usize = 512;

/// A channel to subscribe to or to unsubscribe from.
pub(super) enum SubscriptionChange {
    /// The sender is told when Redis has confirmed it.
    Subscribe(Channel, Option<oneshot::Sender<()>>),
    Unsubscribe(Channel),
}

type Changes<'a> = iter::Peekable<vec::Drain<'a, SubscriptionChange>>;

/// Subscribes to the subscriber's channels, calls `on_subscribed`, and then
/// carries out the changes that arrive. Ends when Redis fails or the sender of the
/// changes is dropped.
pub(super) async fn maintain_subscriptions(
    mut sink: PubSubSink,
    mut pending: mpsc::UnboundedReceiver<SubscriptionChange>,
    subscriber: &dyn Subscriber,
    database: Uuid,
    on_subscribed: impl FnOnce(),
) -> Result<(), LinkError> {
    for channels in subscriber.channels().chunks(MAX_CHANNELS) {
        timeout(2 * REDIS_TIMEOUT, sink.subscribe(names(channels, database))).await??;
    }
    on_subscribed();
    let mut received = Vec::new();
    loop {
        if pending.recv_many(&mut received, MAX_CHANNELS).await == 0 {
            return Ok(());
        }
        let mut changes = received.drain(..).peekable();
        // A run of changes of one kind is one command.
        while let Some(next) = changes.peek() {
            if matches!(next, SubscriptionChange::Subscribe(..)) {
                let (channels, waiting) = take_subscribes(&mut changes);
                timeout(REDIS_TIMEOUT, sink.subscribe(names(&channels, database))).await??;
                for done in waiting {
                    // Fails when the one who waited has given up.
                    let _ = done.send(());
                }
            } else {
                let channels = take_unsubscribes(&mut changes);
                timeout(REDIS_TIMEOUT, sink.unsubscribe(names(&channels, database))).await??;
            }
        }
    }
}

fn take_subscribes(changes: &mut Changes) -> (Vec<Channel>, Vec<oneshot::Sender<()>>) {
    let mut channels = Vec::new();
    let mut waiting = Vec::new();
    while let Some(SubscriptionChange::Subscribe(channel, done)) =
        changes.next_if(|next| matches!(next, SubscriptionChange::Subscribe(..)))
    {
        channels.push(channel);
        waiting.extend(done);
    }
    (channels, waiting)
}

fn take_unsubscribes(changes: &mut Changes) -> Vec<Channel> {
    let mut channels = Vec::new();
    while let Some(SubscriptionChange::Unsubscribe(channel)) =
        changes.next_if(|next| matches!(next, SubscriptionChange::Unsubscribe(..)))
    {
        channels.push(channel);
    }
    channels
}

fn names(channels: &[Channel], database: Uuid) -> Vec<String> {
    let names = channels.iter().map(|channel| channel.name(database));
    names.collect()
}
