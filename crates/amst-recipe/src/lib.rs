//! amst-recipe
