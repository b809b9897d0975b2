//! What can be said of the library without a pool at work: what must not
//! compile, what is refused, and where each promise is tested.

mod compile_fail;
mod table;
mod without_init;
