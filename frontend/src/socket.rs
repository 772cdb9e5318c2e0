//! A typed, reconnecting WebSocket. Knows no canvas.
