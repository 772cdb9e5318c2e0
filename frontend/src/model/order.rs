//! Sanctions, as the client reads them, and where moderation applies.

use shared::{
    api::sanctions::{Activity, Sanction},
    ids::CanvasId,
    time::Timestamp,
};

/// Where moderators act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModerationScope {
    /// On one canvas, by its moderators.
    Canvas(CanvasId),
    /// On the whole server, by its admins.
    Server,
}

/// Whether one of the sanctions keeps from something: the end of the one that
/// lasts longest, itself none for an open end.
pub fn kept_from(sanctions: &[Sanction], activity: Activity) -> Option<Option<Timestamp>> {
    let ends = sanctions
        .iter()
        .filter(|sanction| sanction.kind.forbids(activity))
        .map(|sanction| sanction.expires_at);
    ends.reduce(|one, other| match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (None, _) | (_, None) => None,
    })
}

/// Whether a sanction holds at a time of the server's clock, in milliseconds
/// since 1970.
pub fn is_in_force(sanction: &Sanction, now: i64) -> bool {
    sanction.lifted_at.is_none()
        && sanction
            .expires_at
            .is_none_or(|expires_at| expires_at.millis() > now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::{
        api::{moderation::UserRef, sanctions::SanctionKind},
        ids::UserId,
    };
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn time(ms: i64) -> Timestamp {
        chrono::DateTime::from_timestamp_millis(ms).unwrap().into()
    }

    fn sanction(kind: SanctionKind, expires_at: Option<i64>) -> Sanction {
        Sanction {
            id: 1,
            canvas_id: None,
            user: UserRef {
                user_id: UserId(1),
                username: "ann".into(),
                display_name: "Ann".into(),
            },
            kind,
            reason: "because".into(),
            issued_by: None,
            issued_at: time(0),
            expires_at: expires_at.map(time),
            lifted_at: None,
            lift_reason: String::new(),
            case_id: None,
            appeal: None,
            note: None,
        }
    }

    #[test]
    fn the_longest_sanction_counts_and_an_open_end_is_longer_than_any() {
        let short = sanction(SanctionKind::Mute, Some(1_000));
        let long = sanction(SanctionKind::Timeout, Some(2_000));
        let open = sanction(SanctionKind::Mute, None);
        let warning = sanction(SanctionKind::Warning, None);
        let talk = |all: &[&Sanction]| {
            let all: Vec<Sanction> = all.iter().map(|&one| one.clone()).collect();
            kept_from(&all, Activity::Speaking)
        };
        assert_eq!(talk(&[]), None);
        assert_eq!(talk(&[&warning]), None);
        assert_eq!(talk(&[&short, &long]), Some(Some(time(2_000))));
        assert_eq!(talk(&[&short, &open, &long]), Some(None));
        assert_eq!(kept_from(&[short], Activity::Painting), None);
        assert_eq!(
            kept_from(&[long], Activity::Liking),
            Some(Some(time(2_000)))
        );
    }

    #[test]
    fn a_sanction_holds_until_it_expires_or_is_lifted() {
        let mut one = sanction(SanctionKind::Ban, Some(1_000));
        assert!(is_in_force(&one, 999));
        assert!(!is_in_force(&one, 1_000));
        one.expires_at = None;
        assert!(is_in_force(&one, i64::MAX));
        one.lifted_at = Some(time(5));
        assert!(!is_in_force(&one, 0));
    }
}
