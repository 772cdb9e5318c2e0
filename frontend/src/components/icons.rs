//! All icons: 24 by 24 pixels, strokes of 1.75 pixels with round ends, in the
//! colour of the surrounding text. Hidden from screen readers: a button with an
//! icon has its own label.

use leptos::prelude::*;

/// The icons. Each is one SVG path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    /// Something happened.
    Activity,
    /// One step back.
    Back,
    /// Starts a new line.
    BreakLine,
    /// Notifications.
    Bell,
    /// Hears nothing more of a person.
    Block,
    /// The chat.
    Chat,
    /// Done.
    Check,
    /// Draws a circle.
    Circle,
    /// The history.
    Clock,
    /// Closes something.
    Close,
    /// Copies.
    Copy,
    /// Empties, removes.
    Delete,
    /// Downwards, newest.
    Down,
    /// Saves a file.
    Download,
    /// Changes a text.
    Edit,
    /// Private messages.
    Envelope,
    /// Erases.
    Eraser,
    /// Fills an area.
    Fill,
    /// A film.
    Film,
    /// The whole board.
    Fit,
    /// Follows a person.
    Follow,
    /// What was here before.
    Ghost,
    /// The world: languages.
    Globe,
    /// A heart.
    Heart,
    /// A keyboard.
    Keys,
    /// Draws a line.
    Line,
    /// Less of it.
    Minus,
    /// Mirrors what is drawn.
    Mirror,
    /// A moon: dark.
    Moon,
    /// More of it.
    More,
    /// The side panel.
    Panel,
    /// Stops for a while.
    Pause,
    /// Draws.
    Pencil,
    /// The people.
    People,
    /// Takes a colour from the drawing.
    Picker,
    /// A picture to import.
    Picture,
    /// Plays.
    Play,
    /// Plays backwards.
    PlayBack,
    /// Adds one.
    Plus,
    /// Points at a place.
    Point,
    /// Draws a rectangle.
    Rectangle,
    /// Does again what was undone.
    Redo,
    /// Answers something.
    Reply,
    /// Sends a message.
    Send,
    /// What is set.
    Settings,
    /// Gives the link to others.
    Share,
    /// Order is kept.
    Shield,
    /// Leaves.
    SignOut,
    /// Spreads something evenly.
    Spread,
    /// One step to what was before.
    StepBack,
    /// One step to what came next.
    StepForward,
    /// A sun: light.
    Sun,
    /// The theme of the system.
    System,
    /// The tile.
    Tile,
    /// Takes back the last step.
    Undo,
    /// Something is wrong.
    Warning,
}

impl Glyph {
    /// Whether it points along the line, and therefore the other way where texts are written from
    /// right to left.
    fn is_directed(self) -> bool {
        matches!(
            self,
            Self::Back | Self::Panel | Self::Redo | Self::Send | Self::SignOut | Self::Undo
        )
    }

    #[allow(clippy::too_many_lines, reason = "a path for each icon")]
    fn path(self) -> &'static str {
        match self {
            Self::Activity => "M3 12h4l3-8 4 16 3-8h4",
            Self::Back => "M20 12H5m6-7-7 7 7 7",
            Self::BreakLine => "M19 6v5a3 3 0 0 1-3 3H5m4.500-4.500L5 14l4.500 4.500",
            Self::Bell => {
                "M6 16V11a6 6 0 0 1 12 0v5l1.500 2H4.500zM10 20.500a2.200 2.200 0 0 0 4 0M12 5V3.500"
            }
            Self::Block => "M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17zM6 6l12 12",
            Self::Chat => {
                "M4 6a2 2 0 0 1 2-2h12a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-6l-5 4v-4H6a2 2 0 0 1-2-2z"
            }
            Self::Check => "m5 12.5 4.5 4.5L19 7.5",
            Self::Circle => "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16z",
            Self::Clock => {
                "M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17zM12 7.500V12l3 2"
            }
            Self::Close => "m6 6 12 12M18 6 6 18",
            Self::Copy => {
                "M9 9h9a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2zM15 9V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h3"
            }
            Self::Delete => {
                "M4 7h16M10 11v6M14 11v6M6 7l1 12a1 1 0 0 0 1 1h8a1 1 0 0 0 1-1l1-12M9 7V5a1 1 0 0 1 1-1h4a1 1 0 0 1 1 1v2"
            }
            Self::Down => "M12 5v14m-6-6 6 6 6-6",
            Self::Download => "M12 4v11m-5-5 5 5 5-5M5 20h14",
            Self::Edit => "M5 19h3.5L19 8.5 15.5 5 5 15.5zM13 7.5l3.5 3.5",
            Self::Envelope => {
                "M5 5.500h14a1.500 1.500 0 0 1 1.500 1.500v10a1.500 1.500 0 0 1-1.500 1.500H5A1.500 1.500 0 0 1 3.500 17V7A1.500 1.500 0 0 1 5 5.500zM4 7l8 6 8-6"
            }
            Self::Eraser => {
                "M9 20h11M4.5 14.500 13 6l6 6-8 8H7.500L4.500 17a1.800 1.800 0 0 1 0-2.500zM9 10l6 6"
            }
            Self::Fill => {
                "M11 3v4M4.500 13.500 11 7l7.500 7.500L12 21zM5 13.500h13M20.500 17s1.500 2 1.500 3a1.500 1.500 0 0 1-3 0c0-1 1.500-3 1.500-3z"
            }
            Self::Film => {
                "M4 5h16v14H4zM8 5v14M16 5v14M4 9.700h4M4 14.300h4M16 9.700h4M16 14.300h4"
            }
            Self::Fit => {
                "M4 9V5a1 1 0 0 1 1-1h4M15 4h4a1 1 0 0 1 1 1v4M20 15v4a1 1 0 0 1-1 1h-4M9 20H5a1 1 0 0 1-1-1v-4"
            }
            Self::Follow => {
                "M2.5 12C5 7.5 8.300 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.800 6.5-9.5 6.5S5 16.5 2.5 12zM12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6z"
            }
            Self::Ghost => {
                "M5 20V11a7 7 0 0 1 14 0v9l-2.300-2-2.400 2-2.300-2-2.300 2-2.400-2zM9.500 10.500v1M14.500 10.500v1"
            }
            Self::Globe => {
                "M3 12h18M12 3c-6 5-6 13 0 18 6-5 6-13 0-18M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0"
            }
            Self::Heart => {
                "M12 20s-8-4.600-8-10.400A4.400 4.400 0 0 1 8.400 5c1.600 0 2.900.8 3.600 2 .7-1.200 2-2 3.600-2A4.400 4.400 0 0 1 20 9.600C20 15.400 12 20 12 20z"
            }
            Self::Keys => {
                "M4 6h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1zM7 10h.01M11 10h.01M15 10h.01M17.500 10h.01M8 14h8"
            }
            Self::Line => "M5 19 19 5",
            Self::Minus => "M5 12h14",
            Self::Mirror => "M12 3v18M9 7 4 17h5zM15 7l5 10h-5z",
            Self::Moon => "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
            Self::More => "M5 11.5v1M12 11.5v1M19 11.5v1M4.5 12h1M11.5 12h1M18.5 12h1",
            Self::Panel => {
                "M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM14.5 4v16"
            }
            Self::Pause => "M8.500 5v14M15.500 5v14",
            Self::Pencil => "m4 20 1-4.5L16.5 4 20 7.5 8.5 19zM14 6.5 17.5 10",
            Self::People => {
                "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-3.300 2.600-5.5 6.5-5.5s6.5 2.200 6.5 5.5M16 5a3.5 3.5 0 0 1 0 6.5M18 15c2.200.6 3.5 2.400 3.5 5"
            }
            Self::Picker => "m11 7 6 6M4 20l1-4 9-9 3 3-9 9zM14 7l2-2a2.100 2.100 0 0 1 3 3l-2 2",
            Self::Picture => "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.500 9h.01",
            Self::Play => "M7.500 5v14l11-7z",
            Self::PlayBack => "M16.500 5v14l-11-7z",
            Self::Plus => "M12 5v14M5 12h14",
            Self::Point => {
                "M12 21s-7-5.800-7-11a7 7 0 0 1 14 0c0 5.200-7 11-7 11zM12 7.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z"
            }
            Self::Rectangle => "M4 6h16v12H4z",
            Self::Redo => "m15 14 5-5-5-5M20 9H10a6 6 0 0 0 0 12h3",
            Self::Reply => "m9.500 6-5.500 5.500L9.500 17M4.500 11.500H14a6 6 0 0 1 6 6V19",
            Self::Send => "M12 20V5m-6 6 6-6 6 6",
            Self::Settings => {
                "M4 7h9M19 7h1M4 17h1M11 17h9M16 4.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5zM8 14.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5z"
            }
            Self::Share => {
                "M10 14a4 4 0 0 0 5.700 0l3.100-3.100a4 4 0 0 0-5.700-5.700L12 6.300M14 10a4 4 0 0 0-5.700 0l-3.100 3.100a4 4 0 0 0 5.700 5.700l1.100-1.100"
            }
            Self::Shield => {
                "M12 3 4.500 6v5.500c0 4.500 3.200 7.800 7.500 9.500 4.300-1.700 7.500-5 7.500-9.500V6z"
            }
            Self::SignOut => "M14 4h4a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-4M10 16l-4-4 4-4M6 12h9",
            Self::Spread => "M4 19v-6M8 19V9M12 19v-3M16 19V5M20 19v-8",
            Self::StepBack => "m14 6-6 6 6 6",
            Self::StepForward => "m10 6 6 6-6 6",
            Self::Sun => {
                "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M5.300 18.700l1.400-1.400M17.300 6.700l1.400-1.400"
            }
            Self::System => {
                "M4 5h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM9 21h6M12 17v4"
            }
            Self::Tile => {
                "M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM4 12h16M12 4v16"
            }
            Self::Undo => "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
            Self::Warning => "M12 4 2.5 20h19zM12 10v4.5M12 17.300h.01",
        }
    }
}

/// An icon.
#[component]
pub fn Icon(
    /// The icon.
    glyph: Glyph,
    /// A smaller one, for lines of text.
    #[prop(optional)]
    small: bool,
) -> impl IntoView {
    view! {
        <svg
            class="icon"
            class=("icon--small", small)
            class=("icon--directed", glyph.is_directed())
            viewBox="0 0 24 24"
            aria-hidden="true"
            focusable="false"
        >
            <path d=glyph.path() />
        </svg>
    }
}

/// The star of Stellar Canvas, drawn in pixels: rows of a 15 × 15 grid as
/// `[x, y, width, height]`.
const STAR: [[u8; 4]; 9] = [
    [7, 0, 1, 15],
    [0, 7, 15, 1],
    [6, 2, 3, 11],
    [2, 6, 11, 3],
    [5, 5, 5, 5],
    [4, 4, 1, 1],
    [10, 4, 1, 1],
    [4, 10, 1, 1],
    [10, 10, 1, 1],
];

/// The logo of Stellar Canvas.
#[component]
pub fn Star(
    /// The class, which sets size and colour.
    class: &'static str,
) -> impl IntoView {
    let pixels = STAR.map(|[x, y, width, height]| {
        view! { <rect x=x y=y width=width height=height /> }
    });
    view! {
        <svg class=class viewBox="0 0 15 15" aria-hidden="true" focusable="false">
            {pixels.collect_view()}
        </svg>
    }
}
