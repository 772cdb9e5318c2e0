//! The texts about the user's account, hidden people and invites, in English.

/// The texts in the user's language.
pub fn account_texts() -> &'static AccountTexts {
    &TEXTS
}

texts! {
    /// The texts about the user's account, hidden people and invites.
    AccountTexts;
    // A guest becomes registered.
    keep: "Keep everything…",
    keep_title: "Keep what is yours",
    keep_text: "You are here as a guest: nobody can sign in as you again, not even you. With a name and a password, your drawings, roles and canvases stay yours, on every device.",
    keep_action: "Keep everything",
    keep_later: "Not now",
    kept: "You are @{name} now. Everything stays yours.",
    keep_offer: "Like what you drew? Choose a name and a password to keep it.",
    already_registered: "You have a name and a password already.",

    // The account.
    account: "Account",
    change_password: "Change password",
    old_password: "Present password",
    new_password: "New password",
    password_changed: "Password changed. Your other sessions have ended.",
    sessions: "Where you are signed in",
    session_here: "This browser",
    session_elsewhere: "Another browser",
    session_times: "Signed in {began}, last seen {seen}",
    end_session: "Sign out there",
    end_others: "Sign out everywhere else",
    sessions_away: "The list cannot be had just now.",
    delete_account: "Delete my account",
    delete_account_text: "Your name and password go, and nobody can sign in as you again. What you drew and said stays, as by a deleted account. This cannot be undone.",
    delete_canvases: "Delete my canvases too, with all that is on them",
    delete_guest_label: "To delete it, write your name: {name}",

    // Hidden people.
    hide_person: "Hide this person for me",
    show_person: "Show this person again",
    hidden: "{name} is hidden from you here. They are not told.",
    shown_again: "{name} is shown to you again.",
    hidden_people: "Hidden people",
    hidden_people_text: "You do not see their messages, pointers and mentions. They are not told.",
    hidden_nobody: "You hide nobody.",
    show_again: "Show {name} again",
    show_again_short: "Show again",

    // Invites.
    invites: "Invites",
    invites_text: "Whoever opens the link gets this role here.",
    invite_role: "Role",
    invite_uses: "How often",
    invite_uses_any: "Any number of times",
    invite_uses_once: "Once",
    invite_uses_ten: "10 times",
    invite_uses_hundred: "100 times",
    invite_time: "How long",
    invite_day: "1 day",
    invite_week: "7 days",
    invite_month: "30 days",
    invite_note: "Note",
    invite_note_example: "Who is it for?",
    invite_make: "Make an invite",
    invite_copy: "Copy link",
    invite_copied: "Invite copied.",
    invite_revoke: "Take back",
    invite_revoke_one: "Take back the invite for: {role}",
    invite_until: "until {time}",
    invite_used: "{n} of {max} used",
    no_invites: "No invites are open.",
    invite_link: "Address of the invite",

    // The page of an invite.
    invited_title: "You are invited",
    invited_text: "Somebody asks you to draw with them. Come in first, as you like; then the canvas opens.",
    invited_as: "You accept it as {name}.",
    accept: "Accept the invite",
    invite_over_title: "This invite is over",
    invite_over_text: "It was used up, taken back, or its time has passed. Ask whoever gave it to you for a new one.",

    // Guests and newcomers of a canvas.
    guests: "What guests do",
    guests_paint: "Draw",
    guests_paint_hint: "Guests may do what everybody may",
    guests_chat: "Chat",
    guests_chat_hint: "Guests look, chat and like, but do not draw",
    guests_look: "Look",
    guests_look_hint: "Guests only look",
    guests_none: "Stay out",
    guests_none_hint: "Only people with a name and a password come in",
    newcomers: "People who are new here",
    newcomers_free: "Free",
    newcomers_free_hint: "They may do at once what everybody may",
    newcomers_limited: "Limited at first",
    newcomers_limited_hint: "For 15 minutes they paint little in tiles of others, and chat slowly",
    ;
    uses: "{n} time used" | "{n} times used",
}
