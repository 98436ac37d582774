//! What the rest of the program may rely on in this room.

mod domains;
mod spec;
mod vectors;
