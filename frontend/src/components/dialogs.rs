//! The dialogs of a page, one at a time: components open one with [`Dialogs`],
//! and [`DialogHost`] shows it.

use crate::{
    account, browser,
    components::{
        account::AccountDialog,
        canvas_settings::CanvasSettings,
        dialog::Dialog,
        inbox::preferences::NotificationSettings,
        invites::Invites,
        keep_account::KeepAccount,
        order::{my_sanctions::MySanctions, report::ReportForm, sanction_form::SanctionForm},
        profile::Profile,
        shortcuts::Shortcuts,
    },
    i18n::{account_texts, inbox_texts, order::order_texts, t},
    lazy::{Lazy, LazyView},
    store::Account,
};
use leptos::{ev, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use leptos_use_event_listener::use_event_listener;
use web_sys::KeyboardEvent;

/// Which dialog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DialogKind {
    /// The list of keyboard shortcuts.
    #[default]
    Shortcuts,
    /// Settings and facts of the canvas.
    Canvas,
    /// Name and status of the user.
    Profile,
    /// Password, sessions and deletion of the user's account.
    Account,
    /// A guest chooses a name and a password.
    Keep,
    /// Invites to the canvas.
    Invites,
    /// Confirmation for a guest, whose account is lost after signing out.
    SignOut,
    /// The form of a sanction.
    Sanction,
    /// The form of a report.
    Report,
    /// The user's own sanctions, and appeals against them.
    MySanctions,
    /// Of what the user wants to be told.
    Notifications,
}

impl DialogKind {
    fn title(self) -> &'static str {
        match self {
            Self::Shortcuts => t().shortcuts(),
            Self::Canvas => t().canvas_title(),
            Self::Profile => t().profile(),
            Self::Account => account_texts().account(),
            Self::Keep => account_texts().keep_title(),
            Self::Invites => account_texts().invites(),
            Self::SignOut => t().sign_out_title(),
            Self::Sanction => order_texts().sanction(),
            Self::Report => order_texts().report_title(),
            Self::MySanctions => order_texts().my_sanctions(),
            Self::Notifications => inbox_texts().settings(),
        }
    }
}

/// The open dialog of a page; a context.
#[derive(Clone, Copy)]
pub struct Dialogs {
    open: RwSignal<bool>,
    kind: RwSignal<DialogKind>,
}

impl Dialogs {
    /// Provides it to a page that has a [`DialogHost`].
    pub fn provide() {
        provide_context(Self {
            open: RwSignal::new(false),
            kind: RwSignal::default(),
        });
    }

    /// Opens a dialog.
    pub fn show(self, kind: DialogKind) {
        self.kind.set(kind);
        self.open.set(true);
    }

    /// Closes the dialog.
    pub fn close(self) {
        self.open.set(false);
    }

    /// Signs out and calls `done`; asks a guest for confirmation first.
    pub fn sign_out(self, account: Account, done: Callback<()>) {
        if untrack(|| account.user()).is_some_and(|user| user.is_guest) {
            self.show(DialogKind::SignOut);
        } else {
            account::sign_out(account);
            done.run(());
        }
    }
}

/// Shows the open dialog, and the list of shortcuts when `?` is pressed.
#[component]
pub fn DialogHost(
    /// Whether this page has shortcuts.
    #[prop(optional)]
    keys: bool,
) -> impl IntoView {
    let dialogs = expect_context::<Dialogs>();
    let Dialogs { open, kind } = dialogs;
    if keys {
        let _ = use_event_listener(window(), ev::keydown, move |event| {
            if asks_for_keys(&event) {
                dialogs.show(DialogKind::Shortcuts);
            }
        });
    }
    view! {
        <Dialog
            open
            title=Signal::derive(move || kind.get().title().to_owned())
            wide=Signal::derive(move || matches!(kind.get(), DialogKind::Shortcuts | DialogKind::Canvas))
        >
            <Lazy view=move || LazyView::Dialog(kind.get()) wanted=true />
        </Dialog>
    }
}

/// What is in a dialog.
#[component]
pub fn DialogBody(
    /// Which dialog.
    kind: DialogKind,
) -> impl IntoView {
    let dialogs = expect_context::<Dialogs>();
    match kind {
        DialogKind::Shortcuts => view! { <Shortcuts /> }.into_any(),
        DialogKind::Canvas => view! { <CanvasSettings /> }.into_any(),
        DialogKind::Profile => view! { <Profile /> }.into_any(),
        DialogKind::Account => view! { <AccountDialog /> }.into_any(),
        DialogKind::Keep => view! { <KeepAccount done=move |()| dialogs.close() /> }.into_any(),
        DialogKind::Invites => view! { <Invites /> }.into_any(),
        DialogKind::SignOut => view! { <SignOut /> }.into_any(),
        DialogKind::Sanction => view! { <SanctionForm /> }.into_any(),
        DialogKind::Report => view! { <ReportForm /> }.into_any(),
        DialogKind::MySanctions => view! { <MySanctions /> }.into_any(),
        DialogKind::Notifications => view! { <NotificationSettings /> }.into_any(),
    }
}

/// Whether the key is a question mark, in whatever script, and not typed into a
/// text field or dialog.
fn asks_for_keys(event: &KeyboardEvent) -> bool {
    let is_typed = browser::target_element(event)
        .and_then(|target| {
            let fields = "input, textarea, select, dialog, [contenteditable]";
            target.closest(fields).ok()
        })
        .flatten()
        .is_some();
    matches!(event.key().as_str(), "?" | "؟" | "？")
        && !event.ctrl_key()
        && !event.meta_key()
        && !browser::is_composing(event)
        && !is_typed
}

/// Tells a guest what signing out means, and asks for confirmation.
#[component]
fn SignOut() -> impl IntoView {
    let dialogs = expect_context::<Dialogs>();
    let account = expect_context::<Account>();
    let navigate = use_navigate();
    let name = untrack(|| account.user()).map(|user| user.display_name);
    let home = Callback::new(move |()| {
        dialogs.close();
        navigate("/", NavigateOptions::default());
    });
    view! {
        <p>{t().sign_out_guest(&name.unwrap_or_default())}</p>
        <p class="soft">{t().sign_out_guest_stays()}</p>
        <div class="dialog__foot">
            <button
                class="btn btn--primary dialog__first"
                type="button"
                on:click=move |_| dialogs.show(DialogKind::Keep)
            >
                {account_texts().keep_action()}
            </button>
            <button class="btn" type="button" on:click=move |_| dialogs.close()>
                {t().cancel()}
            </button>
            <button
                class="btn btn--danger"
                type="button"
                on:click=move |_| {
                    account::sign_out(account);
                    home.run(());
                }
            >
                {t().sign_out()}
            </button>
        </div>
    }
}
