//! Notifications and private messages: the buttons for them, the panel beside
//! the board, and what the pages of their own are made of.

pub mod buttons;
pub mod composer;
pub mod conversations;
pub mod message;
pub mod notes;
pub mod notifications;
pub mod page_bar;
pub mod panel;
pub mod preferences;
mod scroll;
pub mod thread;

use crate::inbox::Inbox;
use leptos::prelude::*;
use shared::ids::ConversationId;

/// A section of the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// What others did that concerns the user.
    Notifications,
    /// Private messages.
    Messages,
}

/// The panel beside the board; a context of the canvas page. Other pages have
/// none: there the buttons lead to pages.
#[derive(Clone, Copy)]
pub struct InboxPanelState {
    /// The section that is open; none while the panel is closed.
    pub section: RwSignal<Option<Section>>,
    /// The conversation that is open in the panel.
    pub conversation: RwSignal<Option<ConversationId>>,
}

impl InboxPanelState {
    /// Provides it to a page that has the panel.
    pub fn provide() {
        provide_context(Self {
            section: RwSignal::new(None),
            conversation: RwSignal::new(None),
        });
    }

    /// Opens a section, or closes the panel where it is open already.
    pub fn toggle(self, section: Section) {
        let is_open = self.section.get_untracked() == Some(section);
        self.section.set((!is_open).then_some(section));
    }
}

/// Opens conversations: in the panel where there is one, else on their page. It
/// may outlive the component that made it.
#[derive(Clone, Copy)]
pub struct ConversationOpener {
    inbox: Inbox,
    panel: Option<InboxPanelState>,
}

impl ConversationOpener {
    /// For the page of the component that is being set up.
    pub fn from_context() -> Self {
        Self {
            inbox: expect_context(),
            panel: use_context(),
        }
    }

    /// Opens one.
    pub fn open(self, id: ConversationId) {
        // Without effect after the canvas was left.
        match self.panel {
            Some(panel) => {
                panel.conversation.try_set(Some(id));
                panel.section.try_set(Some(Section::Messages));
            }
            None => self.inbox.go_to.set(Some(format!("/messages/{id}"))),
        }
    }

    /// Opens the conversation with a person, which may be a new one.
    pub fn write_to(self, username: String) {
        self.inbox.write_to(username, move |id| self.open(id));
    }
}
