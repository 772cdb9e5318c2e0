//! The texts of comments on tiles.

pub use super::texts::comment_texts;

/// The text for screen readers about a cell, with how many comments are open.
pub fn cell_with_comments(cell: String, open: i64) -> String {
    let open = usize::try_from(open).unwrap_or_default();
    if open == 0 {
        return cell;
    }
    let texts = comment_texts();
    texts.cell_with_comments(&cell, &texts.open(open))
}
