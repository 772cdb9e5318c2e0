//! Ranks: who may act on whom.

use super::Role;
use crate::ids::UserId;

/// Where a user stands when it comes to acts on people, such as a sanction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Editors, viewers, and everybody without a role.
    Other,
    /// A moderator of the canvas.
    Moderator,
    /// The owner of the canvas.
    Owner,
    /// An admin of the server.
    Admin,
}

impl Rank {
    /// The rank of a user with this role on the canvas. An admin has the role owner
    /// everywhere, and ranks above the canvas's owner.
    pub fn of(is_admin: bool, role: Option<Role>) -> Self {
        match role {
            _ if is_admin => Self::Admin,
            Some(Role::Owner) => Self::Owner,
            Some(Role::Moderator) => Self::Moderator,
            Some(Role::Editor | Role::Viewer) | None => Self::Other,
        }
    }

    /// Whether `actor` may act on `target` (sanction them, lift a sanction, remove their
    /// words, name them in a revert): only moderators and above, only on a lower rank, and
    /// never on oneself.
    pub fn may_act(actor: (UserId, Self), target: (UserId, Self)) -> bool {
        actor.0 != target.0 && actor.1 >= Self::Moderator && actor.1 > target.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_higher_rank_acts_and_never_on_itself() {
        let ranks = [Rank::Other, Rank::Moderator, Rank::Owner, Rank::Admin];
        for (above, actor) in ranks.into_iter().enumerate() {
            for (below, target) in ranks.into_iter().enumerate() {
                let may = Rank::may_act((UserId(1), actor), (UserId(2), target));
                assert_eq!(may, above > below, "{actor:?} on {target:?}");
                assert!(!Rank::may_act((UserId(1), actor), (UserId(1), target)));
            }
        }
    }

    #[test]
    fn an_admin_ranks_above_the_owner_whatever_the_role() {
        for role in [None, Some(Role::Viewer), Some(Role::Owner)] {
            assert_eq!(Rank::of(true, role), Rank::Admin);
        }
        assert_eq!(Rank::of(false, Some(Role::Owner)), Rank::Owner);
        assert_eq!(Rank::of(false, Some(Role::Moderator)), Rank::Moderator);
        assert_eq!(Rank::of(false, Some(Role::Editor)), Rank::Other);
        assert_eq!(Rank::of(false, None), Rank::Other);
    }
}
