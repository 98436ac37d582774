//! What the model proves, that it can fail, and that the real core does as it says.

mod exploration;
mod liar;
mod mistakes;
mod paths;
mod replay;
mod twin;
mod walks;
