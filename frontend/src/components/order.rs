//! Keeping order: the moderation panel, the menu of a person, the forms of
//! sanctions and reports, and what a sanctioned person is told.

pub mod appeals;
pub mod case;
pub mod cases;
pub mod list;
pub mod log;
pub mod my_sanctions;
pub mod panel;
pub mod person_menu;
pub mod ranks;
pub mod report;
pub mod sanction_banners;
pub mod sanction_form;
pub mod sanctions;
pub mod server_panel;
pub mod shield;
pub mod switches;

use crate::{
    browser,
    components::dialogs::{DialogKind, Dialogs},
    model::order::ModerationScope,
    store::Store,
};
use leptos::{ev, prelude::*};
use shared::{
    api::{
        moderation::UserRef,
        reports::{Outcome, ReportTarget},
        sanctions::SanctionKind,
    },
    ids::{CommentId, MessageId},
    time::Timestamp,
};

/// A section of the moderation panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Reports to decide.
    Cases,
    /// Sanctions in force.
    Sanctions,
    /// Appeals to decide.
    Appeals,
    /// What was done.
    Log,
}

/// Somebody, and where the menu about them was asked for.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The person.
    pub person: UserRef,
    /// Their message, if it is about one.
    pub message: Option<MessageId>,
    /// Their comment, if it is about one.
    pub comment: Option<CommentId>,
    /// The case in which they stand, if it is about one.
    pub case_id: Option<i64>,
}

/// What the form of a sanction begins with.
#[derive(Clone, Debug)]
pub struct SanctionDraft {
    /// Whom it may be about; the first is chosen.
    pub people: Vec<UserRef>,
    /// The kind that is chosen at first.
    pub kind: SanctionKind,
    /// Where it holds.
    pub scope: ModerationScope,
    /// The case that leads to it.
    pub case_id: Option<i64>,
    /// How that case is decided once the sanction is there.
    pub outcome: Option<Outcome>,
    /// What moderators note with that decision.
    pub decision_note: String,
}

/// What is reported.
#[derive(Clone, Debug)]
enum Reported {
    /// Something on the open canvas, to its moderators.
    OnCanvas(ReportTarget),
    /// A private message, to the server's admins.
    Private(MessageId),
}

/// The open panel, menu and forms of a page; a context.
#[derive(Clone, Copy)]
pub struct OrderState {
    /// Where the user moderates from this page.
    pub scope: ModerationScope,
    /// That of the open canvas, if there is one.
    store: Option<Store>,
    /// Whether the moderation panel is open.
    pub is_open: RwSignal<bool>,
    /// Its section.
    pub section: RwSignal<Section>,
    /// Whose menu is open.
    pub menu: RwSignal<Option<Subject>>,
    /// The button that opened the menu.
    opener: RwSignal<Option<web_sys::HtmlElement>, LocalStorage>,
    /// What the form of a sanction is about.
    draft: RwSignal<Option<SanctionDraft>>,
    /// What the form of a report is about, and how people call it.
    reported: RwSignal<Option<(Reported, String)>>,
    /// What keys do in the section that is shown, besides Escape.
    keys: RwSignal<Option<Callback<ev::KeyboardEvent>>>,
    /// Grows when something was decided here, so that lists are read again.
    pub changes: RwSignal<u32>,
}

impl OrderState {
    /// Provides it to a page that has a panel, a menu and dialogs.
    pub fn provide(scope: ModerationScope) {
        provide_context(Self {
            scope,
            store: use_context(),
            is_open: RwSignal::new(false),
            section: RwSignal::new(Section::Log),
            menu: RwSignal::new(None),
            opener: RwSignal::new_local(None),
            draft: RwSignal::new(None),
            reported: RwSignal::new(None),
            keys: RwSignal::new(None),
            changes: RwSignal::new(0),
        });
    }

    /// A time so many seconds from now, by the server's clock where it is known.
    pub fn seconds_from_now(self, seconds: i64) -> Timestamp {
        let now = self
            .store
            .map_or_else(browser::now_ms, Store::server_now_ms);
        chrono::DateTime::from_timestamp_millis(now + seconds * 1_000)
            .unwrap_or_default()
            .into()
    }

    /// Opens the panel.
    pub fn show(self, section: Section) {
        self.section.set(section);
        self.is_open.set(true);
    }

    /// Opens the form of a sanction.
    pub fn sanction(self, dialogs: Dialogs, draft: SanctionDraft) {
        self.draft.set(Some(draft));
        dialogs.show(DialogKind::Sanction);
    }

    /// Opens the form of a report.
    pub fn report(self, dialogs: Dialogs, target: ReportTarget, name: String) {
        self.reported.set(Some((Reported::OnCanvas(target), name)));
        dialogs.show(DialogKind::Report);
    }

    /// Opens the form of a report of a private message.
    pub fn report_private(self, dialogs: Dialogs, message: MessageId, name: String) {
        self.reported.set(Some((Reported::Private(message), name)));
        dialogs.show(DialogKind::Report);
    }

    /// Something was decided here: what the panel shows is read again.
    pub fn changed(self) {
        self.changes.update(|n| *n += 1);
    }
}
