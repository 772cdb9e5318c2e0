//! Queries, grouped by what they are about: free functions over an executor.
//! Nothing here knows of HTTP, sockets or rooms.
