use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex, and ignores that a thread may have panicked while it held it: what loom keeps behind a mutex changes
/// in single steps, so such a panic leaves it whole.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
