//! The inbox: the user's notifications and private messages, on every page. The
//! only writer of the [`InboxStore`].
//!
//! [`Inbox`] is a `Copy` handle, `expect_context::<Inbox>()`. Behind it,
//! [`state`] decides (pure, tested on the host), [`runtime`] owns the socket for
//! pages without a canvas, the timer and the HTTP requests. The session of an
//! open canvas passes on what concerns the inbox, see [`Inbox::carry`].

mod badge;
pub mod desktop;
pub mod effect;
pub mod outbox;
pub mod runtime;
pub mod state;
#[cfg(test)]
mod tests;

use self::{runtime::InboxRuntime, state::InboxState};
use crate::{
    api::{self, ApiError},
    i18n::api_problem,
    model::inbox::NoteKind,
    store::{Account, InboxStore, backend::Signals},
    tasks::Tasks,
};
use leptos::prelude::*;
use shared::{
    api::{
        conversations::{Conversation, ConversationState},
        moderation::UserRef,
    },
    ids::{ConversationId, MessageId, OpId},
    protocol::{ClientMessage, ServerMessage},
    text::{ChatText, TextError},
};
use std::rc::Rc;

pub use self::runtime::Carrier;

/// Why a private message was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SayError {
    /// The text cannot be sent.
    Text(TextError),
    /// Too much waits already.
    Full,
}

/// A handle to the inbox.
#[derive(Clone, Copy)]
pub struct Inbox {
    store: InboxStore<Signals>,
    /// What else the page counts as unread; shown in its title together with
    /// the inbox's. Components may set it.
    pub page_unread: RwSignal<usize>,
    /// An address of this application to go to; the application takes it.
    /// Components may set it.
    pub go_to: RwSignal<Option<String>>,
    tasks: Tasks,
    runtime: StoredValue<Rc<InboxRuntime>, LocalStorage>,
}

impl std::ops::Deref for Inbox {
    type Target = InboxStore<Signals>;

    fn deref(&self) -> &Self::Target {
        &self.store
    }
}

impl Inbox {
    /// Provides the inbox of the application.
    pub fn provide() -> Self {
        let account = expect_context::<Account>();
        let store = InboxStore::default();
        let tasks = Tasks::new();
        let go_to = RwSignal::new(None);
        let runtime = InboxRuntime::new(store, account, tasks, go_to, expect_context());
        let inbox = Self {
            store,
            page_unread: RwSignal::new(0),
            go_to,
            tasks,
            runtime: StoredValue::new_local(Rc::clone(&runtime)),
        };
        Effect::new(move || {
            let sign_in = account.sign_in.get();
            runtime.input(|state, now| state.signed(&sign_in, now));
        });
        provide_context(inbox);
        badge::follow(inbox);
        inbox
    }

    fn input<T>(self, input: impl FnOnce(&mut InboxState<Signals>, i64) -> T) -> T {
        self.runtime.with_value(|runtime| runtime.input(input))
    }

    /// The connection of a canvas carries what concerns the inbox while the
    /// returned value is kept: `send` sends on it.
    pub fn carry(self, send: impl Fn(ClientMessage) + 'static) -> Carrier {
        self.runtime
            .with_value(|runtime| runtime.carry(Rc::new(send)))
    }

    /// Everything that counts as unread, in the title and on the icon. Reactive.
    pub fn all_unread(self) -> usize {
        self.store.notifications.track();
        let about_messages = self.store.unread_about_messages();
        let others = self.store.unread.get().saturating_sub(about_messages);
        others + self.store.unread_messages.get() + self.page_unread.get()
    }

    /// Reads the next page of notifications.
    pub fn more_notifications(self) {
        self.input(|state, _| state.more_notifications());
    }

    /// Reads the notifications again after a failure.
    pub fn retry_notifications(self) {
        self.input(|state, _| state.retry_notifications());
    }

    /// The user read one notification.
    pub fn read_notification(self, id: i64) {
        self.input(|state, _| state.read_notification(id));
    }

    /// The user read all notifications.
    pub fn read_all_notifications(self) {
        self.input(|state, _| state.read_all_notifications());
    }

    /// Reads the next page of conversations.
    pub fn more_conversations(self) {
        self.input(|state, _| state.more_conversations());
    }

    /// Reads the conversations again after a failure.
    pub fn retry_conversations(self) {
        self.input(|state, _| state.retry_conversations());
    }

    /// Opens a conversation, or closes the open one.
    pub fn open(self, id: Option<ConversationId>) {
        self.input(|state, _| state.open(id));
    }

    /// Reads the open conversation again after a failure.
    pub fn retry_thread(self) {
        self.input(|state, _| state.retry_thread());
    }

    /// Reads older messages of the open conversation.
    pub fn load_older(self) {
        self.input(|state, _| state.load_older());
    }

    /// The user looks at this conversation, at its end; none if at none.
    pub fn sees(self, id: Option<ConversationId>) {
        self.input(|state, _| state.sees(id));
    }

    /// The user types in the open conversation, or stopped.
    pub fn types(self, is_typing: bool) {
        self.input(|state, now| state.types(is_typing, now));
    }

    /// Writes a message in the open conversation.
    ///
    /// # Errors
    /// [`SayError`]: it was not taken, so that the text field has to keep it.
    pub fn say(self, text: &str) -> Result<(), SayError> {
        let text = ChatText::parse(text).map_err(SayError::Text)?;
        if self.input(|state, now| state.say(&text, now)) {
            Ok(())
        } else {
            Err(SayError::Full)
        }
    }

    /// Sends a refused message once more.
    pub fn retry(self, op_id: OpId) {
        self.input(|state, now| state.retry(op_id, now));
    }

    /// Gives a refused message up.
    pub fn discard(self, op_id: OpId) {
        self.input(|state, _| state.discard(op_id));
    }

    /// Shows a short notice.
    pub fn note(self, text: String) {
        self.input(|state, _| state.note(NoteKind::Text(text)));
    }

    /// Tells that something failed.
    pub fn fail(self, error: &ApiError) {
        self.input(|state, _| state.note(NoteKind::Problem(api_problem(error))));
    }

    /// Removes a notice.
    pub fn dismiss(self, id: u64) {
        self.input(|state, _| state.dismiss(id));
    }

    /// Asks the server for something, and goes on with its answer. A failure is
    /// told in a notice. The request goes on when its component is gone.
    fn ask<T: 'static>(
        self,
        request: impl Future<Output = Result<T, ApiError>> + 'static,
        then: impl FnOnce(T) + 'static,
    ) {
        self.tasks.spawn(async move {
            match request.await {
                Ok(answer) => then(answer),
                Err(error) => self.fail(&error),
            }
        });
    }

    /// Begins a conversation with somebody, or finds the one that is there, and
    /// calls `then` with its id.
    pub fn write_to(self, username: String, then: impl FnOnce(ConversationId) + 'static) {
        let request = async move { api::inbox::open_conversation(&username).await };
        self.ask(request, move |conversation: Conversation| {
            let id = conversation.id;
            self.input(|state, _| state.conversation_known(conversation));
            then(id);
        });
    }

    /// Accepts a request.
    pub fn accept(self, id: ConversationId) {
        self.ask(api::inbox::accept(id), move |()| {
            self.input(|state, _| state.conversation_changed(id, ConversationState::Open));
        });
    }

    /// Hides a conversation for this user, and calls `then`.
    pub fn hide(self, id: ConversationId, then: impl FnOnce() + 'static) {
        self.ask(api::inbox::hide_conversation(id), move |()| {
            self.input(|state, _| state.conversation_hidden(id));
            then();
        });
    }

    /// Blocks the other person of a conversation, or does so no more, and calls
    /// `then`.
    pub fn block(
        self,
        id: ConversationId,
        person: UserRef,
        is_blocked: bool,
        then: impl FnOnce() + 'static,
    ) {
        let request = async move { api::accounts::block(&person.username, is_blocked).await };
        self.ask(request, move |()| {
            self.input(|state, _| {
                if is_blocked {
                    state.conversation_changed(id, ConversationState::Blocked);
                } else {
                    // It may be a request again.
                    state.refetch_conversations();
                }
            });
            then();
        });
    }

    /// The user blocked somebody, or does so no more, elsewhere than in their
    /// conversation.
    pub fn blocks_changed(self) {
        self.input(|state, _| state.refetch_conversations());
    }

    /// Takes a message of one's own back.
    pub fn remove_message(self, id: ConversationId, message: MessageId) {
        self.ask(api::inbox::remove_message(id, message), move |()| {
            self.input(|state, _| state.removed(message));
        });
    }

    /// Keeps what was typed and not sent in a conversation over a reload; an
    /// empty text removes it.
    pub fn keep_draft(self, id: ConversationId, text: &str) {
        if let Some(key) = self.draft_key(id) {
            if text.trim().is_empty() {
                crate::browser::remove(&key);
            } else {
                crate::browser::save(&key, text);
            }
        }
    }

    /// What was typed in a conversation and not sent.
    pub fn draft(self, id: ConversationId) -> String {
        let key = self.draft_key(id);
        key.and_then(|key| crate::browser::load(&key))
            .unwrap_or_default()
    }

    fn draft_key(self, id: ConversationId) -> Option<String> {
        let me = self.runtime.with_value(|runtime| runtime.me())?;
        Some(format!("stellar.dm-draft.{me}.{id}"))
    }
}

/// Whether a message of the server concerns the inbox, and not the canvas on
/// whose connection it came.
pub fn is_personal(message: &ServerMessage) -> bool {
    match message {
        ServerMessage::Notification(_)
        | ServerMessage::NotificationsRead(_)
        | ServerMessage::DirectMessage(_)
        | ServerMessage::DirectMessageRead(_)
        | ServerMessage::DirectTyping(_) => true,
        // Answers to what the inbox sends; none of it is numbered by the canvas.
        ServerMessage::Ack(ack) => ack.request.starts_with("direct_"),
        _ => false,
    }
}
