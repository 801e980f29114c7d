//! The helper's allocator: it hands out and takes nothing back, since the process ends soon. It saves a part of the
//! helper's start, which every git command pays; what does not fit is the system's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Enough for what git asks and the agent answers, most often; what does not fit is the system's.
const SIZE: usize = 256 * 1024;

/// An allocator that hands out one piece of memory from its beginning to its end, and takes nothing back: the process
/// ends first. What held a secret was zeroed by whoever held it, as under any other allocator.
pub struct Arena {
    memory: UnsafeCell<[u8; SIZE]>,
    used: AtomicUsize,
}

// SAFETY: each byte is handed out once, by the one whose exchange of `used` succeeded.
unsafe impl Sync for Arena {}

impl Arena {
    pub const fn new() -> Arena {
        Arena { memory: UnsafeCell::new([0; SIZE]), used: AtomicUsize::new(0) }
    }

    fn begin(&self) -> *mut u8 {
        self.memory.get().cast()
    }

    fn owns(&self, memory: *mut u8) -> bool {
        let begin = self.begin() as usize;
        (begin..begin + SIZE).contains(&(memory as usize))
    }
}

// SAFETY: what is handed out is aligned as asked, as long as asked, inside `memory`, and handed out once; the rest is
// the system allocator's, and goes back to it.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let begin = self.begin() as usize;
        let mut used = self.used.load(Ordering::Relaxed);
        loop {
            let start = (begin + used).next_multiple_of(layout.align()) - begin;
            let Some(end) = start.checked_add(layout.size()).filter(|end| *end <= SIZE) else {
                return unsafe { System.alloc(layout) };
            };
            match self.used.compare_exchange_weak(used, end, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return unsafe { self.begin().add(start) },
                Err(now) => used = now,
            }
        }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if !self.owns(memory) {
            unsafe { System.dealloc(memory, layout) }
        }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !self.owns(memory) {
            return unsafe { System.realloc(memory, layout, size) };
        }
        // SAFETY: the alignment is the one of a layout that was valid, and the caller promises the same of the size.
        let larger = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !larger.is_null() {
            unsafe { ptr::copy_nonoverlapping(memory, larger, layout.size().min(size)) };
        }
        larger
    }
}
