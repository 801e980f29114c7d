use std::sync::{Mutex, MutexGuard, PoisonError};

/// The value behind a mutex, whatever became of a thread that held it: what loom keeps behind one changes in single steps, so
/// a panic elsewhere leaves it whole.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
