//! Notifications: the list, how many are unread, and reading them.

use super::InboxState;
use crate::{
    inbox::effect::InboxEffect,
    model::inbox::{PagedList, PagedListState},
    store::backend::{Backend, Var},
};
use shared::{
    api::notifications::{Notification, NotificationPage, ReadNotifications},
    ids::ConversationId,
};

/// Notifications that the page keeps at most; the server keeps no more.
const MAX_NOTIFICATIONS: usize = 1_000;

impl<B: Backend> InboxState<B> {
    /// A notification came, perhaps one that is known and grew.
    pub(super) fn notified(&mut self, notification: Notification, unread_count: i64) {
        self.set_unread(unread_count);
        self.effects
            .push(InboxEffect::Alert(Box::new(notification.clone())));
        self.store.notifications.update(|list| {
            list.items.retain(|other| other.id != notification.id);
            insert(&mut list.items, notification);
            list.items.truncate(MAX_NOTIFICATIONS);
        });
    }

    /// Notifications were read, here or elsewhere; which, the server does not
    /// say.
    pub(super) fn read_elsewhere(&mut self, unread_count: i64) {
        let is_known = usize::try_from(unread_count).unwrap_or_default() == self.store.unread.get();
        self.set_unread(unread_count);
        if unread_count == 0 {
            self.mark(|_| true);
        } else if !is_known {
            self.effects
                .push(InboxEffect::FetchNotifications { cursor: None });
        }
    }

    /// A page came; none if it could not be read. `is_first`: it is the first
    /// page, which may be read again and again.
    pub fn notifications_received(&mut self, page: Option<NotificationPage>, is_first: bool) {
        let Some(page) = page else {
            self.store.notifications.update(fail);
            return;
        };
        self.set_unread(page.unread_count);
        self.store.notifications.update(|list| {
            let next = page.next_cursor;
            add_page(list, page.items, next, is_first, |one| {
                (one.created_at, one.id)
            });
        });
    }

    /// Reads the next page.
    pub fn more_notifications(&mut self) {
        if let Some(cursor) = take_next(&self.store.notifications) {
            self.effects.push(InboxEffect::FetchNotifications {
                cursor: Some(cursor),
            });
        }
    }

    /// Reads the first page again, after the server did not answer.
    pub fn retry_notifications(&mut self) {
        self.store.notifications.set(PagedList::default());
        self.effects
            .push(InboxEffect::FetchNotifications { cursor: None });
    }

    /// The user read one notification.
    pub fn read_notification(&mut self, id: i64) {
        if self.mark(|one| one.id == id) > 0 {
            self.effects.push(InboxEffect::MarkRead(ReadNotifications {
                ids: Some(vec![id]),
                ..ReadNotifications::default()
            }));
        }
    }

    /// The user read all notifications.
    pub fn read_all_notifications(&mut self) {
        let newest = self
            .store
            .notifications
            .with(|list| list.items.iter().map(|one| one.id).max());
        let Some(newest) = newest else { return };
        self.mark(|_| true);
        self.store.unread.set_if_changed(0);
        self.effects.push(InboxEffect::MarkRead(ReadNotifications {
            up_to_id: Some(newest),
            ..ReadNotifications::default()
        }));
    }

    /// The server could not be told what was read: shows it as it is there.
    pub fn not_marked(&mut self) {
        self.effects
            .push(InboxEffect::FetchNotifications { cursor: None });
    }

    /// The notifications of a conversation are read with it, by the server too.
    pub(super) fn read_with_conversation(&mut self, id: ConversationId) {
        self.mark(|one| one.conversation_id == Some(id.0));
    }

    /// Marks what is not read yet. Returns how many that are.
    fn mark(&mut self, which: impl Fn(&Notification) -> bool) -> usize {
        let is_new = |one: &Notification| !one.read && which(one);
        let count = self
            .store
            .notifications
            .with(|list| list.items.iter().filter(|one| is_new(one)).count());
        if count > 0 {
            self.store.notifications.update(|list| {
                for one in &mut list.items {
                    one.read |= which(one);
                }
            });
            let left = self.store.unread.get().saturating_sub(count);
            self.store.unread.set_if_changed(left);
        }
        count
    }

    fn set_unread(&mut self, count: i64) {
        let count = usize::try_from(count).unwrap_or_default();
        self.store.unread.set_if_changed(count);
    }
}

/// Inserts a notification in its order, newest first.
fn insert(items: &mut Vec<Notification>, one: Notification) {
    let key = (one.created_at, one.id);
    let at = items.partition_point(|other| (other.created_at, other.id) > key);
    items.insert(at, one);
}

/// Adds a page to a list. The first page takes the place of what is as new as
/// it; what is older stays.
pub(super) fn add_page<T, K: PartialOrd>(
    list: &mut PagedList<T>,
    mut page: Vec<T>,
    next: Option<String>,
    is_first: bool,
    key: impl Fn(&T) -> K,
) {
    if is_first {
        let oldest = page.last().map(&key).filter(|_| next.is_some());
        let mut older = std::mem::take(&mut list.items);
        older.retain(|one| oldest.as_ref().is_some_and(|oldest| key(one) < *oldest));
        if older.is_empty() {
            list.next = next;
        }
        page.append(&mut older);
        list.items = page;
    } else {
        page.retain(|one| list.items.iter().all(|other| key(other) != key(one)));
        list.items.append(&mut page);
        list.next = next;
    }
    list.state = PagedListState::Ready;
}

/// The server did not answer: what is there stays.
pub(super) fn fail<T>(list: &mut PagedList<T>) {
    list.state = match list.state {
        PagedListState::Ready | PagedListState::LoadingMore => PagedListState::Ready,
        PagedListState::Loading | PagedListState::Failed => PagedListState::Failed,
    };
}

/// The cursor of the next page, which counts as being read from here on.
pub(super) fn take_next<T: Send + Sync + 'static, V: Var<PagedList<T>>>(
    list: &V,
) -> Option<String> {
    let next = list.with(|list| {
        let is_ready = list.state == PagedListState::Ready;
        list.next.clone().filter(|_| is_ready)
    });
    if next.is_some() {
        list.update(|list| list.state = PagedListState::LoadingMore);
    }
    next
}
