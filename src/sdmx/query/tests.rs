//! Every path and parameter of both clients, and what is refused.
